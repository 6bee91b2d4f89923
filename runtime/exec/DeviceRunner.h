// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs an entry of a plan on a device: StepRunner's twin. What each launch gets
// was looked up once; decode replays a graph.
#pragma once
#include "runtime/device/Device.h"
#include "runtime/exec/DeviceBatch.h"
#include "runtime/exec/Operands.h"
#include <memory>
#include <vector>

namespace ds::rt {

/// What the indices in a plan mean in the device's memory, which outlives the
/// runner; the spans are read at creation only.
struct DeviceBindings {
  uint32_t level;                       // of the plan, whose image is loaded
  std::span<const void *const> weights; // by WeightRecord
  std::span<const StateAddress> states; // by StateRecord
  DevicePointer scratch, host, workspace;
  std::byte *hostCopy; // of host buffers: what the session reads
  uint64_t batchBytes; // DeviceBatch::bytesFor() the largest batch
};

class DeviceRunner {
public:
  /// Bytes of a device's memory that create() takes, but for what the driver
  /// takes by itself.
  static uint64_t bytesFor(const PlanView &plan, uint32_t level,
                           uint64_t batchBytes);
  /// Finds the kernels, uploads lists of weights, makes tensor maps and the
  /// graphs of all buckets. `plan` has been verified and outlives the runner.
  /// Errors: PlanLaunch (7) for a symbol that the image lacks; those of Device.
  static Result<std::unique_ptr<DeviceRunner>>
  create(const PlanView &plan, Device &device, const DeviceBindings &at);

  /// Computes the entry's calls in order. After the head, logits of the batch's
  /// rows are in hostCopy, after a prefill the plan's taps. Allocates nothing.
  /// Errors: those of Device (9).
  Status run(EntryKind entry, const Batch &batch);
  /// Does a run of this batch replay a graph?
  bool hasGraph(EntryKind entry, const Batch &batch) const;

private:
  struct Launch {
    DeviceKernel kernel;
    TileCount tiles;
    uint32_t mostBlocks, threads, sharedBytes;
    DeviceCall call;
    DeviceWork work;
  };
  /// Of one bucket, by number of the device; kNone where there is no entry.
  struct Graphs {
    uint32_t tokens, decode, head;
  };

  DeviceRunner(const PlanView &plan, Device &device)
      : plan_(plan), device_(device) {}
  Status bind(const DeviceBindings &at);
  Status append(const DeviceBindings &at, const OperandPlaces &places,
                const CallRecord &call, const EntryRecord &entry);
  Status appendMaps(const LaunchRecord &record, const StepRecord &step,
                    const CallRecord &call, const OperandPlaces &places,
                    uint64_t mostRows);
  Status capture(EntryKind entry, uint32_t tokens, uint32_t &graph);
  Status launch(EntryKind entry, uint32_t tokens, uint32_t rows);
  const Graphs *graphsFor(EntryKind entry, const Batch &batch) const;
  Status copyOut(EntryKind entry, const Batch &batch);
  Status copyBuffer(uint32_t buffer, uint64_t bytes);

  const PlanView &plan_;
  Device &device_;
  DevicePointer hostBuffers_ = nullptr;
  std::byte *hostCopy_ = nullptr;
  DeviceBatch batch_;
  struct LoadedKernel {
    DeviceKernel kernel;
    uint32_t mostBlocks; // that run at once
  };
  std::vector<LoadedKernel> kernels_; // by launch of the level, from its first
  uint32_t firstLaunch_ = 0;
  std::vector<TensorMap> maps_; // as uploaded
  DevicePointer mapsAt_ = nullptr;
  std::vector<Launch> entries_[4]; // by EntryKind
  std::vector<Graphs> graphs_;     // by rising tokens
};

} // namespace ds::rt
