// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "runtime/base/Status.h"
#include <cstdint>
#include <span>

namespace ds::rt {

/// The weights that a plan is to carry, from wherever they are now. DATA is
/// larger than memory may be, so it is asked for in pieces.
class PlanData {
public:
  virtual ~PlanData() = default;
  virtual uint64_t size() const = 0; // bytes of DATA
  /// Bytes [at, at + to.size()) of DATA.
  virtual Status read(uint64_t at, std::span<uint8_t> to) = 0;
};

} // namespace ds::rt
