// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/VerifyParts.h"
#include <algorithm>

namespace ds::rt {
namespace {

// Limits of CUDA that every architecture here has.
constexpr uint32_t kMaxThreads = 1024;        // of a block
constexpr uint32_t kMaxShared = 227 * 1024;   // bytes of a block
constexpr uint64_t kMaxGrid = UINT32_MAX / 2; // blocks
constexpr uint32_t kMaxBoxRows = 256;
constexpr uint32_t kMaxBoxBytes = 128; // of a row, the width of the swizzle
constexpr uint32_t kMapUnit = 16;      // bytes; rows and boxes are multiples
constexpr uint32_t kMaxOperands = 16;  // of DeviceCall
constexpr size_t kMaxBuckets = 32;
// What no honest plan reaches; with these the work is linear in the steps.
constexpr uint32_t kMaxLaunches = 16; // of a kernel
constexpr uint32_t kMaxMaps = 8;      // of a launch
constexpr uint32_t kMaxList = 1u << 16;

class Launches {
public:
  Launches(const PlanView &plan, const Refusal &refuse)
      : plan_(plan), refuse_(refuse),
        mostTokens_(std::max(plan.model[0].chunk, plan.model[0].decodeTokens)) {
  }

  Status verify() {
    Slices launches(plan_.launches.size(), ErrorCode::PlanLaunch, "launches",
                    refuse_);
    Slices maps(plan_.maps.size(), ErrorCode::PlanLaunch, "maps", refuse_);
    for (size_t i = 0; i < plan_.kernels.size(); ++i) {
      const KernelRecord &kernel = plan_.kernels[i];
      std::string name = nameOfRecord("kernel", i);
      DS_TRY(launches.next(name, kernel.firstLaunch, kernel.launches));
      if (plan_.isForGPU() &&
          (!kernel.launches || kernel.launches > kMaxLaunches))
        return refuse_.number(ErrorCode::PlanLaunch, name + ": launches",
                              kernel.launches, "1 to 16");
      for (uint32_t l = 0; l < kernel.launches; ++l)
        DS_TRY(launch(kernel.firstLaunch + l, maps));
    }
    DS_TRY(launches.end());
    DS_TRY(maps.end());
    DS_TRY(buckets());
    return plan_.isForGPU() ? bodies() : Status();
  }

private:
  Status launch(uint32_t index, Slices &maps) {
    const LaunchRecord &launch = plan_.launches[index];
    std::string name = nameOfRecord("launch", index);
    auto wrong = [&](const char *field, uint64_t found, std::string expected) {
      return refuse_.number(ErrorCode::PlanLaunch, name + ": " + field, found,
                            std::move(expected));
    };
    if (uint32_t(launch.symbol) >= plan_.strings.size() ||
        !*plan_.string(launch.symbol))
      return wrong("symbol", uint32_t(launch.symbol), "a string, not empty");
    if (!launch.threads || launch.threads % 32 || launch.threads > kMaxThreads)
      return wrong("threads", launch.threads, "a multiple of 32, at most 1024");
    if (launch.sharedBytes > kMaxShared)
      return wrong("shared memory, bytes", launch.sharedBytes,
                   "at most " + std::to_string(kMaxShared));
    if (launch.rows > LaunchRows::HeadRows)
      return wrong("rows", uint32_t(launch.rows), "0 to 2");
    if (!launch.columns || !launch.perRow || !launch.rowsPerTile)
      return refuse_(ErrorCode::PlanLaunch,
                     name + ": a factor of its tiles is 0");
    uint64_t rows = launch.rows == LaunchRows::One ? 1 : mostRows(launch);
    uint64_t down =
        (rows * launch.perRow + launch.rowsPerTile - 1) / launch.rowsPerTile +
        launch.extra;
    if (productOf(down, launch.columns) > kMaxGrid)
      return wrong("tiles of the longest run", productOf(down, launch.columns),
                   "at most " + std::to_string(kMaxGrid));
    if (launch.maps > kMaxMaps)
      return wrong("tensor maps", launch.maps, "at most 8");
    DS_TRY(maps.next(name, launch.firstMap, launch.maps));
    for (uint32_t m = 0; m < launch.maps; ++m)
      DS_TRY(map(launch.firstMap + m));
    return {};
  }

  uint32_t mostRows(const LaunchRecord &launch) const {
    return launch.rows == LaunchRows::HeadRows ? plan_.model[0].headRows
                                               : mostTokens_;
  }

  Status map(uint32_t index) {
    const TensorMapRecord &map = plan_.maps[index];
    std::string name = nameOfRecord("tensor map", index);
    auto wrong = [&](const char *field, uint64_t found, const char *expected) {
      return refuse_.number(ErrorCode::PlanTensorMap, name + ": " + field,
                            found, expected);
    };
    if (map.operand >= kMaxOperands)
      return wrong("operand", map.operand, "below 16");
    if (!map.list && (map.first || map.stride))
      return refuse_(ErrorCode::PlanTensorMap,
                     name + ": first and stride without a list");
    if (map.list > kMaxList)
      return wrong("list", map.list, "at most 65536");
    if (map.list > 1 && !map.stride)
      return wrong("stride of a list", map.stride, "at least 1");
    if (map.elementBytes != 1 && map.elementBytes != 2)
      return wrong("bytes of an element", map.elementBytes, "1 or 2");
    if (uint64_t bytes = uint64_t(map.columns) * map.elementBytes;
        !bytes || bytes % kMapUnit)
      return wrong("bytes of a row", bytes, "a multiple of 16, at least 16");
    if (!map.rows == !map.perRow)
      return refuse_(ErrorCode::PlanTensorMap,
                     name + ": neither rows nor rows per token, or both");
    if (uint64_t box = uint64_t(map.boxColumns) * map.elementBytes;
        !box || box % kMapUnit || box > kMaxBoxBytes)
      return wrong("bytes of a box's row", box, "a multiple of 16 up to 128");
    if (!map.boxRows || map.boxRows > kMaxBoxRows)
      return wrong("rows of a box", map.boxRows, "1 to 256");
    return {};
  }

