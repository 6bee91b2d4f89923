// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/ComputeCapability.h"
#include "runtime/plan/VerifyParts.h"
#include <algorithm>
#include <cmath>

namespace ds::rt {
namespace {

class Records {
public:
  Records(const PlanView &plan, const Refusal &refuse)
      : plan_(plan), refuse_(refuse) {}

  Status verify() {
    DS_TRY(strings());
    DS_TRY(levels());
    DS_TRY(budgetForm());
    DS_TRY(buffers());
    DS_TRY(model());
    DS_TRY(taps());
    DS_TRY(shards());
    DS_TRY(weights());
    DS_TRY(weightDigests());
    DS_TRY(rows());
    DS_TRY(states());
    DS_TRY(budget());
    return provenance();
  }

private:
  Status strings() {
    if (plan_.strings.empty() || plan_.strings.back() != '\0')
      return refuse_(ErrorCode::PlanString,
                     "section STRS does not end with a zero byte");
    return {};
  }

  bool isString(StringRef at) const {
    return uint32_t(at) < plan_.strings.size();
  }

  Error wrongString(ErrorCode code, std::string subject, StringRef at) const {
    return refuse_.number(code, std::move(subject) + ": string", uint32_t(at),
                          "below " + std::to_string(plan_.strings.size()));
  }

  Status levels() {
    if (plan_.levels.empty())
      return refuse_(ErrorCode::PlanLevel, "the plan has no level");
    if (plan_.levels.size() > kMaxLevels)
      return refuse_.number(ErrorCode::PlanLevel, "levels", plan_.levels.size(),
                            "at most " + std::to_string(kMaxLevels));
    for (size_t i = 0; i < plan_.levels.size(); ++i) {
      const LevelRecord &level = plan_.levels[i];
      std::string name = nameOfRecord("level", i);
      for (StringRef at : {level.name, level.features})
        if (!isString(at))
          return wrongString(ErrorCode::PlanLevel, name, at);
      if (level.image >= plan_.images.size())
        return refuse_.number(ErrorCode::PlanLevel, name + ": image",
                              level.image,
                              "below " + std::to_string(plan_.images.size()));
      if (level.kind > LevelKind::CUDAEmulation)
        return refuse_.number(ErrorCode::PlanLevel, name + ": kind",
                              uint32_t(level.kind), "0 to 2");
      if (level.kind != plan_.levels[0].kind)
        return refuse_.number(ErrorCode::PlanLevel, name + ": kind",
                              uint32_t(level.kind), "that of level 0");
      if (std::string_view needed = plan_.string(level.features);
          level.kind == LevelKind::CUDA && !CUDANeeds::of(needed))
        return refuse_(ErrorCode::PlanLevel, name + ": features",
                       std::string(needed),
                       "a compute capability, perhaps a driver's version");
    }
    return {};
  }

  Status budgetForm() {
    if (plan_.budget.size() != 1)
      return refuse_.number(ErrorCode::PlanBudget, "budget records",
                            plan_.budget.size(), "1");
    return {};
  }

  Status buffers() {
    const BudgetRecord &budget = plan_.budget[0];
    for (size_t i = 0; i < plan_.buffers.size(); ++i) {
      const BufferRecord &buffer = plan_.buffers[i];
      std::string name = nameOfRecord("buffer", i);
      if (!isString(buffer.name))
        return wrongString(ErrorCode::PlanBuffer, name, buffer.name);
      if (buffer.storage > Storage::Host)
        return refuse_.number(ErrorCode::PlanBuffer, name + ": storage",
                              uint32_t(buffer.storage), "0 or 1");
      uint64_t end =
          buffer.storage == Storage::Host ? budget.host : budget.scratch;
      if (buffer.offset % 64 || !buffer.size ||
          !fits(buffer.offset, buffer.size, end))
        return refuse_(ErrorCode::PlanBuffer, name,
                       "offset " + std::to_string(buffer.offset) + " size " +
                           std::to_string(buffer.size),
                       "a multiple of 64, an end within " +
                           std::to_string(end));
      if (buffer.layerStride > buffer.size)
        return refuse_.number(ErrorCode::PlanBuffer, name + ": layer stride",
                              buffer.layerStride,
                              "at most " + std::to_string(buffer.size));
    }
    return {};
  }

