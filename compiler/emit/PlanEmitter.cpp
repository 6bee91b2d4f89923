// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/emit/PlanEmitter.h"
#include "compiler/emit/WeightTable.h"
#include "dialects/Plan/Plan.h"
#include "runtime/base/Sha256.h"
#include "runtime/plan/TokenizerRecords.h"
#include "runtime/plan/Writer.h"
#include <cstring>
#include <fmt/format.h>

namespace ds {
namespace {

using llvm::StringRef;

class Emitter {
public:
  Emitter(mlir::ModuleOp module, const EmitInputs &inputs)
      : module_(module), in_(inputs), weights_(module, inputs.model, writer_, inputs.bundle),
        model_(*module.getOps<plan::ModelOp>().begin()) {}
  Result<EmittedPlan> run();

private:
  Status addShards();
  void addBuffers();
  Status addKernels();
  void addLaunch(const BoundLaunch &launch);
  void addBuckets();
  Status addBodies();
  Status addEntries();
  void addModel();
  rt::BudgetRecord addBudget(const ByteAccount &account);
  Status addProvenance();
  Status addWeightBytes(EmittedPlan &plan);
  Status addStep(plan::StepOp step);
  rt::ArgRecord argument(plan::ArgAttr arg) const;
  uint32_t bufferNamed(std::optional<StringRef> name) const {
    return name ? buffers_.lookup(*name) : rt::kNone;
  }

