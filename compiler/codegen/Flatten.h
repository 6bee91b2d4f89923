// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBufferRef.h>
#include <string>
#include <vector>

namespace ds {

inline constexpr uint32_t kImagePage = 4096; // bytes

struct FlatImage {
  std::vector<uint8_t> bytes;    // text, zeros up to a page, read-only data
  uint32_t textSize = 0;         // bytes
  uint32_t rodataOffset = 0;     // bytes
  std::vector<uint32_t> entries; // offsets of the functions asked for
};

/// Lays out what `functions` reach in an x86-64 ELF object as one image that
/// needs no loader. Refused, with the relocation, its symbol and its place:
/// writable and thread-local sections, undefined symbols, and every relocation
/// but PC32, PLT32 and PC64.
llvm::Expected<FlatImage> flatten(llvm::MemoryBufferRef object,
                                  llvm::ArrayRef<std::string> functions);

} // namespace ds