  Status model() {
    if (plan_.model.size() != 1)
      return refuse_.number(ErrorCode::PlanModel, "model records",
                            plan_.model.size(), "1");
    const ModelRecord &model = plan_.model[0];
    for (StringRef at : {model.family, model.weights})
      if (!isString(at))
        return wrongString(ErrorCode::PlanModel, "model", at);
    std::string_view folder = plan_.string(model.weights);
    if (folder.starts_with('/'))
      return refuse_(ErrorCode::PlanModel, "model: weights",
                     std::string(folder), "a relative path");

    struct Limit {
      const char *name;
      uint32_t found;
      uint64_t least, most;
    };
    constexpr uint64_t any = UINT32_MAX;
    const Limit limits[] = {
        {"hidden size", model.hiddenSize, 1, any},
        {"layers", model.numLayers, 1, any},
        {"MoE layers", model.numMoeLayers, 0, model.numLayers},
        {"vocabulary", model.vocabSize, 1, any},
        {"real tokens", model.realTokens, 1, model.vocabSize},
        {"most positions", model.maxPositions, 1, any},
        {"context", model.context, 1, kMaxContext},
        {"chunk", model.chunk, 1, kMaxRunTokens},
        {"decode tokens", model.decodeTokens, 1, kMaxDecodeTokens},
        {"head rows", model.headRows, 1, kMaxRunTokens},
        {"page tokens", model.pageTokens, 1, kMaxRunTokens},
        {"experts per token", model.expertsPerToken,
         uint64_t(model.numMoeLayers ? 1 : 0),
         model.numMoeLayers ? any : uint64_t(0)},
        {"end tokens", model.eosCount, 0, std::size(model.eosTokens)},
        {"sampling switch", model.doSample, 0, 1},
        {"taps", model.taps, 0, 3},
    };
    for (const Limit &limit : limits)
      if (limit.found < limit.least || limit.found > limit.most)
        return refuse_.number(ErrorCode::PlanModel,
                              std::string("model: ") + limit.name, limit.found,
                              std::to_string(limit.least) + " to " +
                                  std::to_string(limit.most));
    if (model.bosToken != kNone && model.bosToken >= model.vocabSize)
      return refuse_.number(ErrorCode::PlanModel, "model: first token",
                            model.bosToken,
                            "below " + std::to_string(model.vocabSize));
    for (uint32_t i = 0; i < model.eosCount; ++i)
      if (model.eosTokens[i] >= model.vocabSize)
        return refuse_.number(ErrorCode::PlanModel, "model: end token",
                              model.eosTokens[i],
                              "below " + std::to_string(model.vocabSize));
    if (!std::isfinite(model.temperature) || model.temperature < 0)
      return refuse_(ErrorCode::PlanModel, "model: temperature",
                     std::to_string(model.temperature), "0 or more");
    if (!(model.topP > 0 && model.topP <= 1))
      return refuse_(ErrorCode::PlanModel, "model: top-p",
                     std::to_string(model.topP), "above 0, at most 1");
    if (!std::isfinite(model.repetitionPenalty) || model.repetitionPenalty <= 0)
      return refuse_(ErrorCode::PlanModel, "model: repetition penalty",
                     std::to_string(model.repetitionPenalty),
                     "above 0, finite");
    if (!(model.minP >= 0 && model.minP <= 1))
      return refuse_(ErrorCode::PlanModel, "model: min-p",
                     std::to_string(model.minP), "0 to 1");
    return {};
  }

  /// A buffer that the session itself reads: Host, of exactly this size.
  Status sessionBuffer(const char *name, uint32_t index, bool wanted,
                       uint64_t slice, uint64_t slices) {
    std::string subject = std::string("model: ") + name + " buffer";
    if (!wanted)
      return index == kNone
                 ? Status()
                 : refuse_.number(ErrorCode::PlanModel, subject, index, "none");
    if (index >= plan_.buffers.size())
      return refuse_.number(ErrorCode::PlanModel, subject, index,
                            "below " + std::to_string(plan_.buffers.size()));
    const BufferRecord &buffer = plan_.buffers[index];
    uint64_t size = productOf(slice, slices);
    if (buffer.storage != Storage::Host || buffer.size != size ||
        (slices > 1 && buffer.layerStride != slice))
      return refuse_(ErrorCode::PlanModel, subject,
                     "storage " + std::to_string(uint32_t(buffer.storage)) +
                         " size " + std::to_string(buffer.size) + " stride " +
                         std::to_string(buffer.layerStride),
                     "host memory of " + std::to_string(slices) + " x " +
                         std::to_string(slice) + " bytes");
    return {};
  }

  Status taps() {
    const ModelRecord &model = plan_.model[0];
    auto bytes = [](uint64_t rows, uint64_t columns) {
      return productOf(productOf(rows, columns), 4);
    };
    DS_TRY(sessionBuffer("logits", model.logitsBuffer, true,
                         bytes(model.headRows, model.vocabSize), 1));
    DS_TRY(sessionBuffer("hidden", model.hiddenTap, model.taps & 1,
                         bytes(model.chunk, model.hiddenSize),
                         uint64_t(model.numLayers) + 1));
    return sessionBuffer("experts", model.expertsTap, model.taps & 2,
                         bytes(model.chunk, model.expertsPerToken),
                         model.numMoeLayers);
  }

