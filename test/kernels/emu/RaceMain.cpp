// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// emu-race KERNEL MISTAKE FIRST COUNT: runs a kernel with seeds FIRST and the
// next COUNT - 1 under ThreadSanitizer, for which every emulated thread is a
// fiber that only barriers order. Prints what the emulation reports; exits as
// the sanitizer does.
#include "test/kernels/emu/Kernels.h"
#include <cstdio>
#include <cstdlib>

using namespace ds;
using namespace ds::kernels::test;

int main(int argc, char **argv) {
  if (argc != 5)
    return 2;
  Mistake mistake = Mistake::None;
  const std::string name = argv[2];
#define MISTAKE(mistakeName, kernel, by, text)                                 \
  if (name == #mistakeName)                                                    \
    mistake = Mistake::mistakeName;
#include "test/kernels/emu/Mistakes.def"
  Problem problem(50, 384);
  const int first = std::atoi(argv[3]), end = first + std::atoi(argv[4]);
  for (int seed = first; seed < end; ++seed) {
    const emu::Result result =
        problem.run(smallKernel(argv[1]), mistake, emu::Completion(seed % 3),
                    uint64_t(seed));
    std::printf("seed %d: %s\n", seed,
                result.ok ? "no report" : result.text.c_str());
  }
}