  Status buckets() {
    if (plan_.buckets.empty())
      return {};
    auto wrong = [&](std::string subject, uint64_t found,
                     std::string expected) {
      return refuse_.number(ErrorCode::PlanBucket, std::move(subject), found,
                            std::move(expected));
    };
    if (!plan_.isForGPU())
      return refuse_(ErrorCode::PlanBucket, "a plan for CPUs has buckets");
    if (plan_.buckets.size() > kMaxBuckets)
      return wrong("buckets", plan_.buckets.size(),
                   "at most " + std::to_string(kMaxBuckets));
    uint32_t last = 0;
    for (size_t i = 0; i < plan_.buckets.size(); ++i) {
      if (plan_.buckets[i] <= last)
        return wrong(nameOfRecord("bucket", i), plan_.buckets[i],
                     "above " + std::to_string(last));
      last = plan_.buckets[i];
    }
    if (last != plan_.model[0].decodeTokens)
      return wrong("last bucket", last,
                   std::to_string(plan_.model[0].decodeTokens) +
                       ", the decode tokens");
    return {};
  }

  /// What a map needs of the step that its kernel computes, and of the longest
  /// run of an entry that calls it.
  Status bodies() {
    std::vector<uint32_t> rows(plan_.bodies.size());
    for (const EntryRecord &entry : plan_.entries)
      for (const CallRecord &call :
           plan_.calls.subspan(entry.firstCall, entry.calls))
        rows[call.body] = std::max(rows[call.body], entry.maxRows);
    for (size_t b = 0; b < plan_.bodies.size(); ++b) {
      const BodyRecord &body = plan_.bodies[b];
      bodyRows_ = rows[b];
      for (uint32_t s = body.firstStep; s < body.firstStep + body.steps; ++s)
        DS_TRY(step(plan_.steps[s], nameOfRecord("step", s), body));
    }
    return {};
  }

  Status step(const StepRecord &step, const std::string &name,
              const BodyRecord &body) {
    if (step.arguments > kMaxOperands)
      return refuse_.number(ErrorCode::PlanStep, name + ": arguments",
                            step.arguments, "at most 16");
    for (size_t k = step.kernel; k < plan_.kernels.size();
         k += plan_.kernelsPerLevel()) {
      const KernelRecord &kernel = plan_.kernels[k];
      for (const LaunchRecord &launch :
           plan_.launches.subspan(kernel.firstLaunch, kernel.launches))
        for (const TensorMapRecord &map :
             plan_.maps.subspan(launch.firstMap, launch.maps)) {
          if (map.operand >= step.arguments)
            return refuse_.number(
                ErrorCode::PlanTensorMap, name + ": operand of a tensor map",
                map.operand, "below " + std::to_string(step.arguments));
          DS_TRY(bound(
              map, plan_.arguments[step.firstArgument + map.operand],
              name + " argument " + std::to_string(map.operand), body));
        }
    }
    return {};
  }

  Status bound(const TensorMapRecord &map, const ArgRecord &argument,
               const std::string &name, const BodyRecord &body) {
    bool isList = argument.kind == ArgKind::SlotList;
    if (argument.kind == ArgKind::State || isList != (map.list != 0))
      return refuse_.number(
          ErrorCode::PlanTensorMap, name + " with a tensor map: kind",
          uint32_t(argument.kind),
          map.list ? "4, a slot list" : "0 to 3, a buffer or a slot");
    if (isList) {
      uint64_t last = argument.index + uint64_t(map.first) +
                      uint64_t(map.list - 1) * map.stride;
      if (last >= body.slots)
        return refuse_.number(ErrorCode::PlanTensorMap,
                              name + ": last slot of its tensor maps", last,
                              "below " + std::to_string(body.slots));
    }
    if (isList || argument.kind == ArgKind::Slot)
      return {}; // as long as the kernel says, like all it reads of a weight
    const BufferRecord &buffer = plan_.buffers[argument.index];
    uint64_t end =
        argument.kind == ArgKind::Buffer ? buffer.size : buffer.layerStride;
    if (end % kMapUnit && argument.kind != ArgKind::Buffer)
      return refuse_.number(ErrorCode::PlanTensorMap,
                            name + " with a tensor map: bytes of a slice", end,
                            "a multiple of 16");
    uint64_t rows = map.rows ? map.rows : map.perRow * bodyRows_;
    uint64_t bytes = productOf(rows, uint64_t(map.columns) * map.elementBytes);
    if (bytes > end)
      return refuse_.number(ErrorCode::PlanTensorMap,
                            name + ": bytes of its tensor map", bytes,
                            "at most " + std::to_string(end));
    return {};
  }

  const PlanView &plan_;
  const Refusal &refuse_;
  const uint32_t mostTokens_;
  uint64_t bodyRows_ = 0; // most of a run of the body at hand
};

} // namespace

Status verifyLaunches(const PlanView &plan, const Refusal &refuse) {
  return Launches(plan, refuse).verify();
}

} // namespace ds::rt
