// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/exec/TinyPlan.h"
#include "runtime/plan/TokenizerRecords.h"
#include "runtime/plan/Verify.h"
#include "runtime/plan/Writer.h"
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <elf.h>

namespace ds::rt::test {
namespace {

uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 31)) * 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9;
  return x ^ (x >> 32);
}
/// Weight 0 and 1 of a layer.
uint32_t weightOf(uint32_t layer, uint32_t i) {
  return uint32_t(mix(100 * layer + i + 7));
}
uint64_t embedded(uint32_t id) { return mix(id + 1); }
uint64_t rowOf(uint64_t value, uint32_t w0) { return mix(value ^ w0); }
uint64_t attended(uint64_t sum, uint32_t w1) { return mix(sum + w1); }
float logitOf(uint64_t value, uint32_t token) {
  return float(mix(value + token) >> 44) / 64;
}

template <class T>
T *operand(const Call *call, uint32_t i) {
  return static_cast<T *>(call->operands[i]);
}

void embed(const Call *call, uint32_t begin, uint32_t end) {
  for (uint32_t t = begin; t < end; ++t)
    operand<uint64_t>(call, 0)[t] = embedded(call->batch->tokenIds[t]);
}

uint64_t &stateRow(const Call *call, uint32_t i, uint32_t token,
                   uint32_t position) {
  const Batch &batch = *call->batch;
  uint32_t page =
      batch.pageTable[batch.sequenceOf[token] * batch.pagesPerSequence +
                      position / kPageTokens];
  return operand<uint64_t>(call,
                           i)[page * kPageTokens + position % kPageTokens];
}

void append(const Call *call, uint32_t begin, uint32_t end) {
  for (uint32_t t = begin; t < end; ++t)
    stateRow(call, 1, t, call->batch->positions[t]) =
        rowOf(operand<uint64_t>(call, 0)[t], *operand<const uint32_t>(call, 2));
}

void attend(const Call *call, uint32_t begin, uint32_t end) {
  const uint32_t *w1 = operand<const uint32_t *>(call, 2)[0];
  for (uint32_t t = begin; t < end; ++t) {
    uint64_t sum = 0;
    for (uint32_t u = 0; u <= call->batch->positions[t]; ++u)
      sum += stateRow(call, 1, t, u) * (u + 1);
    operand<uint64_t>(call, 0)[t] = attended(sum, *w1);
  }
}

void tapHidden(const Call *call, uint32_t begin, uint32_t end) {
  for (uint32_t t = begin; t < end; ++t)
    for (uint32_t i = 0; i < kHidden; ++i)
      operand<float>(call, 1)[t * kHidden + i] =
          tinyHidden(operand<uint64_t>(call, 0)[t], i);
}

void tapExperts(const Call *call, uint32_t begin, uint32_t end) {
  for (uint32_t t = begin; t < end; ++t)
    operand<uint32_t>(call, 1)[t] = tinyExpert(operand<uint64_t>(call, 0)[t]);
}

void head(const Call *call, uint32_t begin, uint32_t end) {
  for (uint32_t r = begin; r < end; ++r) {
    uint32_t token = call->batch->rowIndex[r];
    auto *kept = static_cast<uint64_t *>(call->workspace);
    kept[0] = operand<uint64_t>(call, 0)[token];
    for (uint32_t v = 0; v < kVocab; ++v)
      operand<float>(call, 1)[r * kVocab + v] = logitOf(kept[0], v);
    if (call->batch->tokenIds[token] == kPoison)
      operand<float>(call, 1)[r * kVocab + 3] = NAN;
  }
}

uint32_t perToken(const Batch *batch) { return batch->tokens; }
uint32_t perRow(const Batch *batch) { return batch->rows; }

constexpr Kernel kKernels[] = {{embed, perToken},      {append, perToken},
                               {attend, perToken},     {tapHidden, perToken},
                               {tapExperts, perToken}, {head, perRow}};
enum : uint32_t { Embed, Append, Attend, TapHidden, TapExperts, Head };

