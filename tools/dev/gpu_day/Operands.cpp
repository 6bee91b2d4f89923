// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dev/gpu_day/Operands.h"
#include "kernels/Contracts.h"
#include "kernels/base/Types.h"
#include <algorithm>
#include <cstring>
#include <numeric>

namespace ds::day {
using namespace kernels;
namespace {

constexpr uint32_t kVocab = 129280;

/// A small generator; the same numbers everywhere.
struct Random {
  uint64_t state = 0x9e3779b97f4a7c15;
  uint32_t next() {
    state = state * 6364136223846793005 + 1442695040888963407;
    return uint32_t(state >> 32);
  }
  uint32_t below(uint32_t limit) { return next() % limit; }
  float within(float low, float high) {
    return low + float(next() >> 8) * 0x1p-24f * (high - low);
  }
};

/// Makes operands one after the other.
class Builder {
public:
  Builder(const KernelRow &row, const Run &run) : row_(row), run(run) {}

  /// f32 values within [low, high].
  void f32(size_t count, float low = -1, float high = 1) {
    add(floats(values(count, low, high)));
  }
  /// The A of a contract.
  void activations(size_t rows, size_t columns) {
    std::vector<float> value = values(rows * columns, -1, 1);
    switch (row_.activation) {
    case Activation::BF16: {
      auto bytes = std::make_shared<Bytes>(value.size() * 2);
      for (size_t i = 0; i < value.size(); ++i) {
        bf16 rounded = toBF16(value[i]);
        std::memcpy(bytes->data() + 2 * i, &rounded, 2);
        value[i] = toFloat(rounded);
      }
      add(bytes, floats(value));
      break;
    }
    case Activation::F8E4M3Group128: {
      add(codes(value.size()));
      add(floats(values(rows * ((columns + 127) / 128), 1e-3f, 4e-3f)));
      break;
    }
    default:
      add(floats(value));
    }
  }
  void u32(const std::vector<uint32_t> &value) {
    auto bytes = std::make_shared<Bytes>(value.size() * 4);
    std::memcpy(bytes->data(), value.data(), bytes->size());
    add(bytes);
  }
  void bf16s(size_t count) {
    auto bytes = std::make_shared<Bytes>(count * 2);
    for (size_t i = 0; i < count; ++i) {
      bf16 value = toBF16(random.within(-1, 1));
      std::memcpy(bytes->data() + 2 * i, &value, 2);
    }
    add(bytes);
  }
  /// A weight matrix, and its factors where the row has them.
  void matrix(size_t rows, size_t columns) {
    for (auto &bytes : matrixBytes(rows, columns))
      add(bytes);
  }
  void list(size_t matrices, size_t rows, size_t columns) {
    Operand operand;
    for (size_t i = 0; i < matrices; ++i)
      for (auto &bytes : matrixBytes(rows, columns))
        operand.list.push_back(bytes);
    operands.push_back(operand);
  }
  void output(size_t count, Element element) {
    outputAs(count, element, element);
  }
  /// Of the A of a contract, which is f32 in the reference.
  void outputActivations(size_t count) {
    bool isBF16 = row_.activation == Activation::BF16;
    outputAs(count, isBF16 ? Element::BF16 : Element::F32, Element::F32);
  }
  /// The rows of a state: pages of all sequences.
  void state(size_t columns) {
    activations(size_t(run.tokens) * Run::kPages * Run::kPageTokens, columns);
  }
  /// Codes and their scales.
  void outputCodes(size_t rows, size_t columns) {
    output(rows * columns, Element::F8);
    output(rows * ((columns + 127) / 128), Element::F32);
  }
  /// Of the A of a contract, codes with scales too.
  void outputRows(size_t rows, size_t columns) {
    if (row_.activation == Activation::F8E4M3Group128)
      outputCodes(rows, columns);
    else
      outputActivations(rows * columns);
  }
  /// A state that the row writes some rows of.
  void outputState(size_t columns) {
    bool isBF16 = row_.activation == Activation::BF16;
    outputAs(size_t(run.tokens) * Run::kPages * Run::kPageTokens * columns,
             isBF16 ? Element::BF16 : Element::F32, Element::F32, 0);
  }
  /// (cos, sin) of angles.
  void angles(size_t pairs) { f32(run.tokens * pairs * 2); }

