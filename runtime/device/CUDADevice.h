// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A GPU through the CUDA driver: one stream of its own, one module.
#pragma once
#include "runtime/device/CUDADriver.h"
#include "runtime/device/Device.h"
#include <array>
#include <chrono>
#include <memory>
#include <vector>

namespace ds::rt {

struct CUDAOptions {
  uint32_t device = 0;
  const char *library = "libcuda.so.1"; // another's in tests
  /// Longest time in which no launch ends before the device counts as hung.
  std::chrono::milliseconds patience = std::chrono::seconds(60);
};

class CUDADevice : public Device {
public:
  /// Opens the driver and the device's primary context. Errors: DeviceAbsent,
  /// DriverTooOld (8), DeviceFailed (9).
  static Result<std::unique_ptr<CUDADevice>> open(const CUDAOptions &options);
  CUDADevice(const CUDADevice &) = delete;
  /// After a failure nothing is freed: a call might never return.
  ~CUDADevice() override;

  std::string place() const override { return where_; }
  std::string name() const override { return name_; }
  ComputeCapability capability() const override { return capability_; }
  int driverVersion() const { return driver_.version; }
  Result<Space> space() override;

  Result<DevicePointer> allocate(uint64_t bytes) override;
  Result<std::byte *> allocateHost(uint64_t bytes) override;
  Status upload(DevicePointer to, const void *from, uint64_t bytes) override;
  Status copyIn(DevicePointer to, const std::byte *from,
                uint64_t bytes) override;
  Status copyOut(std::byte *to, DevicePointer from, uint64_t bytes) override;

  Status load(std::span<const uint8_t> image) override;
  Result<DeviceKernel> kernel(const char *symbol,
                              uint32_t sharedBytes) override;
  Result<uint32_t> mostBlocks(DeviceKernel kernel, uint32_t threads,
                              uint32_t sharedBytes) override;
  Result<TensorMap> tensorMap(const TensorMapSpec &spec, DevicePointer address,
                              uint64_t rows) override;

  Status launch(const DeviceLaunch &launch) override;
  Status beginCapture() override;
  Result<uint32_t> endCapture() override;
  Status replay(uint32_t graph, const DeviceWork &work) override;
  Status synchronize() override;

private:
  /// The end of a launch. A ring of them bounds how far the host runs ahead:
  /// the driver would block in a launch otherwise, and never come back from it
  /// where the device hangs.
  struct Mark {
    void *event;
    DeviceWork work;
  };
  static constexpr uint64_t kMarks = 256;
  /// Pinned halves through which uploads go, one filled while the other is
  /// copied.
  struct Staging {
    std::byte *data;
    void *event;
    bool isUsed;
  };
  static constexpr uint64_t kStagingBytes = uint64_t(16) << 20;

  CUDADevice(const CUDADriver &driver, const CUDAOptions &options)
      : driver_(driver), options_(options),
        where_("device " + std::to_string(options.device)) {}
  Status create();
  Status createStaging();
  Status check(unsigned code, const char *function,
               const DeviceWork *work = nullptr);
  Status mark(const DeviceWork &work);
  Status waitForMark();
  template <class Query>
  Status wait(Query query, const char *function, const DeviceWork *work);

  CUDADriver driver_;
  CUDAOptions options_;
  std::string where_, name_;
  ComputeCapability capability_;
  bool isLost_ = false, isCapturing_ = false;
  int device_ = 0;
  void *context_ = nullptr, *stream_ = nullptr, *module_ = nullptr;
  std::vector<unsigned long long> memory_;
  std::vector<void *> hostMemory_, graphs_;
  std::array<Mark, kMarks> marks_{};
  uint64_t firstMark_ = 0, endMark_ = 0; // those not known to have ended
  std::array<Staging, 2> staging_{};
  uint32_t nextStaging_ = 0;
};

} // namespace ds::rt