/// Writes the sections; the records' meaning is that of Records.h.
class Builder {
public:
  std::vector<uint8_t> build(bool taps, const TinyDevice *device) {
    if (device)
      deviceLevel(*device);
    else
      cpuLevel();
    weights();
    writer_.add(StateRecord{text("latent"), StateRole::Latent, kLayers, 8});
    buffers(taps);
    bodies(taps);
    entries(taps);
    model(taps);
    writer_.add(ProvenanceRecord{text("test"), text(""), {}, {}});
    Result<std::vector<uint8_t>> plan = writer_.finish();
    if (!plan) {
      std::fputs(plan.takeStatus().text("TinyPlan").c_str(), stderr);
      std::abort();
    }
    return std::move(*plan);
  }

private:
  StringRef text(const char *text) { return writer_.string(text); }

  void cpuLevel() {
    std::vector<uint8_t> code(64, 0xC3);
    uint32_t image = writer_.addImage(code, 64, kPage);
    writer_.add(LevelRecord{text("test"), text(""), image, LevelKind::CPU});
    for (const Kernel &kernel : kKernels)
      writer_.add(KernelRecord{text("kernel"), text(""), image, 0, 0, 0, 0, 0,
                               kernel.run == head ? 64u : 0u});
  }

  void deviceLevel(const TinyDevice &device) {
    Elf64_Ehdr elf{};
    std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
    elf.e_ident[EI_CLASS] = ELFCLASS64;
    elf.e_ident[EI_DATA] = ELFDATA2LSB;
    elf.e_machine = EM_CUDA;
    auto *bytes = reinterpret_cast<const uint8_t *>(&elf);
    bool isCUDA = device.kind == LevelKind::CUDA;
    uint32_t image = device.image.empty()
                         ? writer_.addImage({bytes, sizeof elf})
                         : writer_.addImage(device.image);
    writer_.add(LevelRecord{text("sm_80"), text(isCUDA ? "8.0 12.8" : ""),
                            image, device.kind});
    const char *symbols[] = {"tiny_embed",       "tiny_append",
                             "tiny_attend",      "tiny_tap_hidden",
                             "tiny_tap_experts", "tiny_head"};
    for (uint32_t k = 0; k < std::size(symbols); ++k) {
      bool isHead = k == Head;
      uint32_t first = writer_.count<TensorMapRecord>();
      TensorMapRecord map{};
      map.elementBytes = 1;
      map.columns = map.boxColumns = 16;
      map.boxRows = 4;
      map.rows = kChunk / 2;
      if (device.hasMaps && isHead)
        writer_.add(map);
      map.operand = 2;
      map.list = map.rows = map.boxRows = 1;
      map.elementBytes = 2;
      map.columns = map.boxColumns = 8;
      if (device.hasMaps && k == Attend)
        writer_.add(map);
      uint32_t maps = writer_.count<TensorMapRecord>() - first;
      writer_.add(LaunchRecord{.symbol = text(symbols[k]),
                               .threads = 32,
                               .sharedBytes = 0,
                               .rows = isHead ? LaunchRows::HeadRows
                                              : LaunchRows::Tokens,
                               .columns = 1,
                               .perRow = 1,
                               .rowsPerTile = 1,
                               .extra = 0,
                               .firstMap = first,
                               .maps = maps});
      writer_.add(KernelRecord{text("kernel"), text(""), image, 0, 0, k, 1, 0,
                               isHead ? 64u : 0u});
    }
    if (!device.buckets.empty())
      writer_.set(Section::BUCK,
                  {reinterpret_cast<const uint8_t *>(device.buckets.data()),
                   device.buckets.size() * sizeof(uint32_t)});
  }

  void weights() {
    for (uint32_t layer = 0; layer < kLayers; ++layer) {
      for (uint32_t i = 0; i < 2; ++i) {
        uint32_t value = weightOf(layer, i);
        auto *bytes = reinterpret_cast<const uint8_t *>(&value);
        WeightRecord weight{.name = text("weight"),
                            .encoding = Encoding::F32,
                            .source = WeightSource::Constant,
                            .shard = kNone,
                            .shape = {1, 1},
                            .offset = writer_.addConstant({bytes, 4}),
                            .size = 4};
        writer_.addSlot(writer_.add(weight));
      }
      writer_.add(RowRecord{2 * layer, 2});
    }
  }