  std::vector<Operand> operands;
  Random random;

private:
  static size_t bytesOf(Element element) {
    return element == Element::F8 ? 1 : element == Element::BF16 ? 2 : 4;
  }
  void outputAs(size_t count, Element device, Element reference,
                uint8_t before = 0xff) {
    Operand operand;
    operand.device = std::make_shared<Bytes>(count * bytesOf(device), before);
    operand.reference =
        std::make_shared<Bytes>(count * bytesOf(reference), before);
    operand.isOutput = true;
    operand.onDevice = device;
    operand.inReference = reference;
    operands.push_back(operand);
  }
  void add(std::shared_ptr<Bytes> device,
           std::shared_ptr<Bytes> reference = nullptr) {
    Operand operand;
    operand.device = device;
    operand.reference = reference ? reference : device;
    operands.push_back(operand);
  }
  std::vector<float> values(size_t count, float low, float high) {
    std::vector<float> value(count);
    for (float &each : value)
      each = random.within(low, high);
    return value;
  }
  static std::shared_ptr<Bytes> floats(const std::vector<float> &value) {
    auto bytes = std::make_shared<Bytes>(value.size() * 4);
    std::memcpy(bytes->data(), value.data(), bytes->size());
    return bytes;
  }
  /// Neither NaN nor large: magnitudes below 16.
  std::shared_ptr<Bytes> codes(size_t count) {
    auto bytes = std::make_shared<Bytes>(count);
    fill(*bytes, [&] {
      uint32_t four = random.next();
      return four & 0xbfbfbfbf; // bit 6 is the exponent's highest
    });
    return bytes;
  }
  /// Whole words, from a stock of them: gigabytes of weights would take long.
  template <class Word>
  void fill(Bytes &bytes, Word &&word) {
    const size_t stock = std::min<size_t>(bytes.size(), 1 << 24);
    for (size_t i = 0; i < stock; i += 4) {
      uint32_t value = word();
      std::memcpy(bytes.data() + i, &value, std::min<size_t>(4, stock - i));
    }
    // Not a power of two, or rows would repeat.
    const size_t period = std::min<size_t>(stock, (1 << 24) - 4096 - 4);
    for (size_t at = stock; at < bytes.size();) {
      size_t count = std::min(period, bytes.size() - at);
      std::memcpy(bytes.data() + at, bytes.data() + 4, count);
      at += count;
    }
  }
  std::vector<std::shared_ptr<Bytes>> matrixBytes(size_t rows, size_t columns) {
    if (row_.weights == Weights::F8E4M3Block128)
      return {codes(rows * columns),
              floats(values(((rows + 127) / 128) * ((columns + 127) / 128),
                            1e-3f, 4e-3f))};
    auto bytes = std::make_shared<Bytes>(rows * columns * 2);
    fill(*bytes, [&] { // two of magnitude 2^-8 .. 2^-1
      uint32_t two = random.next();
      return (two & 0x83ff83ff) | 0x3c003c00;
    });
    return {bytes};
  }

