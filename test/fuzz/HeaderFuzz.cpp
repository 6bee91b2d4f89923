// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The header of a shard. An input is a whole file, or, after "H", 8 bytes that
// say how much data follows the header that the rest is: the length field is
// then right, and the data is a hole.
#include "compiler/checkpoint/SafetensorsHeader.h"
#include "test/fuzz/Check.h"
#include "test/fuzz/FuzzFolder.h"
#include <cstring>

using namespace ds;
using namespace ds::checkpoint;

static void writeShard(const fuzz::FuzzFolder &folder, std::string_view input) {
  if (!input.starts_with('H') || input.size() < 9)
    return folder.write("shard", input);
  uint64_t data, length = input.size() - 9;
  std::memcpy(&data, input.data() + 1, sizeof data);
  data %= uint64_t(1) << 50;
  std::string file(reinterpret_cast<char *>(&length), sizeof length);
  file += input.substr(9);
  folder.write("shard", file, file.size() + data);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::FuzzFolder folder;
  writeShard(folder, fuzz::textOf(data, size));
  InputFile file = folder.open("shard");
  Result<SafetensorsHeader> header = readSafetensorsHeader(file);
  if (!header) {
    fuzz::checkRefusal(header.takeStatus());
    return 0;
  }
  // Tensors lie one after the other from the header to the end of the file.
  uint64_t end = 8 + header->headerBytes;
  for (const HeaderTensor &tensor : header->tensors) {
    FUZZ_CHECK(!tensor.name.empty() && tensor.name.size() <= kMaxNameBytes);
    FUZZ_CHECK(tensor.shape.size() <= kMaxRank);
    FUZZ_CHECK(tensor.offset == end);
    unsigned __int128 bits = bitsOf(tensor.dtype);
    for (uint64_t extent : tensor.shape)
      bits = extent ? bits * extent : 0;
    FUZZ_CHECK(bits == (unsigned __int128)tensor.bytes * 8);
    end += tensor.bytes;
  }
  FUZZ_CHECK(end == file.size());
  return 0;
}
