// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a shift of an f8e4m3fn code cannot give: a look-up by pshufb.
#pragma once
#include "kernels/base/Types.h"

namespace ds::kernels {
namespace {

/// bf16 of the codes 0 .. 7 (zero and the subnormals), low bytes, then high.
struct SubnormalTable {
  alignas(16) uint8_t bytes[16];
};

constexpr SubnormalTable makeSubnormalTable() {
  SubnormalTable table{};
  for (unsigned code = 0; code < 8; ++code) {
    bf16 value = toBF16(f8e4m3fn{uint8_t(code)});
    table.bytes[code] = uint8_t(value.bits);
    table.bytes[code + 8] = uint8_t(value.bits >> 8);
  }
  return table;
}
constexpr SubnormalTable kSubnormalTable = makeSubnormalTable();

} // namespace
} // namespace ds::kernels