  uint32_t buffer(Storage storage, uint64_t size, uint64_t stride) {
    uint64_t &end = storage == Storage::Scratch ? scratch_ : host_;
    uint32_t index =
        writer_.add(BufferRecord{text("buffer"), storage, end, size, stride});
    end += (size + 63) / 64 * 64;
    return index;
  }
  void buffers(bool taps) {
    buffer(Storage::Scratch, 8, 0); // so that offset 0 is not what is used
    values_ = buffer(Storage::Scratch, kChunk * 8, 0);
    logits_ = buffer(Storage::Host, kHeadRows * kVocab * 4, 0);
    if (!taps)
      return;
    uint64_t slice = kChunk * kHidden * 4;
    hidden_ = buffer(Storage::Host, (kLayers + 1) * slice, slice);
    experts_ = buffer(Storage::Host, kLayers * kChunk * 4, kChunk * 4);
  }

  void step(uint32_t kernel, bool meets, std::vector<ArgRecord> arguments) {
    writer_.add(StepRecord{kernel, writer_.count<ArgRecord>(),
                           uint32_t(arguments.size()),
                           meets ? kStepBarrier : 0});
    for (const ArgRecord &argument : arguments)
      writer_.add(argument);
  }
  void hiddenStep() {
    step(TapHidden, false,
         {{ArgKind::Buffer, values_, kAccessRead, 0},
          {ArgKind::BufferOfLayer, hidden_, kAccessWrite, 0}});
  }
  template <class Fill>
  uint32_t body(uint32_t slots, Fill fill) {
    uint32_t first = writer_.count<StepRecord>();
    fill();
    return writer_.add(BodyRecord{text("body"), first,
                                  writer_.count<StepRecord>() - first, slots});
  }
  void bodies(bool taps) {
    ArgRecord values{ArgKind::Buffer, values_, kAccessRead, 0};
    ArgRecord written{ArgKind::Buffer, values_, kAccessWrite, 0};
    ArgRecord state{ArgKind::State, 0, kAccessRead, 0};
    ArgRecord appended{ArgKind::State, 0, kAccessRead | kAccessWrite, 0};
    embed_ = body(0, [&] { step(Embed, false, {written}); });
    for (bool tapped : {false, true}) {
      if (tapped && !taps)
        break;
      layer_[tapped] = body(2, [&] {
        if (tapped) {
          hiddenStep();
          step(TapExperts, false,
               {values, {ArgKind::BufferOfOrdinal, experts_, kAccessWrite, 0}});
        }
        step(Append, false,
             {values, appended, {ArgKind::Slot, 0, kAccessRead, 0}});
        step(Attend, true,
             {{ArgKind::Buffer, values_, kAccessRead | kAccessWrite, 0},
              state,
              {ArgKind::SlotList, 1, kAccessRead, 0}});
      });
    }
    if (taps)
      last_ = body(0, [&] { hiddenStep(); });
    head_ = body(0, [&] {
      step(Head, false, {values, {ArgKind::Buffer, logits_, kAccessWrite, 0}});
    });
  }

  void entries(bool taps) {
    auto entry = [&](EntryKind kind, uint32_t rows, auto fill) {
      uint32_t first = writer_.count<CallRecord>();
      fill();
      writer_.add(
          EntryRecord{kind, first, writer_.count<CallRecord>() - first, rows});
    };
    auto layers = [&](bool tapped) {
      writer_.add(CallRecord{embed_, 0, 0, 0});
      for (uint32_t layer = 0; layer < kLayers; ++layer)
        writer_.add(CallRecord{layer_[tapped], layer, layer, layer});
    };
    entry(EntryKind::Prefill, kChunk, [&] {
      layers(taps);
      if (taps)
        writer_.add(CallRecord{last_, 0, kLayers, 0});
    });
    entry(EntryKind::Decode, kDecodeTokens, [&] { layers(false); });
    entry(EntryKind::Head, kHeadRows, [&] {
      writer_.add(CallRecord{head_, 0, 0, 0});
    });
  }

