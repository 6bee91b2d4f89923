// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/DeviceRunner.h"
#include "runtime/plan/Dump.h"
#include <algorithm>

namespace ds::rt {
namespace {

/// The launches of a level's kernels, which lie side by side.
std::span<const LaunchRecord> launchesOf(const PlanView &plan, uint32_t level) {
  uint32_t n = plan.kernelsPerLevel();
  auto kernels = plan.kernels.subspan(size_t(level) * n, n);
  if (kernels.empty())
    return {};
  uint32_t first = kernels.front().firstLaunch;
  return plan.launches.subspan(first, kernels.back().firstLaunch +
                                          kernels.back().launches - first);
}

template <class Visit>
void forSteps(const PlanView &plan, Visit visit) {
  for (const EntryRecord &entry : plan.entries)
    for (const CallRecord &call :
         plan.calls.subspan(entry.firstCall, entry.calls)) {
      const BodyRecord &body = plan.bodies[call.body];
      for (const StepRecord &step :
           plan.steps.subspan(body.firstStep, body.steps))
        visit(step);
    }
}

uint32_t mapsOf(const TensorMapRecord &map) { return std::max(map.list, 1u); }

/// Maps of all launches of all calls.
uint64_t countMaps(const PlanView &plan, uint32_t level) {
  std::vector<uint64_t> ofKernel; // all its launches'
  uint32_t n = plan.kernelsPerLevel();
  for (const KernelRecord &kernel :
       plan.kernels.subspan(size_t(level) * n, n)) {
    uint64_t &count = ofKernel.emplace_back();
    for (const LaunchRecord &launch :
         plan.launches.subspan(kernel.firstLaunch, kernel.launches))
      for (const TensorMapRecord &map :
           plan.maps.subspan(launch.firstMap, launch.maps))
        count += mapsOf(map);
  }
  uint64_t count = 0;
  forSteps(plan,
           [&](const StepRecord &step) { count += ofKernel[step.kernel]; });
  return count;
}

} // namespace

uint64_t DeviceRunner::bytesFor(const PlanView &plan, uint32_t level,
                                uint64_t batchBytes) {
  return alignUp(plan.slots.size() * sizeof(void *), Device::kAlignment) +
         alignUp(countMaps(plan, level) * sizeof(TensorMap),
                 Device::kAlignment) +
         batchBytes;
}

Result<std::unique_ptr<DeviceRunner>>
DeviceRunner::create(const PlanView &plan, Device &device,
                     const DeviceBindings &at) {
  std::unique_ptr<DeviceRunner> runner(new DeviceRunner(plan, device));
  DS_TRY(runner->bind(at));
  return runner;
}

Status DeviceRunner::bind(const DeviceBindings &at) {
  hostBuffers_ = at.host;
  hostCopy_ = at.hostCopy;
  std::span<const LaunchRecord> launches = launchesOf(plan_, at.level);
  firstLaunch_ = uint32_t(launches.data() - plan_.launches.data());
  for (const LaunchRecord &launch : launches) {
    const char *symbol = plan_.string(launch.symbol);
    DS_ASSIGN(DeviceKernel kernel, device_.kernel(symbol, launch.sharedBytes));
    if (!kernel)
      return Error{.code = ErrorCode::PlanLaunch,
                   .subject = "launch " +
                              std::to_string(&launch - plan_.launches.data()) +
                              ": symbol",
                   .found = symbol,
                   .expected =
                       "a function of the code of level " +
                       std::string(plan_.string(plan_.levels[at.level].name))};
    DS_ASSIGN(uint32_t mostBlocks, device_.mostBlocks(kernel, launch.threads,
                                                      launch.sharedBytes));
    kernels_.push_back({kernel, mostBlocks});
  }
  DS_ASSIGN(batch_, DeviceBatch::create(device_, at.batchBytes));
  std::vector<const void *> slots = slotWeights(plan_, at.weights);
  DS_ASSIGN(DevicePointer slotList,
            device_.allocate(slots.size() * sizeof(void *)));
  DS_TRY(device_.upload(slotList, slots.data(), slots.size() * sizeof(void *)));
  uint64_t maps = countMaps(plan_, at.level);
  DS_ASSIGN(mapsAt_, device_.allocate(maps * sizeof(TensorMap)));
  maps_.reserve(maps);
  OperandPlaces places{.states = at.states,
                       .scratch = at.scratch,
                       .host = at.host,
                       .slotWeights = slots,
                       .slotList =
                           reinterpret_cast<const void *const *>(slotList)};
  for (const EntryRecord &entry : plan_.entries)
    for (const CallRecord &call :
         plan_.calls.subspan(entry.firstCall, entry.calls))
      DS_TRY(append(at, places, call, entry));
  DS_TRY(
      device_.upload(mapsAt_, maps_.data(), maps_.size() * sizeof(TensorMap)));
  maps_ = {};
  for (uint32_t tokens : plan_.buckets) {
    Graphs graphs{tokens, kNone, kNone};
    DS_TRY(capture(EntryKind::Decode, tokens, graphs.decode));
    DS_TRY(capture(EntryKind::Head, tokens, graphs.head));
    graphs_.push_back(graphs);
  }
  return {};
}

Status DeviceRunner::append(const DeviceBindings &at,
                            const OperandPlaces &places, const CallRecord &call,
                            const EntryRecord &entry) {
  std::vector<Launch> &launches = entries_[size_t(entry.kind)];
  const BodyRecord &body = plan_.bodies[call.body];
  for (uint32_t s = body.firstStep; s < body.firstStep + body.steps; ++s) {
    const StepRecord &step = plan_.steps[s];
    const KernelRecord &kernel =
        plan_.kernels[size_t(at.level) * plan_.kernelsPerLevel() + step.kernel];
    DeviceCall form{};
    form.batch = batch_.address();
    form.workspace = at.workspace;
    for (uint32_t a = 0; a < step.arguments; ++a)
      form.operands[a] = operandOf(
          plan_, call, plan_.arguments[step.firstArgument + a], places);
    for (uint32_t l = 0; l < kernel.launches; ++l) {
      uint32_t index = kernel.firstLaunch + l;
      const LaunchRecord &record = plan_.launches[index];
      form.maps = reinterpret_cast<const TensorMap *>(
          mapsAt_ + maps_.size() * sizeof(TensorMap));
      launches.push_back(
          {.kernel = kernels_[index - firstLaunch_].kernel,
           .tiles = {.rows = uint32_t(record.rows),
                     .columns = record.columns,
                     .perRow = record.perRow,
                     .rowsPerTile = record.rowsPerTile,
                     .extra = record.extra},
           .mostBlocks = kernels_[index - firstLaunch_].mostBlocks,
           .threads = record.threads,
           .sharedBytes = record.sharedBytes,
           .call = form,
           .work = {.step = s, .name = plan_.string(kernel.name)}});
      DS_TRY(appendMaps(record, step, call, places, entry.maxRows));
    }
  }
  return {};
}

/// `mostRows`: of a run of the entry.
Status DeviceRunner::appendMaps(const LaunchRecord &record,
                                const StepRecord &step, const CallRecord &call,
                                const OperandPlaces &places,
                                uint64_t mostRows) {
  for (const TensorMapRecord &map :
       plan_.maps.subspan(record.firstMap, record.maps)) {
    ArgRecord of = plan_.arguments[step.firstArgument + map.operand];
    const uint32_t firstSlot = of.index;
    for (uint32_t i = 0; i < mapsOf(map); ++i) {
      if (map.list) {
        of.kind = ArgKind::Slot;
        of.index = firstSlot + map.first + i * map.stride;
      }
      auto *address =
          static_cast<DevicePointer>(operandOf(plan_, call, of, places));
      DS_ASSIGN(TensorMap made,
                device_.tensorMap({.operand = map.operand,
                                   .first = map.first,
                                   .stride = map.stride,
                                   .list = map.list,
                                   .elementBytes = map.elementBytes,
                                   .columns = map.columns,
                                   .rows = map.rows,
                                   .perRow = map.perRow,
                                   .boxColumns = map.boxColumns,
                                   .boxRows = map.boxRows},
                                  address,
                                  map.rows ? map.rows : map.perRow * mostRows));
      maps_.push_back(made);
    }
  }
  return {};
}

Status DeviceRunner::capture(EntryKind entry, uint32_t tokens,
                             uint32_t &graph) {
  DS_TRY(device_.beginCapture());
  DS_TRY(launch(entry, tokens, std::min(tokens, plan_.model[0].headRows)));
  DS_ASSIGN(graph, device_.endCapture());
  return {};
}

Status DeviceRunner::launch(EntryKind entry, uint32_t tokens, uint32_t rows) {
  for (const Launch &launch : entries_[size_t(entry)]) {
    uint32_t grid = tilesOf(
        launch.tiles, launch.tiles.rows == TileCount::HeadRows ? rows : tokens);
    if (grid)
      DS_TRY(device_.launch({.kernel = launch.kernel,
                             .grid = std::min(grid, launch.mostBlocks),
                             .threads = launch.threads,
                             .sharedBytes = launch.sharedBytes,
                             .call = &launch.call,
                             .work = launch.work}));
  }
  return {};
}

const DeviceRunner::Graphs *DeviceRunner::graphsFor(EntryKind entry,
                                                    const Batch &batch) const {
  if (entry != EntryKind::Decode && entry != EntryKind::Head)
    return nullptr;
  uint32_t needed = batch.tokens;
  if (entry == EntryKind::Head)
    needed = std::max(needed, batch.rows);
  auto found = std::ranges::lower_bound(graphs_, needed, {}, &Graphs::tokens);
  return found == graphs_.end() ? nullptr : &*found;
}

bool DeviceRunner::hasGraph(EntryKind entry, const Batch &batch) const {
  return graphsFor(entry, batch) != nullptr;
}

Status DeviceRunner::run(EntryKind entry, const Batch &batch) {
  DS_TRY(batch_.upload(device_, batch, plan_.model[0].pageTokens));
  if (const Graphs *graphs = graphsFor(entry, batch))
    DS_TRY(device_.replay(entry == EntryKind::Decode ? graphs->decode
                                                     : graphs->head,
                          {.step = graphs->tokens,
                           .name = nameOf(entry).data(),
                           .isGraph = true}));
  else
    DS_TRY(launch(entry, batch.tokens, batch.rows));
  return copyOut(entry, batch);
}

/// What the session reads after a run.
Status DeviceRunner::copyOut(EntryKind entry, const Batch &batch) {
  const ModelRecord &model = plan_.model[0];
  bool isTapped = entry == EntryKind::Prefill && model.taps;
  if (entry == EntryKind::Head)
    DS_TRY(copyBuffer(model.logitsBuffer,
                      uint64_t(batch.rows) * model.vocabSize * sizeof(float)));
  else if (!isTapped)
    return {};
  for (uint32_t tap : {model.hiddenTap, model.expertsTap})
    if (isTapped && tap != kNone)
      DS_TRY(copyBuffer(tap, plan_.buffers[tap].size));
  DS_TRY(device_.synchronize());
  batch_.allRead();
  return {};
}

Status DeviceRunner::copyBuffer(uint32_t buffer, uint64_t bytes) {
  uint64_t offset = plan_.buffers[buffer].offset;
  return device_.copyOut(hostCopy_ + offset, hostBuffers_ + offset, bytes);
}

} // namespace ds::rt
