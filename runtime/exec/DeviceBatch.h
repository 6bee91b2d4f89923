// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The batch of a run in a device's memory: one copy, always to the same place.
#pragma once
#include "kernels/base/Abi.h"
#include "runtime/device/Device.h"
#include <array>

namespace ds::rt {

class DeviceBatch {
public:
  /// Bytes of batches of up to so much, as BatchBuilder has room for.
  static uint64_t bytesFor(uint32_t maxTokens, uint32_t maxSequences,
                           uint32_t maxPages, uint32_t maxRows);
  /// `bytes` are bytesFor() the largest batch.
  static Result<DeviceBatch> create(Device &device, uint64_t bytes);

  /// Of the Batch, whatever is uploaded.
  const Batch *address() const {
    return reinterpret_cast<const Batch *>(place_);
  }
  /// Waits for the device where a copy of two uploads before may still be read.
  /// Only the columns of the page table that the batch reaches are copied.
  Status upload(Device &device, const Batch &batch, uint32_t pageTokens);
  /// All copies have been made: the device was synchronized.
  void allRead() { isRead_ = {true, true}; }

private:
  DevicePointer place_ = nullptr;
  std::array<std::byte *, 2> staging_{}; // in turn
  std::array<bool, 2> isRead_{true, true};
  uint32_t next_ = 0;
};

} // namespace ds::rt