  Status shards() {
    for (size_t i = 0; i < plan_.shards.size(); ++i) {
      const ShardRecord &shard = plan_.shards[i];
      std::string name = nameOfRecord("shard", i);
      if (!isString(shard.name))
        return wrongString(ErrorCode::PlanShard, name, shard.name);
      std::string_view file = plan_.string(shard.name);
      if (file.empty() || file == "." || file == ".." ||
          file.find('/') != file.npos)
        return refuse_(ErrorCode::PlanShard, name, std::string(file),
                       "a plain file name");
      if (shard.headerSize > shard.size)
        return refuse_.number(ErrorCode::PlanShard, name + ": header size",
                              shard.headerSize,
                              "at most " + std::to_string(shard.size));
      if (shard.place > ShardPlace::BesidePlan)
        return refuse_.number(ErrorCode::PlanShard, name + ": place",
                              uint32_t(shard.place), "0 or 1");
    }
    return {};
  }

  Status weights() {
    for (size_t i = 0; i < plan_.weights.size(); ++i) {
      const WeightRecord &weight = plan_.weights[i];
      std::string name = nameOfRecord("weight", i);
      if (!isString(weight.name))
        return wrongString(ErrorCode::PlanWeight, name, weight.name);
      if (weight.encoding > Encoding::F8E4M3)
        return refuse_.number(ErrorCode::PlanWeight, name + ": encoding",
                              uint32_t(weight.encoding), "0 to 2");
      if (weight.source > WeightSource::Data)
        return refuse_.number(ErrorCode::PlanWeight, name + ": source",
                              uint32_t(weight.source), "0 to 2");
      bool inShard = weight.source == WeightSource::Shard;
      if (inShard ? weight.shard >= plan_.shards.size() : weight.shard != kNone)
        return refuse_.number(
            ErrorCode::PlanWeight, name + ": shard", weight.shard,
            inShard ? "below " + std::to_string(plan_.shards.size()) : "none");
      uint64_t size = productOf(productOf(weight.shape[0], weight.shape[1]),
                                bytesPerElement(weight.encoding));
      if (weight.size != size || !size)
        return refuse_.number(ErrorCode::PlanWeight,
                              name + " of " + std::to_string(weight.shape[0]) +
                                  " x " + std::to_string(weight.shape[1]) +
                                  ": size",
                              weight.size, std::to_string(size));
      auto [begin, end] = placeOf(weight);
      if (weight.offset < begin || !fits(weight.offset, weight.size, end))
        return refuse_.number(
            ErrorCode::PlanWeight, name + ": offset", weight.offset,
            std::to_string(begin) + " or more, an end within " +
                std::to_string(end));
      if (!inShard && weight.offset % 64)
        return refuse_.number(ErrorCode::PlanWeight, name + ": offset",
                              weight.offset, "a multiple of 64");
    }
    return {};
  }

  Status weightDigests() {
    if (plan_.weightDigests.empty())
      return {};
    if (plan_.weightDigests.size() != plan_.weights.size())
      return refuse_.number(ErrorCode::PlanWeight, "digests of weights",
                            plan_.weightDigests.size(),
                            std::to_string(plan_.weights.size()));
    for (size_t i = 0; i < plan_.weights.size(); ++i)
      if (plan_.weights[i].source == WeightSource::Constant &&
          std::ranges::any_of(plan_.weightDigests[i].digest,
                              [](uint8_t byte) { return byte != 0; }))
        return refuse_(ErrorCode::PlanWeight,
                       nameOfRecord("weight", i) +
                           " is a constant and has a digest");
    return {};
  }

  static uint64_t bytesPerElement(Encoding encoding) {
    return encoding == Encoding::F32 ? 4 : encoding == Encoding::BF16 ? 2 : 1;
  }

  /// First and past-the-last byte where a weight of this source may lie.
  std::pair<uint64_t, uint64_t> placeOf(const WeightRecord &weight) const {
    switch (weight.source) {
    case WeightSource::Shard:
      return {plan_.shards[weight.shard].headerSize,
              plan_.shards[weight.shard].size};
    case WeightSource::Constant:
      return {0, plan_.constants.size()};
    case WeightSource::Data:
      return {0, plan_.dataSize};
    }
    return {0, 0};
  }

