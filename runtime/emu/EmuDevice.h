// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The emulation of CUDA as a device: its memory is the host's, an image is a
// shared object, a launch has been computed when it returns.
#pragma once
#include "kernels/emu/Launch.h"
#include "runtime/device/Device.h"
#include "runtime/device/Memory.h"
#include "runtime/device/ThreadPool.h"
#include <memory>
#include <string_view>
#include <vector>

namespace ds::rt {

class EmuDevice : public Device {
public:
  /// For code of a plan's level, "sm_90a"; blocks run on so many threads.
  /// Errors: DeviceImage (8) for a level that is not emulated.
  static Result<std::unique_ptr<Device>> open(std::string_view level,
                                              uint32_t threads);
  ~EmuDevice() override;

  std::string place() const override { return "emulated device"; }
  std::string name() const override;
  ComputeCapability capability() const override { return capability_; }
  Result<Space> space() override;

  /// Filled with 0xff: no number that a kernel may read.
  Result<DevicePointer> allocate(uint64_t bytes) override;
  Result<std::byte *> allocateHost(uint64_t bytes) override;
  Status upload(DevicePointer to, const void *from, uint64_t bytes) override;
  Status copyIn(DevicePointer to, const std::byte *from,
                uint64_t bytes) override;
  Status copyOut(std::byte *to, DevicePointer from, uint64_t bytes) override;

  Status load(std::span<const uint8_t> image) override;
  Result<DeviceKernel> kernel(const char *symbol,
                              uint32_t sharedBytes) override;
  /// As a GPU of 132 multiprocessors (H100) that run one block each.
  Result<uint32_t> mostBlocks(DeviceKernel, uint32_t, uint32_t) override {
    return 132u;
  }
  Result<TensorMap> tensorMap(const TensorMapSpec &spec, DevicePointer address,
                              uint64_t rows) override;

  /// Errors: EmulationFault (9), with what the emulation says of the kernel.
  Status launch(const DeviceLaunch &launch) override;
  Status beginCapture() override;
  Result<uint32_t> endCapture() override;
  Status replay(uint32_t graph, const DeviceWork &work) override;
  Status synchronize() override { return {}; }

private:
  struct Captured {
    DeviceLaunch launch;
    DeviceCall call;
  };
  EmuDevice(const ComputeCapability &capability, emu::Architecture architecture,
            uint32_t threads);
  Status run(const DeviceLaunch &launch);

  ComputeCapability capability_;
  emu::Options options_; // of every launch
  ThreadPool pool_;
  void *library_ = nullptr;
  std::vector<Memory> memory_;
  std::vector<std::vector<Captured>> graphs_;
  bool isCapturing_ = false; // into the last of graphs_
};

} // namespace ds::rt