  void model(bool taps) {
    ModelRecord model{};
    model.family = text("tiny");
    model.weights = text(".");
    model.hiddenSize = kHidden;
    model.numLayers = model.numMoeLayers = kLayers;
    model.vocabSize = kVocab;
    model.realTokens = kRealTokens;
    model.maxPositions = model.context = kContext;
    model.chunk = kChunk;
    model.decodeTokens = kDecodeTokens;
    model.headRows = kHeadRows;
    model.pageTokens = kPageTokens;
    model.expertsPerToken = 1;
    model.bosToken = 0;
    model.eosCount = 1;
    model.eosTokens[0] = kEnd;
    model.temperature = model.topP = model.repetitionPenalty = 1;
    model.taps = taps ? 3 : 0;
    model.logitsBuffer = logits_;
    model.hiddenTap = taps ? hidden_ : kNone;
    model.expertsTap = taps ? experts_ : kNone;
    writer_.add(model);
    uint64_t state = uint64_t(kContext) * kLayers * 8;
    writer_.add(BudgetRecord{.weights = 0,
                             .unusedWeights = 0,
                             .statePerToken = kLayers * 8,
                             .state = state,
                             .scratch = scratch_,
                             .scratchLowerBound = scratch_,
                             .host = host_,
                             .workspacePerWorker = 64,
                             .total = state + scratch_ + host_ + 64});
  }

  PlanWriter writer_;
  uint64_t scratch_ = 0, host_ = 0;
  uint32_t values_ = 0, logits_ = 0, hidden_ = 0, experts_ = 0, embed_ = 0,
           layer_[2] = {}, last_ = 0, head_ = 0;
};

} // namespace

TinyPlan::TinyPlan(bool taps, const TinyDevice *device) {
  std::vector<uint8_t> plan = Builder().build(taps, device);
  size_ = plan.size();
  bytes_.resize((plan.size() + 7) / 8);
  std::memcpy(bytes_.data(), plan.data(), plan.size());
  auto *bytes = reinterpret_cast<const uint8_t *>(bytes_.data());
  Result<PlanView> view = verifyPlan({bytes, plan.size()}, "tiny");
  view_ = *view; // the writer has verified it
  for (const WeightRecord &weight : view_.weights)
    weights_.push_back(view_.constants.data() + weight.offset);
}

std::span<const Kernel> TinyPlan::kernels() const { return kKernels; }

std::span<const uint8_t> TinyPlan::bytes() const {
  return {reinterpret_cast<const uint8_t *>(bytes_.data()), size_};
}

float tinyHidden(uint64_t value, uint32_t column) {
  return float((value >> (8 * column)) & 0xFF);
}

uint32_t tinyExpert(uint64_t value) { return uint32_t(value % 7); }

std::vector<uint64_t> tinyValues(std::span<const uint32_t> tokens,
                                 uint32_t layer) {
  std::vector<uint64_t> values;
  for (uint32_t id : tokens)
    values.push_back(embedded(id));
  for (uint32_t l = 0; l < layer; ++l) {
    uint64_t sum = 0;
    for (size_t t = 0; t < values.size(); ++t) {
      sum += rowOf(values[t], weightOf(l, 0)) * (t + 1);
      values[t] = attended(sum, weightOf(l, 1));
    }
  }
  return values;
}

std::vector<uint8_t> byteTokenizer() {
  TokenizerHeader header{};
  header.version = kTokenizerVersion;
  header.preTokenizer = PreTokenizerKind::V3;
  header.realTokens = header.textBytes = 256;
  header.bos = header.eos = kNoToken;
  std::vector<uint8_t> section;
  auto append = [&](const auto &value) {
    auto *bytes = reinterpret_cast<const uint8_t *>(&value);
    section.insert(section.end(), bytes, bytes + sizeof(value));
  };
  append(header);
  for (uint32_t byte = 0; byte < 256; ++byte)
    append(byte);
  for (uint32_t byte = 0; byte < 256; ++byte)
    append(TokenRecord{byte, 1});
  for (uint32_t byte = 0; byte < 256; ++byte)
    section.push_back(uint8_t(byte));
  return section;
}

std::vector<float> tinyLogits(std::span<const uint32_t> tokens) {
  uint64_t value = tinyValues(tokens, kLayers).back();
  std::vector<float> logits;
  for (uint32_t v = 0; v < kVocab; ++v)
    logits.push_back(logitOf(value, v));
  return logits;
}

std::vector<uint32_t> tinyGreedy(std::vector<uint32_t> tokens, uint32_t count) {
  std::vector<uint32_t> made;
  while (made.size() < count && (made.empty() || made.back() != kEnd)) {
    std::vector<float> logits = tinyLogits(tokens);
    uint32_t best = 0;
    for (uint32_t v = 1; v < kRealTokens; ++v)
      if (logits[v] > logits[best])
        best = v;
    made.push_back(best);
    tokens.push_back(best);
  }
  return made;
}

} // namespace ds::rt::test
