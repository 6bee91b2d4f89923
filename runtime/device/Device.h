// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A GPU, or what stands for one: memory of its own, kernels by symbol, launches
// in order, graphs of launches that are replayed.
#pragma once
#include "kernels/base/DeviceCall.h"
#include "runtime/base/Status.h"
#include "runtime/plan/ComputeCapability.h"
#include <cstddef>
#include <span>
#include <string>

namespace ds::rt {

/// An address in the device's memory, which the host does not follow.
using DevicePointer = std::byte *;

/// A kernel of the loaded image; the device's own affair.
using DeviceKernel = void *;

/// What an error or a watchdog says was running.
struct DeviceWork {
  uint32_t step;    // of the plan, or with `isGraph` the bucket's tokens
  const char *name; // of the kernel or entry; outlives the device
  bool isGraph = false;
};

struct DeviceLaunch {
  DeviceKernel kernel;
  uint32_t grid, threads; // blocks; threads of each
  uint32_t sharedBytes;   // dynamic shared memory of a block
  const DeviceCall *call; // read before launch() returns
  DeviceWork work;
};

/// Copies and launches happen in the order of the calls, all on the thread that
/// made the device.
/// After an error of the device (status 9) nothing works any more.
class Device {
public:
  struct Space {
    uint64_t free, total; // bytes
  };
  static constexpr uint64_t kAlignment = 256; // bytes, of what is allocated

  virtual ~Device() = default;

  virtual std::string place() const = 0; // "device 0"
  virtual std::string name() const = 0;  // "NVIDIA H100 80GB HBM3"
  virtual ComputeCapability capability() const = 0;
  virtual Result<Space> space() = 0;

  /// Contents are undefined; freed with the device. Errors: DeviceSpace (6).
  virtual Result<DevicePointer> allocate(uint64_t bytes) = 0;
  /// Memory of the host that copyIn() and copyOut() take.
  virtual Result<std::byte *> allocateHost(uint64_t bytes) = 0;
  /// From anywhere in the host's memory, which may be reused on return.
  virtual Status upload(DevicePointer to, const void *from, uint64_t bytes) = 0;
  /// From or to allocateHost()'s memory, which the copy uses until the next
  /// synchronize().
  virtual Status copyIn(DevicePointer to, const std::byte *from,
                        uint64_t bytes) = 0;
  virtual Status copyOut(std::byte *to, DevicePointer from, uint64_t bytes) = 0;

  /// Loads a plan's image, verified bytes. Once. Errors: DeviceImage (8).
  virtual Status load(std::span<const uint8_t> image) = 0;
  /// A function of the image that launches with so much shared memory; null
  /// where there is none of that symbol. Errors: DeviceImage (8).
  virtual Result<DeviceKernel> kernel(const char *symbol,
                                      uint32_t sharedBytes) = 0;
  /// Blocks of such launches that run at once, at least 1. A block computes as
  /// many tiles as it must, so a larger grid would only wait.
  virtual Result<uint32_t> mostBlocks(DeviceKernel kernel, uint32_t threads,
                                      uint32_t sharedBytes) = 0;
  /// Of a matrix of `rows` rows at `address`, a multiple of 16.
  virtual Result<TensorMap> tensorMap(const TensorMapSpec &spec,
                                      DevicePointer address, uint64_t rows) = 0;

  virtual Status launch(const DeviceLaunch &launch) = 0;
  /// Launches between the two are kept, not run. endCapture() returns the
  /// number of the graph.
  virtual Status beginCapture() = 0;
  virtual Result<uint32_t> endCapture() = 0;
  virtual Status replay(uint32_t graph, const DeviceWork &work) = 0;
  /// Returns when all has happened.
  virtual Status synchronize() = 0;
};

} // namespace ds::rt