  Status rows() {
    for (size_t i = 0; i < plan_.slots.size(); ++i)
      if (plan_.slots[i] >= plan_.weights.size())
        return refuse_.number(
            ErrorCode::PlanSlot, nameOfRecord("slot", i) + ": weight",
            plan_.slots[i], "below " + std::to_string(plan_.weights.size()));
    for (size_t i = 0; i < plan_.rows.size(); ++i) {
      const RowRecord &row = plan_.rows[i];
      if (!fits(row.firstSlot, row.slots, plan_.slots.size()))
        return refuse_(ErrorCode::PlanRow, nameOfRecord("row", i),
                       "slots " + std::to_string(row.firstSlot) + " + " +
                           std::to_string(row.slots),
                       "an end within " + std::to_string(plan_.slots.size()));
    }
    return {};
  }

  Status states() {
    for (size_t i = 0; i < plan_.states.size(); ++i) {
      const StateRecord &state = plan_.states[i];
      std::string name = nameOfRecord("state", i);
      if (!isString(state.name))
        return wrongString(ErrorCode::PlanState, name, state.name);
      if (state.role > StateRole::Latent)
        return refuse_.number(ErrorCode::PlanState, name + ": role",
                              uint32_t(state.role), "0");
      if (!state.layers || state.layers > plan_.model[0].numLayers)
        return refuse_.number(
            ErrorCode::PlanState, name + ": layers", state.layers,
            "1 to " + std::to_string(plan_.model[0].numLayers));
      if (!state.rowBytes)
        return refuse_(ErrorCode::PlanState, name + ": a row has no bytes");
    }
    return {};
  }

  Status budget() {
    const BudgetRecord &budget = plan_.budget[0];
    const ModelRecord &model = plan_.model[0];
    uint64_t weights = 0, inShards = 0, shardData = 0;
    for (const ShardRecord &shard : plan_.shards)
      shardData = sumOf(shardData, shard.size - shard.headerSize);
    for (const WeightRecord &weight : plan_.weights) {
      if (weight.source == WeightSource::Shard)
        inShards = sumOf(inShards, weight.size);
      if (weight.source != WeightSource::Constant)
        weights = sumOf(weights, weight.size);
    }
    uint64_t perToken = 0;
    for (const StateRecord &state : plan_.states)
      perToken = sumOf(perToken, productOf(state.layers, state.rowBytes));
    uint64_t pages =
        (uint64_t(model.context) + model.pageTokens - 1) / model.pageTokens;
    if (uint64_t sequences = std::min<uint64_t>(model.decodeTokens, pages);
        pages * sequences > kMaxPageEntries)
      return refuse_.number(ErrorCode::PlanModel,
                            "model: pages times sequences", pages * sequences,
                            "at most " + std::to_string(kMaxPageEntries));
    uint64_t workspace = 0;
    for (const KernelRecord &kernel : plan_.kernels)
      workspace = std::max(workspace, kernel.workspace);
    uint64_t total = sumOf(
        sumOf(budget.weights, budget.state),
        sumOf(sumOf(budget.scratch, budget.host), budget.workspacePerWorker));
    struct Sum {
      const char *name;
      uint64_t found, expected;
    };
    const Sum sums[] = {
        {"weights", budget.weights, weights},
        {"unused weights", budget.unusedWeights,
         shardData < inShards ? UINT64_MAX : shardData - inShards},
        {"state per token", budget.statePerToken, perToken},
        {"state", budget.state,
         productOf(perToken, productOf(pages, model.pageTokens))},
        {"workspace per worker", budget.workspacePerWorker, workspace},
        {"total", budget.total, total},
    };
    for (const Sum &sum : sums)
      if (sum.found != sum.expected)
        return refuse_.number(ErrorCode::PlanBudget,
                              std::string("budget: ") + sum.name + ", bytes",
                              sum.found, std::to_string(sum.expected));
    if (budget.total >= kMaxMemory)
      return refuse_.number(ErrorCode::PlanBudget, "budget: total, bytes",
                            budget.total,
                            "below " + std::to_string(kMaxMemory));
    if (budget.scratchLowerBound > budget.scratch)
      return refuse_.number(ErrorCode::PlanBudget,
                            "budget: lower bound of scratch, bytes",
                            budget.scratchLowerBound,
                            "at most " + std::to_string(budget.scratch));
    return {};
  }

  Status provenance() {
    if (plan_.provenance.size() != 1)
      return refuse_.number(ErrorCode::PlanProvenance, "provenance records",
                            plan_.provenance.size(), "1");
    for (StringRef at :
         {plan_.provenance[0].compiler, plan_.provenance[0].options})
      if (!isString(at))
        return wrongString(ErrorCode::PlanProvenance, "provenance", at);
    return {};
  }

  const PlanView &plan_;
  const Refusal &refuse_;
};

} // namespace

Status verifyRecords(const PlanView &plan, const Refusal &refuse) {
  return Records(plan, refuse).verify();
}

} // namespace ds::rt
