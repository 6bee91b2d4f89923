// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A session's memory on a device: weights, states, scratch, workspace, host
// buffers and their copy in the host's memory. All is taken at creation.
#pragma once
#include "runtime/device/Device.h"
#include "runtime/exec/Operands.h"
#include <functional>
#include <vector>

namespace ds::rt {

/// Is told bytes of weights that the device has, and of all.
using UploadProgress = std::function<void(uint64_t done, uint64_t total)>;

class DeviceStore {
public:
  /// Refuses before anything is allocated where the device has too little.
  /// `more` are bytes of the device that others take: tables, code. Errors:
  /// DeviceSpace (6), those of Device.
  static Result<DeviceStore> create(const PlanView &plan, Device &device,
                                    uint64_t more);
  /// `weights` are the host's addresses, by WeightRecord.
  Status uploadWeights(const PlanView &plan, Device &device,
                       std::span<const void *const> weights,
                       const UploadProgress &progress);

  std::span<const void *const> weights() const { return weightAt_; }
  /// Page 0 of layer 0 of the first state.
  DevicePointer state() const { return state_; }
  DevicePointer scratch() const { return scratch_; }
  DevicePointer host() const { return host_; }
  DevicePointer workspace() const { return workspace_; }
  std::byte *hostCopy() const { return hostCopy_; }

private:
  std::vector<const void *> weightAt_; // by WeightRecord, in device memory
  DevicePointer state_ = nullptr, scratch_ = nullptr, host_ = nullptr,
                workspace_ = nullptr;
  std::byte *hostCopy_ = nullptr;
};

} // namespace ds::rt
