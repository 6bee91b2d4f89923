// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan's machine code, ready to be called.
#pragma once
#include "kernels/base/Abi.h"
#include "runtime/base/Status.h"
#include "runtime/device/Memory.h"
#include "runtime/plan/PlanView.h"
#include <span>

namespace ds::rt {

/// A copy of one image of a verified plan in memory of its own: text can be
/// read and executed, the rest only read, nothing is ever writable and
/// executable at once. Images refer to nothing outside themselves, so nothing
/// is relocated and no system loader is involved.
class CodeImage {
public:
  /// `image` is a record of the plan. Errors: MemoryUnavailable (6), PageSize,
  /// CodeNotExecutable (8).
  static Result<CodeImage> load(const PlanView &plan, const ImageRecord &image);
  /// The same for an image that is in no plan yet; sizes as in ImageRecord.
  static Result<CodeImage> load(std::span<const uint8_t> image,
                                uint32_t textSize, uint32_t rodataOffset);

  /// The function at an offset of the text (KernelRecord.run is a RunFunction,
  /// .tiles a TilesFunction); valid as long as this object.
  template <class Function>
  Function *entry(uint32_t offset) const {
    return reinterpret_cast<Function *>(memory_.data() + offset);
  }
  std::span<const std::byte> bytes() const {
    return {memory_.data(), memory_.size()};
  }

private:
  Memory memory_;
};

} // namespace ds::rt