  const KernelRow &row_;

public:
  const Run &run;
};

std::vector<uint32_t> chosenExperts(Random &random, uint32_t tokens,
                                    uint32_t topk, uint32_t experts) {
  std::vector<uint32_t> ids;
  for (uint32_t t = 0; t < tokens; ++t) {
    uint32_t first = random.below(experts); // distinct within the token
    for (uint32_t k = 0; k < topk; ++k)
      ids.push_back((first + k * (experts / topk)) % experts);
  }
  return ids;
}

void describe(Builder &to, const AbsorbQueryShape &s) {
  to.f32(size_t(to.run.tokens) * s.heads * s.headStride);
  to.outputActivations(size_t(to.run.tokens) * s.heads * s.latent);
  to.matrix(size_t(s.heads) * s.weightRows, s.latent);
}
void describe(Builder &to, const AbsorbValueShape &s) {
  to.activations(size_t(to.run.tokens) * s.heads, s.latent);
  to.outputActivations(size_t(to.run.tokens) * s.heads * s.value);
  to.matrix(size_t(s.heads) * s.weightRows, s.latent);
}
void describe(Builder &to, const AbsorbValueQuantizeShape &s) {
  to.activations(size_t(to.run.tokens) * s.heads, s.latent);
  to.outputCodes(to.run.tokens, size_t(s.heads) * s.value);
  to.matrix(size_t(s.heads) * s.weightRows, s.latent);
}
void describe(Builder &to, const AddRMSNormQuantizeShape &s) {
  const size_t count = size_t(to.run.tokens) * s.n;
  to.f32(count);
  to.f32(count);
  to.output(count, Element::F32);
  if (s.keep)
    to.outputActivations(count);
  to.outputCodes(to.run.tokens, s.n);
  to.bf16s(s.n);
}
void describe(Builder &to, const AddRMSNormShape &s) {
  const size_t count = size_t(to.run.tokens) * s.n;
  to.f32(count);
  to.f32(count);
  to.output(count, Element::F32);
  to.outputActivations(count);
  to.bf16s(s.n);
}
void describe(Builder &to, const AddRowsShape &s) {
  const size_t count = size_t(to.run.tokens) * s.n;
  to.f32(count);
  to.f32(count);
  to.output(count, Element::F32);
}
void describe(Builder &to, const ArgmaxShape &s) {
  to.f32(size_t(to.run.tokens) * s.n);
  to.output(to.run.tokens, Element::U32);
}
void describe(Builder &to, const AttentionPrefillShape &s) {
  const size_t heads = size_t(to.run.tokens) * s.heads;
  to.f32(heads * s.headStride);
  to.activations(heads, s.rope);
  to.state(s.latent + s.rope);
  to.outputActivations(heads * s.value);
  to.matrix(size_t(s.heads) * (s.nope + s.value), s.latent);
}
void describe(Builder &to, const CastShape &s) {
  const size_t count = size_t(to.run.tokens) * s.rowsPerToken * s.n;
  to.f32(count);
  to.output(count, Element::BF16);
}
void describe(Builder &to, const CombineShape &s) {
  const uint32_t slots = s.topk + (s.shared == 2);
  std::vector<uint32_t> slotOf(size_t(to.run.tokens) * slots);
  std::iota(slotOf.rbegin(), slotOf.rend(), 0);
  to.f32(slotOf.size() * s.hidden);
  to.u32(slotOf);
  to.f32(size_t(to.run.tokens) * s.topk, 0, 1);
  if (s.shared == 1)
    to.f32(size_t(to.run.tokens) * s.hidden);
  to.output(size_t(to.run.tokens) * s.hidden, Element::F32);
}
void describe(Builder &to, const CopyRowsShape &s) {
  to.f32(size_t(to.run.tokens) * s.n);
  to.output(size_t(to.run.tokens) * s.n, Element::F32);
}
void describe(Builder &to, const EmbeddingShape &s) {
  to.output(size_t(to.run.tokens) * s.hidden, Element::F32);
  to.output(size_t(to.run.tokens) * s.hidden, Element::F32);
  to.bf16s(size_t(s.vocab) * s.hidden);
}
void describe(Builder &to, const ExpertPlanShape &s) {
  const uint32_t slots = s.topk + (s.shared != 0);
  to.u32(chosenExperts(to.random, to.run.tokens, s.topk, s.experts));
  to.output(s.experts + (s.shared != 0) + 1, Element::U32);
  to.output(size_t(to.run.tokens) * slots, Element::U32);
  to.output(size_t(to.run.tokens) * slots, Element::U32);
}
/// Logits and choices; the bias comes after what else the row gives.
template <class Shape>
void describeGate(Builder &to, const Shape &s) {
  to.f32(size_t(to.run.tokens) * s.experts, -4, 4);
  to.output(size_t(to.run.tokens) * s.topk, Element::U32);
  to.output(size_t(to.run.tokens) * s.topk, Element::F32);
}
void describeBias(Builder &to, uint32_t bias, uint32_t experts) {
  if (bias == 1)
    to.f32(experts, -0.01f, 0.01f);
  else if (bias == 2)
    to.bf16s(experts);
}
void describe(Builder &to, const GateTopkShape &s) {
  describeGate(to, s);
  describeBias(to, s.bias, s.experts);
}
void describe(Builder &to, const GatePlanShape &s) {
  const uint32_t slots = to.run.tokens * (s.topk + (s.shared != 0));
  describeGate(to, s);
  to.output(s.experts + (s.shared != 0) + 1, Element::U32);
  to.output(slots, Element::U32);
  to.output(slots, Element::U32);
  describeBias(to, s.bias, s.experts);
}
void describe(Builder &to, const GatedLinearShape &s) {
  to.activations(to.run.tokens, s.in);
  to.outputRows(to.run.tokens, s.out);
  to.matrix(s.out, s.in);
  to.matrix(s.out, s.in);
}
/// offsets and token_of of tokens that chose at random.
void describeSlots(Builder &to, uint32_t topk, uint32_t experts) {
  std::vector<uint32_t> ids =
      chosenExperts(to.random, to.run.tokens, topk, experts);
  std::vector<uint32_t> offsets{0}, tokenOf;
  for (uint32_t e = 0; e < experts; ++e) {
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] == e)
        tokenOf.push_back(uint32_t(i) / topk);
    offsets.push_back(uint32_t(tokenOf.size()));
  }
  to.u32(offsets);
  to.u32(tokenOf);
}
void describe(Builder &to, const GroupedGatedLinearShape &s) {
  to.activations(to.run.tokens, s.in);
  describeSlots(to, s.topk, s.experts);
  to.outputRows(size_t(to.run.tokens) * s.topk, s.out);
  to.list(size_t(s.experts) * 2, s.out, s.in);
}
void describe(Builder &to, const GroupedLinearShape &s) {
  const size_t slots = size_t(to.run.tokens) * s.topk;
  to.activations(s.gather ? to.run.tokens : slots, s.in);
  describeSlots(to, s.topk, s.experts);
  to.output(slots * s.parts * s.out, Element::F32);
  to.list(size_t(s.experts) * s.parts, s.out, s.in);
}
void describe(Builder &to, const HeadNormShape &s) {
  to.f32(size_t(to.run.tokens) * s.n);
  to.f32(size_t(to.run.tokens) * s.n);
  to.outputActivations(size_t(to.run.tokens) * s.n);
  to.bf16s(s.n);
}
void describe(Builder &to, const LatentAppendShape &s) {
  to.f32(size_t(to.run.tokens) * s.inStride);
  to.angles(s.rope / 2);
  to.outputState(s.latent + s.rope);
  to.bf16s(s.latent);
}
void describe(Builder &to, const LinearShape &s) {
  to.activations(to.run.tokens, s.in);
  to.output(size_t(to.run.tokens) * linearColumns(s), Element::F32);
  for (uint32_t part = 0; part < s.parts; ++part)
    to.matrix(linearOut(s, part), s.in);
}
void describe(Builder &to, const MLADecodeShape &s) {
  to.activations(size_t(to.run.tokens) * s.heads, s.latent);
  to.activations(size_t(to.run.tokens) * s.heads, s.rope);
  to.state(s.latent + s.rope);
  to.outputActivations(size_t(to.run.tokens) * s.heads * s.latent);
}
void describe(Builder &to, const QuantizeShape &s) {
  const size_t rows = size_t(to.run.tokens) * s.rowsPerToken;
  to.activations(rows, s.n);
  to.outputCodes(rows, s.n);
}
void describe(Builder &to, const QueryNormAppendShape &s) {
  to.f32(size_t(to.run.tokens) * s.inStride);
  to.angles(s.rope / 2);
  to.outputState(s.latent + s.rope);
  if (s.codes)
    to.outputCodes(to.run.tokens, s.n);
  else
    to.outputActivations(size_t(to.run.tokens) * s.n);
  to.bf16s(s.n);
  to.bf16s(s.latent);
}
void describe(Builder &to, const RMSNormShape &s) {
  to.f32(size_t(to.run.tokens) * s.inStride);
  to.outputActivations(size_t(to.run.tokens) * s.n);
  to.bf16s(s.n);
}
void describe(Builder &to, const RopeShape &s) {
  to.f32(size_t(to.run.tokens) * s.inStride);
  to.angles(s.dim / 2);
  to.outputActivations(size_t(to.run.tokens) * s.heads * s.dim);
}
void describe(Builder &to, const RopeAbsorbQueryShape &s) {
  to.f32(size_t(to.run.tokens) * s.heads * s.headStride);
  to.angles(s.rope / 2);
  to.outputActivations(size_t(to.run.tokens) * s.heads * s.latent);
  to.outputActivations(size_t(to.run.tokens) * s.heads * s.rope);
  to.matrix(size_t(s.heads) * s.weightRows, s.latent);
}
void describe(Builder &to, const RopeTableShape &s) {
  to.output(size_t(to.run.tokens) * s.pairs * 2, Element::F32);
  to.f32(s.pairs, 1e-4f, 1);
}
void describe(Builder &to, const SwiGLUShape &s) {
  const size_t rows = size_t(to.run.tokens) * s.rowsPerToken;
  to.f32(rows * 2 * s.n);
  to.outputActivations(rows * s.n);
}
/// What has no function of its own above.
template <class Shape>
void describe(Builder &, const Shape &) {}

} // namespace

