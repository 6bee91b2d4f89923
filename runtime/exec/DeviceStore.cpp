// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/DeviceStore.h"

namespace ds::rt {
namespace {

/// "61.4": tenths of `unit` bytes, rounded up.
std::string tenths(uint64_t bytes, uint64_t unit) {
  uint64_t value = bytes / unit * 10 + (bytes % unit * 10 + unit - 1) / unit;
  return std::to_string(value / 10) + "." + std::to_string(value % 10);
}

Error tooSmall(const PlanView &plan, Device &device, uint64_t weights,
               uint64_t others, uint64_t free) {
  const BudgetRecord &budget = plan.budget[0];
  uint64_t need = weights + budget.state + budget.scratch + others;
  bool isLarge = need >= uint64_t(1) << 30;
  uint64_t unit = uint64_t(1) << (isLarge ? 30 : 20);
  return {.code = ErrorCode::DeviceSpace,
          .subject = device.place() + ": need " + tenths(need, unit) +
                     (isLarge ? " GiB" : " MiB") + " (weights " +
                     tenths(weights, unit) + ", state " +
                     tenths(budget.state, unit) + ", scratch " +
                     tenths(budget.scratch, unit) + ", other " +
                     tenths(others, unit) + "), free " +
                     tenths(free / unit * unit, unit),
          .notes = {"in bytes: need " + std::to_string(need) + ", free " +
                    std::to_string(free)},
          .help = "a smaller --ctx or --chunk of dsc compile makes state and "
                  "scratch smaller"};
}

} // namespace

Result<DeviceStore> DeviceStore::create(const PlanView &plan, Device &device,
                                        uint64_t more) {
  const BudgetRecord &budget = plan.budget[0];
  std::vector<uint64_t> offsets;
  uint64_t weights = 0;
  for (const WeightRecord &weight : plan.weights) {
    offsets.push_back(weights);
    weights += alignUp(weight.size, Device::kAlignment);
  }
  uint64_t others = budget.host + budget.workspacePerWorker + more;
  DS_ASSIGN(Device::Space space, device.space());
  if (weights + budget.state + budget.scratch + others > space.free)
    return tooSmall(plan, device, weights, others, space.free);

  DeviceStore store;
  DS_ASSIGN(DevicePointer first, device.allocate(weights));
  for (uint64_t offset : offsets)
    store.weightAt_.push_back(first + offset);
  DS_ASSIGN(store.state_, device.allocate(budget.state));
  DS_ASSIGN(store.scratch_, device.allocate(budget.scratch));
  DS_ASSIGN(store.host_, device.allocate(budget.host));
  DS_ASSIGN(store.workspace_, device.allocate(budget.workspacePerWorker));
  DS_ASSIGN(store.hostCopy_, device.allocateHost(budget.host));
  return store;
}

Status DeviceStore::uploadWeights(const PlanView &plan, Device &device,
                                  std::span<const void *const> weights,
                                  const UploadProgress &progress) {
  uint64_t done = 0, total = 0;
  for (const WeightRecord &weight : plan.weights)
    total += weight.size;
  for (size_t i = 0; i < plan.weights.size(); ++i) {
    if (progress)
      progress(done, total);
    auto *to = static_cast<DevicePointer>(const_cast<void *>(weightAt_[i]));
    DS_TRY(device.upload(to, weights[i], plan.weights[i].size));
    done += plan.weights[i].size;
  }
  if (progress)
    progress(done, total);
  return {};
}

} // namespace ds::rt
