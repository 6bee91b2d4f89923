// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// gpu-plan cuda|cuda-emu FOLDER: writes FOLDER/model.plan, a tiny plan with code
// for sm_90a (drivers from 12.8 on) and sm_80 whose kernels are no more than
// names, and the weights that it refers to.
#include "test/runtime/plan/TinyPlan.h"
#include <cstring>
#include <fstream>
#include <string>

using namespace ds::rt;

namespace {

bool write(const std::string &path, const std::vector<uint8_t> &bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char *>(bytes.data()),
             std::streamsize(bytes.size()));
  return bool(file.flush());
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  std::string folder = argv[2];
  LevelKind kind = std::strcmp(argv[1], "cuda") == 0 ? LevelKind::CUDA
                                                     : LevelKind::CUDAEmulation;
  bool isWritten =
      write(folder + "/model.plan",
            test::tinyPlan(
                {.weightsFolder = ".", .hasTokenizer = false, .kind = kind})) &&
      write(folder + "/weights.safetensors", test::tinyShard());
  return isWritten ? 0 : 5;
}