  mlir::ModuleOp module_;
  const EmitInputs &in_;
  rt::PlanWriter writer_;
  WeightTable weights_;
  plan::ModelOp model_;
  llvm::StringMap<uint32_t> states_, buffers_, kernels_, bodies_;
  llvm::StringMap<std::string> rowOfBody_;
  uint64_t statePerToken_ = 0, workspace_ = 0; // bytes
};

std::array<uint8_t, 32> digestOf(std::string_view bytes) {
  Sha256 sha;
  sha.update(bytes.data(), bytes.size());
  return sha.finish();
}

Status Emitter::addShards() {
  const checkpoint::Checkpoint &checkpoint = in_.model.checkpoint;
  for (const checkpoint::Shard &shard : checkpoint.shards) {
    DS_ASSIGN(checkpoint::InputFile file,
              checkpoint::openShard(checkpoint, shard));
    std::string header(8 + shard.headerBytes, '\0');
    DS_TRY(file.read(0, header.data(), header.size()));
    rt::ShardRecord record{.name = writer_.string(shard.name),
                           .place = shard.besideFolder.empty()
                                        ? rt::ShardPlace::WeightsFolder
                                        : rt::ShardPlace::BesidePlan,
                           .size = shard.fileSize,
                           .headerSize = header.size(),
                           .headerDigest = {}};
    std::ranges::copy(digestOf(header), record.headerDigest);
    writer_.add(record);
  }
  return Status::ok();
}

void Emitter::addBuffers() {
  for (auto state : module_.getOps<plan::StateOp>()) {
    statePerToken_ += uint64_t(state.getRowBytes()) * state.getLayers();
    states_[state.getSymName()] = writer_.add(
        rt::StateRecord{.name = writer_.string(state.getSymName().str()),
                        .role = rt::StateRole::Latent,
                        .layers = state.getLayers(),
                        .rowBytes = state.getRowBytes()});
  }
  for (auto buffer : module_.getOps<plan::BufferOp>())
    buffers_[buffer.getSymName()] = writer_.add(
        rt::BufferRecord{.name = writer_.string(buffer.getSymName().str()),
                         .storage = rt::Storage(buffer.getStorage()),
                         .offset = buffer.getOffset().value_or(0),
                         .size = buffer.getSize(),
                         .layerStride = buffer.getLayerStride().value_or(0)});
}

/// "in=192 out0=96", for dumps.
std::string shapeText(mlir::DictionaryAttr shape) {
  std::string text;
  for (mlir::NamedAttribute field : shape) {
    text += (text.empty() ? "" : " ") + field.getName().str() + "=";
    if (auto number = llvm::dyn_cast<mlir::FloatAttr>(field.getValue()))
      text += fmt::format("{}", float(number.getValueAsDouble()));
    else
      text += fmt::format(
          "{}", llvm::cast<mlir::IntegerAttr>(field.getValue()).getInt());
  }
  return text;
}

rt::LevelKind levelKindOf(TargetKind kind) {
  switch (kind) {
  case TargetKind::CPU:
    return rt::LevelKind::CPU;
  case TargetKind::CUDA:
    return rt::LevelKind::CUDA;
  case TargetKind::CUDAEmu:
    return rt::LevelKind::CUDAEmulation;
  }
  __builtin_unreachable();
}

Status Emitter::addKernels() {
  if (in_.images.size() != model_.getLevels().size())
    return Error{.code = ErrorCode::InternalError,
                 .subject = fmt::format("{} images for {} levels",
                                        in_.images.size(),
                                        model_.getLevels().size())};
  for (size_t level = 0; level < in_.images.size(); ++level) {
    const CompiledImage &image = in_.images[level];
    uint32_t index =
        writer_.addImage(image.bytes, image.textSize, image.rodataOffset);
    writer_.add(rt::LevelRecord{.name = writer_.string(image.level),
                                .features = writer_.string(image.features),
                                .image = index,
                                .kind = levelKindOf(image.kind)});
    uint32_t number = 0;
    for (auto kernel : module_.getOps<plan::KernelOp>()) {
      auto row = llvm::cast<mlir::StringAttr>(kernel.getRows()[level]);
      rt::KernelRecord record{
          .name = writer_.string(row.getValue().str()),
          .shape = writer_.string(shapeText(kernel.getShape())),
          .image = index,
          .run = 0,
          .tiles = 0,
          .firstLaunch = 0,
          .launches = 0,
          .reserved = 0,
          .workspace = kernel.getWorkspace()};
      if (image.kind == TargetKind::CPU) {
        record.run = image.entries[number].run;
        record.tiles = image.entries[number].tiles;
      } else {
        record.firstLaunch = writer_.count<rt::LaunchRecord>();
        for (const BoundLaunch &launch : image.launches[number])
          addLaunch(launch);
        record.launches =
            writer_.count<rt::LaunchRecord>() - record.firstLaunch;
      }
      workspace_ = std::max(workspace_, uint64_t(kernel.getWorkspace()));
      kernels_[kernel.getSymName()] = number++;
      writer_.add(record);
    }
  }
  return Status::ok();
}

void Emitter::addLaunch(const BoundLaunch &launch) {
  uint32_t firstMap = writer_.count<rt::TensorMapRecord>();
  for (const TensorMapSpec &map :
       std::span(launch.maps.list, launch.maps.count))
    writer_.add(rt::TensorMapRecord{.operand = map.operand,
                                    .first = map.list ? map.first : 0,
                                    .stride = map.list ? map.stride : 0,
                                    .list = map.list,
                                    .elementBytes = map.elementBytes,
                                    .columns = map.columns,
                                    .rows = map.rows,
                                    .perRow = map.rows ? 0 : map.perRow,
                                    .boxColumns = map.boxColumns,
                                    .boxRows = map.boxRows});
  writer_.add(rt::LaunchRecord{.symbol = writer_.string(launch.symbol),
                               .threads = launch.threads,
                               .sharedBytes = launch.sharedBytes,
                               .rows = rt::LaunchRows(launch.tiles.rows),
                               .columns = launch.tiles.columns,
                               .perRow = launch.tiles.perRow,
                               .rowsPerTile = launch.tiles.rowsPerTile,
                               .extra = launch.tiles.extra,
                               .firstMap = firstMap,
                               .maps = launch.maps.count});
}

/// The sizes of decode runs that a GPU's graphs are made for: powers of two, so
/// that no run computes more than twice its blocks.
void Emitter::addBuckets() {
  if (in_.images.front().kind == TargetKind::CPU)
    return;
  std::vector<uint32_t> buckets;
  for (uint32_t tokens = 1; tokens < model_.getDecodeTokens(); tokens *= 2)
    buckets.push_back(tokens);
  buckets.push_back(model_.getDecodeTokens());
  auto *bytes = reinterpret_cast<const uint8_t *>(buckets.data());
  writer_.set(rt::Section::BUCK,
              {bytes, buckets.size() * sizeof buckets[0]});
}

rt::ArgRecord Emitter::argument(plan::ArgAttr arg) const {
  uint32_t index = arg.getSlot();
  if (arg.isState())
    index = states_.lookup(arg.getSymbol().getValue());
  else if (arg.isBuffer())
    index = buffers_.lookup(arg.getSymbol().getValue());
  return {.kind = rt::ArgKind(arg.getKind()),
          .index = index,
          .access = uint32_t(arg.getAccess()),
          .reserved = 0};
}

Status Emitter::addStep(plan::StepOp step) {
  auto kernel = kernels_.find(step.getKernel());
  if (kernel == kernels_.end())
    return Error{.code = ErrorCode::InternalError,
                 .subject = "a step of an unknown kernel"};
  uint32_t first = writer_.count<rt::ArgRecord>();
  for (auto arg : step.getArguments().getAsRange<plan::ArgAttr>())
    writer_.add(argument(arg));
  writer_.add(
      rt::StepRecord{.kernel = kernel->second,
                     .firstArgument = first,
                     .arguments = uint32_t(step.getArguments().size()),
                     .flags = step.getBarrier() ? rt::kStepBarrier : 0});
  return Status::ok();
}

Status Emitter::addBodies() {
  for (auto body : module_.getOps<plan::BodyOp>()) {
    uint32_t first = writer_.count<rt::StepRecord>();
    for (auto step : body.getSteps().getOps<plan::StepOp>())
      DS_TRY(addStep(step));
    rowOfBody_[body.getSymName()] = body.getRow().str();
    bodies_[body.getSymName()] = writer_.add(
        rt::BodyRecord{.name = writer_.string(body.getSymName().str()),
                       .firstStep = first,
                       .steps = writer_.count<rt::StepRecord>() - first,
                       .slots = body.getSlots()});
  }
  return Status::ok();
}

Status Emitter::addEntries() {
  for (auto entry : module_.getOps<plan::EntryOp>()) {
    uint32_t first = writer_.count<rt::CallRecord>();
    for (auto call : entry.getCalls().getOps<plan::CallOp>()) {
      uint32_t row =
          weights_.rowOf(rowOfBody_[call.getBody()], call.getLayer());
      writer_.add(rt::CallRecord{.body = bodies_.lookup(call.getBody()),
                                 .row = row,
                                 .layer = call.getLayer(),
                                 .ordinal = call.getOrdinal()});
    }
    writer_.add(
        rt::EntryRecord{.kind = rt::EntryKind(entry.getKind()),
                        .firstCall = first,
                        .calls = writer_.count<rt::CallRecord>() - first,
                        .maxRows = entry.getMaxRows()});
  }
  return Status::ok();
}

void Emitter::addModel() {
  const checkpoint::ModelConfig &config = in_.model.config;
  rt::ModelRecord m{};
  m.family = writer_.string(model_.getFamily().str());
  m.weights = writer_.string(in_.weightsFolder);
  m.hiddenSize = model_.getHiddenSize();
  m.numLayers = model_.getNumLayers();
  for (const checkpoint::LayerTensors &layer : in_.model.layers)
    m.numMoeLayers += layer.kind == checkpoint::LayerKind::Moe;
  m.vocabSize = m.realTokens = model_.getVocabSize();
  if (!in_.tokenizer.empty()) {
    rt::TokenizerHeader header;
    std::memcpy(&header, in_.tokenizer.data(), sizeof header);
    m.realTokens = std::min(m.realTokens, header.realTokens);
  }
  m.maxPositions = model_.getMaxPositions();
  m.context = in_.context;
  m.chunk = model_.getChunk();
  m.decodeTokens = model_.getDecodeTokens();
  m.headRows = model_.getHeadRows();
  m.pageTokens = model_.getPageTokens();
  m.expertsPerToken = m.numMoeLayers ? config.numExpertsPerTok : 0;
  m.bosToken = config.bosTokenId;
  std::vector<uint32_t> eos = config.eosTokenId;
  m.temperature = m.topP = m.repetitionPenalty = 1;
  if (in_.generation) {
    const checkpoint::GenerationConfig &g = *in_.generation;
    if (!g.eosTokenId.empty())
      eos = g.eosTokenId;
    m.doSample = g.doSample.value_or(false);
    m.temperature = float(g.temperature.value_or(1));
    m.topP = float(g.topP.value_or(1));
    m.topK = g.topK.value_or(0);
    m.repetitionPenalty = float(g.repetitionPenalty.value_or(1));
    m.minP = float(g.minP.value_or(0));
  }
  static_assert(checkpoint::kMaxEosTokens == std::size(rt::ModelRecord{}.eosTokens));
  m.eosCount = uint32_t(eos.size());
  std::copy_n(eos.begin(), m.eosCount, m.eosTokens);
  m.logitsBuffer = bufferNamed(model_.getLogitsBuffer());
  m.hiddenTap = bufferNamed(model_.getHiddenTap());
  m.expertsTap = bufferNamed(model_.getExpertsTap());
  m.taps =
      (m.hiddenTap != rt::kNone ? 1 : 0) | (m.expertsTap != rt::kNone ? 2 : 0);
  writer_.add(m);
}

rt::BudgetRecord Emitter::addBudget(const ByteAccount &account) {
  uint64_t page = model_.getPageTokens();
  uint64_t pages = (in_.context + page - 1) / page;
  auto planned = *module_.getOps<plan::BudgetOp>().begin();
  rt::BudgetRecord b{.weights = account.used,
                     .unusedWeights = in_.bundle ? 0 : account.unusedBytes(),
                     .statePerToken = statePerToken_,
                     .state = pages * page * statePerToken_,
                     .scratch = planned.getScratch(),
                     .scratchLowerBound = planned.getScratchLowerBound(),
                     .host = planned.getHost(),
                     .workspacePerWorker = workspace_,
                     .total = 0};
  b.total = b.weights + b.state + b.scratch + b.host + b.workspacePerWorker;
  writer_.add(b);
  return b;
}

Status Emitter::addProvenance() {
  rt::ProvenanceRecord record{};
  record.compiler = writer_.string(in_.compiler);
  record.options = writer_.string(in_.options);
  DS_ASSIGN(checkpoint::InputFolder folder,
            checkpoint::InputFolder::open(in_.model.checkpoint.folder));
  auto digest = [&](const std::string &name, uint8_t (&to)[32]) -> Status {
    DS_ASSIGN(std::optional<checkpoint::InputFile> file, folder.tryOpen(name));
    if (!file)
      return Status::ok();
    DS_ASSIGN(std::string bytes, file->readAll(file->size()));
    std::ranges::copy(digestOf(bytes), to);
    return Status::ok();
  };
  DS_TRY(digest(in_.model.configName, record.configDigest));
  DS_TRY(digest("model.safetensors.index.json", record.indexDigest));
  writer_.add(record);
  return Status::ok();
}

Status Emitter::addWeightBytes(EmittedPlan &plan) {
  if (!in_.bundle && !in_.digestWeights)
    return Status::ok();
  DS_ASSIGN(WeightBytes bytes, WeightBytes::open(in_.model.checkpoint));
  DS_ASSIGN(std::vector<rt::DigestRecord> digests, weights_.digests(bytes));
  for (const rt::DigestRecord &digest : digests)
    writer_.add(digest);
  if (!in_.bundle)
    return Status::ok();
  plan.data = std::make_unique<BundledWeights>(std::move(bytes),
                                               weights_.bundled());
  writer_.declareData(plan.data->size());
  return Status::ok();
}

Result<EmittedPlan> Emitter::run() {
  if (!in_.bundle)
    DS_TRY(addShards());
  for (auto row : module_.getOps<plan::RowOp>())
    DS_TRY(weights_.add(row));
  addBuffers();
  DS_TRY(addKernels());
  addBuckets();
  DS_TRY(addBodies());
  DS_TRY(addEntries());
  addModel();
  EmittedPlan plan;
  DS_ASSIGN(plan.bytesOfShards,
            accountBytes(in_.model, [&](const std::string &name) {
              return weights_.holds(name);
            }));
  plan.budget = addBudget(plan.bytesOfShards);
  plan.tensors = weights_.tensors();
  DS_TRY(addProvenance());
  DS_TRY(addWeightBytes(plan));
  if (!in_.tokenizer.empty())
    writer_.set(rt::Section::TOKN, in_.tokenizer);
  if (!in_.chat.empty())
    writer_.set(rt::Section::CHAT, in_.chat);
  DS_ASSIGN(plan.bytes, writer_.finish());
  return plan;
}

} // namespace

Result<EmittedPlan> emitPlan(mlir::ModuleOp module, const EmitInputs &inputs) {
  return Emitter(module, inputs).run();
}

} // namespace ds