Run::Run(uint32_t tokens)
    : tokens(tokens), positions(tokens, kPast), sequenceOf(tokens),
      firstToken(tokens + 1), pageTable(size_t(tokens) * kPages),
      rowIndex(tokens) {
  Random random;
  for (uint32_t t = 0; t < tokens; ++t)
    tokenIds.push_back(random.below(kVocab));
  std::iota(sequenceOf.begin(), sequenceOf.end(), 0);
  std::iota(firstToken.begin(), firstToken.end(), 0);
  std::iota(rowIndex.begin(), rowIndex.end(), 0);
  std::iota(pageTable.begin(), pageTable.end(), 0);
  for (size_t i = pageTable.size(); i > 1; --i)
    std::swap(pageTable[i - 1], pageTable[random.below(uint32_t(i))]);
}

Batch Run::view() const {
  return {tokens,
          tokens,
          tokens,
          kPages,
          tokenIds.data(),
          positions.data(),
          sequenceOf.data(),
          firstToken.data(),
          pageTable.data(),
          rowIndex.data()};
}

std::vector<Operand> operandsOf(const KernelRow &row, const void *shape,
                                const Run &run) {
  Builder builder(row, run);
#define FAMILY(Name, folder, camel, SHAPE)                                     \
  if (row.family->name == #folder)                                             \
    describe(builder, *static_cast<const Name##Shape *>(shape));
#include "kernels/Families.def"
  return builder.operands;
}

const KernelRow *referenceOf(const KernelRow &row) {
  Activation activation =
      row.activation == Activation::BF16 ? Activation::F32 : row.activation;
  for (const KernelRow &other : kernelRows())
    if (other.family == row.family && other.level == Level::Generic &&
        other.weights == row.weights && other.activation == activation)
      return &other;
  return nullptr;
}

} // namespace ds::day
