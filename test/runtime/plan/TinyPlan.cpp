// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/plan/TinyPlan.h"
#include "runtime/base/Sha256.h"
#include <algorithm>
#include <cstring>
#include <elf.h>
#include <stdexcept>

namespace ds::rt::test {
namespace {

constexpr uint32_t kHidden = 8, kLayers = 2, kVocab = 16, kChunk = 4;
constexpr uint32_t kHeadRows = 2, kContext = 10, kPageTokens = 4;
constexpr uint32_t kExperts = 2, kRowBytes = 32;
constexpr uint64_t kHiddenSlice = kChunk * kHidden * 4;
constexpr uint64_t kExpertsSlice = kChunk * kExperts * 4;

/// run: ret; tiles: mov eax, 3; ret. Read-only data at the second page.
std::vector<uint8_t> tinyImage() {
  std::vector<uint8_t> image(kPage + 8, 0);
  const uint8_t text[] = {0xC3, 0xB8, 3, 0, 0, 0, 0xC3};
  std::ranges::copy(text, image.begin());
  image[kPage] = 42;
  return image;
}

std::vector<uint8_t> elfHeader(LevelKind kind) {
  Elf64_Ehdr elf{};
  std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
  elf.e_ident[EI_CLASS] = ELFCLASS64;
  elf.e_ident[EI_DATA] = ELFDATA2LSB;
  elf.e_type = kind == LevelKind::CUDA ? ET_EXEC : ET_DYN;
  elf.e_machine = kind == LevelKind::CUDA ? EM_CUDA : EM_X86_64;
  auto *bytes = reinterpret_cast<const uint8_t *>(&elf);
  return {bytes, bytes + sizeof elf};
}

void addCPULevels(PlanWriter &plan) {
  uint32_t best = plan.addImage(tinyImage(), 7, kPage);
  uint32_t portable = plan.addImage(tinyImage(), 7, kPage);
  plan.add(LevelRecord{.name = plan.string("avx512bf16"),
                       .features = plan.string("avx2 avx512f avx512_bf16"),
                       .image = best,
                       .kind = LevelKind::CPU});
  plan.add(LevelRecord{.name = plan.string("avx2"),
                       .features = plan.string("avx2 fma"),
                       .image = portable,
                       .kind = LevelKind::CPU});
  for (uint32_t image : {best, portable})
    plan.add(KernelRecord{.name = plan.string("nothing_u32_generic"),
                          .shape = plan.string("n=8"),
                          .image = image,
                          .run = 0,
                          .tiles = 1,
                          .firstLaunch = 0,
                          .launches = 0,
                          .reserved = 0,
                          .workspace = image == best ? 256u : 64u});
}

/// Three kernels of two levels. Step 0 is computed by kernel 1, which has a map
/// of operand 0 in its first launch of two; step 1 by kernel 2, which has a map
/// of one entry of its list; the others by kernel 0.
void addGPULevels(PlanWriter &plan, LevelKind kind) {
  auto launch = [&](const char *symbol, LaunchRows rows, uint32_t maps) {
    plan.add(LaunchRecord{.symbol = plan.string(symbol),
                          .threads = 128,
                          .sharedBytes = 1024,
                          .rows = rows,
                          .columns = 2,
                          .perRow = 3,
                          .rowsPerTile = 64,
                          .extra = 1,
                          .firstMap = plan.count<TensorMapRecord>(),
                          .maps = maps});
  };
  TensorMapRecord map{.operand = 0,
                      .first = 0,
                      .stride = 0,
                      .list = 0,
                      .elementBytes = 2,
                      .columns = kHidden,
                      .rows = 0,
                      .perRow = 1,
                      .boxColumns = kHidden,
                      .boxRows = 64};
  TensorMapRecord listed = map;
  listed.operand = 2;
  listed.list = 1;
  listed.rows = 2;
  listed.perRow = 0;
  const char *names[] = {"sm_90a", "sm_80"}, *needs[] = {"9.0a 12.8", "8.0"};
  for (uint32_t level = 0; level < 2; ++level) {
    uint32_t image = plan.addImage(elfHeader(kind));
    plan.add(LevelRecord{
        .name = plan.string(names[level]),
        .features = plan.string(kind == LevelKind::CUDA ? needs[level] : ""),
        .image = image,
        .kind = kind});
    for (uint32_t kernel = 0; kernel < 3; ++kernel) {
      plan.add(KernelRecord{.name = plan.string("nothing_u32_cuda"),
                            .shape = plan.string("n=8"),
                            .image = image,
                            .run = 0,
                            .tiles = 0,
                            .firstLaunch = plan.count<LaunchRecord>(),
                            .launches = kernel == 1 ? 2u : 1u,
                            .reserved = 0,
                            .workspace = level == 0 ? 256u : 64u});
      launch("nothing_0", kernel ? LaunchRows::Tokens : LaunchRows::HeadRows,
             kernel ? 1 : 0);
      if (kernel)
        plan.add(kernel == 1 ? map : listed);
      if (kernel == 1)
        launch("nothing_1", LaunchRows::One, 0);
    }
  }
  const uint32_t buckets[] = {1, 2};
  auto *bytes = reinterpret_cast<const uint8_t *>(buckets);
  plan.set(Section::BUCK, {bytes, sizeof buckets});
}

void addModel(PlanWriter &plan, const TinyOptions &options) {
  plan.add(ModelRecord{.family = plan.string("deepseek_v3"),
                       .weights = plan.string(options.weightsFolder),
                       .hiddenSize = kHidden,
                       .numLayers = kLayers,
                       .numMoeLayers = 1,
                       .vocabSize = kVocab,
                       .realTokens = 14,
                       .maxPositions = 64,
                       .context = kContext,
                       .chunk = kChunk,
                       .decodeTokens = 2,
                       .headRows = kHeadRows,
                       .pageTokens = kPageTokens,
                       .expertsPerToken = kExperts,
                       .bosToken = 0,
                       .eosCount = 1,
                       .eosTokens = {1},
                       .doSample = 1,
                       .temperature = 0.6f,
                       .topP = 0.95f,
                       .topK = 0,
                       .taps = 3,
                       .logitsBuffer = 2,
                       .hiddenTap = 3,
                       .expertsTap = 4,
                       .repetitionPenalty = 1,
                       .minP = 0});
}

void addWeights(PlanWriter &plan, const TinyOptions &options) {
  std::vector<uint8_t> shard = tinyShard();
  ShardRecord record{.name = plan.string("weights.safetensors"),
                     .place = ShardPlace::WeightsFolder,
                     .size = shard.size(),
                     .headerSize = tinyShardHeader(),
                     .headerDigest = {}};
  Sha256 sha;
  sha.update(shard.data(), tinyShardHeader());
  std::ranges::copy(sha.finish(), record.headerDigest);
  plan.add(record);
  plan.add(WeightRecord{.name = plan.string("a"),
                        .encoding = Encoding::BF16,
                        .source = WeightSource::Shard,
                        .shard = 0,
                        .shape = {2, kHidden},
                        .offset = tinyShardHeader(),
                        .size = 2 * kHidden * 2});
  const uint8_t constant[16] = {1, 2, 3};
  plan.add(WeightRecord{.name = plan.string("b"),
                        .encoding = Encoding::F32,
                        .source = WeightSource::Constant,
                        .shard = kNone,
                        .shape = {1, 4},
                        .offset = plan.addConstant(constant),
                        .size = sizeof constant});
  if (options.hasData) {
    const std::vector<uint8_t> data = {9, 8, 7, 6};
    plan.set(Section::DATA, data);
    plan.add(WeightRecord{.name = plan.string("c"),
                          .encoding = Encoding::F8E4M3,
                          .source = WeightSource::Data,
                          .shard = kNone,
                          .shape = {1, data.size()},
                          .offset = 0,
                          .size = data.size()});
  }
  for (uint32_t slot : {0, 1, 1})
    plan.addSlot(slot);
  plan.add(RowRecord{.firstSlot = 0, .slots = 2});
  plan.add(RowRecord{.firstSlot = 2, .slots = 1});
}

void addBuffers(PlanWriter &plan) {
  auto add = [&](const char *name, Storage storage, uint64_t offset,
                 uint64_t size, uint64_t stride = 0) {
    plan.add(BufferRecord{.name = plan.string(name),
                          .storage = storage,
                          .offset = offset,
                          .size = size,
                          .layerStride = stride});
  };
  add("residual", Storage::Scratch, 0, kHiddenSlice);
  add("delta", Storage::Scratch, kHiddenSlice, kHiddenSlice);
  add("logits", Storage::Host, 0, kHeadRows * kVocab * 4);
  add("hidden", Storage::Host, 128, kHiddenSlice * (kLayers + 1), kHiddenSlice);
  add("experts", Storage::Host, 512, kExpertsSlice, kExpertsSlice);
}

void addProgram(PlanWriter &plan, LevelKind kind) {
  uint32_t steps = 0, calls = 0;
  auto step = [&](bool barrier, std::vector<ArgRecord> arguments) {
    uint32_t number = plan.count<StepRecord>();
    bool hasMap = kind != LevelKind::CPU && number < 2;
    plan.add(StepRecord{.kernel = hasMap ? number + 1 : 0,
                        .firstArgument = plan.count<ArgRecord>(),
                        .arguments = uint32_t(arguments.size()),
                        .flags = barrier ? kStepBarrier : 0});
    for (const ArgRecord &argument : arguments)
      plan.add(argument);
  };
  auto body = [&](const char *name, uint32_t slots) {
    uint32_t end = plan.count<StepRecord>();
    plan.add(BodyRecord{.name = plan.string(name),
                        .firstStep = steps,
                        .steps = end - steps,
                        .slots = slots});
    steps = end;
  };
  auto entry = [&](EntryKind kind, uint32_t rows) {
    uint32_t end = plan.count<CallRecord>();
    plan.add(EntryRecord{.kind = kind,
                         .firstCall = calls,
                         .calls = end - calls,
                         .maxRows = rows});
    calls = end;
  };
  constexpr uint32_t both = kAccessRead | kAccessWrite;

  // Steps 0 to 2. Residual is changed in place; the tap may run beside it.
  step(false, {{ArgKind::Buffer, 0, kAccessRead, 0},
               {ArgKind::Buffer, 0, kAccessWrite, 0},
               {ArgKind::Slot, 0, kAccessRead, 0}});
  step(false, {{ArgKind::State, 0, both, 0},
               {ArgKind::BufferOfOrdinal, 4, kAccessWrite, 0},
               {ArgKind::SlotList, 1, kAccessRead, 0}});
  step(true, {{ArgKind::State, 0, kAccessRead, 0},
              {ArgKind::Buffer, 0, kAccessRead, 0},
              {ArgKind::BufferOfLayer, 3, kAccessWrite, 0},
              {ArgKind::Buffer, 1, kAccessWrite, 0}});
  body("layer", 2);
  // Step 3.
  step(false, {{ArgKind::Buffer, 1, kAccessRead, 0},
               {ArgKind::BufferOfLayer, 3, kAccessWrite, 0}});
  body("last_hidden", 0);
  // Step 4.
  step(false, {{ArgKind::Buffer, 1, kAccessRead, 0},
               {ArgKind::Buffer, 2, kAccessWrite, 0},
               {ArgKind::Slot, 0, kAccessRead, 0}});
  body("head", 1);

  plan.add(CallRecord{.body = 0, .row = 0, .layer = 0, .ordinal = 0});
  plan.add(CallRecord{.body = 1, .row = 1, .layer = kLayers, .ordinal = 0});
  entry(EntryKind::Prefill, kChunk);
  plan.add(CallRecord{.body = 0, .row = 0, .layer = 1, .ordinal = 0});
  entry(EntryKind::Decode, 2);
  plan.add(CallRecord{.body = 2, .row = 1, .layer = 0, .ordinal = 0});
  entry(EntryKind::Head, kHeadRows);
}

void addBudget(PlanWriter &plan, const TinyOptions &options) {
  constexpr uint64_t pages = (kContext + kPageTokens - 1) / kPageTokens;
  uint64_t used = 2 * kHidden * 2;
  BudgetRecord budget{.weights = used + (options.hasData ? 4 : 0),
                      .unusedWeights =
                          tinyShard().size() - tinyShardHeader() - used,
                      .statePerToken = kRowBytes * kLayers,
                      .state = pages * kPageTokens * kRowBytes * kLayers,
                      .scratch = 2 * kHiddenSlice,
                      .scratchLowerBound = 2 * kHiddenSlice,
                      .host = 512 + kExpertsSlice,
                      .workspacePerWorker = 256,
                      .total = 0};
  budget.total = budget.weights + budget.state + budget.scratch + budget.host +
                 budget.workspacePerWorker;
  plan.add(budget);
}

} // namespace

uint64_t tinyShardHeader() { return 40; }

std::vector<uint8_t> tinyShard() {
  std::vector<uint8_t> shard(tinyShardHeader() + 48);
  for (size_t i = 0; i < shard.size(); ++i)
    shard[i] = uint8_t(3 * i);
  return shard;
}

PlanWriter tinyWriter(const TinyOptions &options) {
  PlanWriter plan;
  if (options.kind == LevelKind::CPU)
    addCPULevels(plan);
  else
    addGPULevels(plan, options.kind);
  addModel(plan, options);
  addWeights(plan, options);
  plan.add(StateRecord{.name = plan.string("latent"),
                       .role = StateRole::Latent,
                       .layers = kLayers,
                       .rowBytes = kRowBytes});
  addBuffers(plan);
  addProgram(plan, options.kind);
  addBudget(plan, options);
  plan.add(ProvenanceRecord{.compiler = plan.string("dsc 0.1.0"),
                            .options = plan.string("--ctx 10"),
                            .configDigest = {1},
                            .indexDigest = {}});
  if (options.hasTokenizer) {
    const uint8_t tokenizer[] = {1, 2, 3, 4, 5};
    plan.set(Section::TOKN, tokenizer);
  }
  return plan;
}

std::vector<uint8_t> tinyPlan(const TinyOptions &options) {
  Result<std::vector<uint8_t>> plan = tinyWriter(options).finish();
  if (!plan)
    throw std::runtime_error(plan.takeStatus().text("test"));
  return std::move(*plan);
}

SectionEntry &entryIn(std::vector<uint8_t> &plan, std::string_view tag) {
  auto &header = *reinterpret_cast<PlanHeader *>(plan.data());
  auto *table = reinterpret_cast<SectionEntry *>(plan.data() + sizeof header);
  for (uint32_t i = 0; i < header.sections; ++i)
    if (std::string_view(table[i].tag, 4) == tag)
      return table[i];
  throw std::runtime_error("no section " + std::string(tag));
}

std::vector<uint8_t> withSection(std::vector<uint8_t> plan,
                                 std::string_view tag, uint32_t flags,
                                 std::span<const uint8_t> bytes) {
  PlanHeader header;
  std::memcpy(&header, plan.data(), sizeof header);
  std::vector<SectionEntry> table(header.sections);
  std::memcpy(table.data(), plan.data() + sizeof header,
              table.size() * sizeof(SectionEntry));
  SectionEntry more{};
  std::ranges::copy(tag, more.tag);
  more.flags = flags;
  more.size = bytes.size();
  table.push_back(more);

  uint64_t end = sizeof header + table.size() * sizeof(SectionEntry);
  std::vector<uint8_t> grown(end);
  for (SectionEntry &entry : table) {
    uint64_t offset =
        alignUp(grown.size(), alignmentOf({entry.tag, sizeof entry.tag}));
    grown.resize(offset);
    auto from =
        &entry == &table.back()
            ? bytes.begin()
            : std::span<const uint8_t>(plan).begin() + ptrdiff_t(entry.offset);
    grown.insert(grown.end(), from, from + ptrdiff_t(entry.size));
    entry.offset = offset;
  }
  header.sections = uint32_t(table.size());
  header.fileSize = grown.size();
  std::memcpy(grown.data(), &header, sizeof header);
  std::memcpy(grown.data() + sizeof header, table.data(),
              table.size() * sizeof(SectionEntry));
  sealPlan(grown);
  return grown;
}

} // namespace ds::rt::test
