// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The header of one safetensors file: u64 length N (little-endian), N bytes of
// JSON padded with spaces, then the tensors' bytes without a gap. Nothing is
// read beyond the header; every rule of the container is checked.
#pragma once
#include "compiler/checkpoint/OpenFile.h"

namespace ds::checkpoint {

constexpr uint64_t kMaxHeaderBytes = 100000000; // the format's own limit
constexpr uint64_t kMaxTensors = 1000000;
constexpr uint64_t kMaxRank = 8;
constexpr uint64_t kMaxDimension = uint64_t(1) << 40;
constexpr uint64_t kMaxNameBytes = 1024;

enum class DType : uint8_t {
#define DTYPE(name, bits) name,
#include "compiler/checkpoint/DTypes.def"
};
std::string_view nameOf(DType dtype);
unsigned bitsOf(DType dtype);

struct HeaderTensor {
  std::string name;
  DType dtype = {};
  std::vector<uint64_t> shape = {}; // row-major; empty: a scalar
  uint64_t offset = 0;              // of the first byte, from the file's start
  uint64_t bytes = 0;
};

struct SafetensorsHeader {
  uint64_t headerBytes = 0;          // N: the JSON with its padding
  std::vector<HeaderTensor> tensors; // in order of offset
};

/// Up to every independent error of the file.
Result<SafetensorsHeader> readSafetensorsHeader(const InputFile &file);

/// "[129280, 7168]".
std::string textOf(const std::vector<uint64_t> &shape);

} // namespace ds::checkpoint
