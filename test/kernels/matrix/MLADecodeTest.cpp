// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/mla_decode/mla_decode.h"
#include "test/kernels/matrix/PagedState.h"
#include "test/kernels/matrix/TestMatrix.h"

namespace ds::kernels::test {
namespace {

struct DecodeCase {
  MLADecodeShape shape;
  RaggedBatch batch;
  Random random;
  Buffer latentQuery, ropeQuery, o;
  PagedState state;

  DecodeCase(const KernelRow &row, MLADecodeShape s,
             std::vector<RaggedBatch::Sequence> sequences)
      : shape(s), batch(std::move(sequences), s.pageTokens),
        random(s.latent + s.heads),
        latentQuery(randomActivations(
            row.activation, size_t(batch.tokens()) * s.heads * s.latent, random,
            1)),
        ropeQuery(randomActivations(row.activation,
                                    size_t(batch.tokens()) * s.heads * s.rope,
                                    random, 1)),
        o(size_t(batch.tokens()) * s.heads * s.latent *
          elementBytes(row.activation)),
        state(row.activation, batch, s.pageTokens, s.latent + s.rope, random) {}

  KernelCase call(const KernelRow &row) const {
    const size_t element = elementBytes(row.activation) * shape.heads;
    return {&shape,
            batch,
            {input(latentQuery, shape.latent * element),
             input(ropeQuery, shape.rope * element), shared(state.buffer()),
             output(o, shape.latent * element)}};
  }

  void expectFormula(const KernelRow &row) const {
    auto latent = values(latentQuery, row.activation);
    auto rope = values(ropeQuery, row.activation);
    const uint32_t columns = shape.latent + shape.rope;
    // One more rounding in the scale; on GPUs one where two halves are added.
    const double dot = (isForGPU(row) ? mmaError(columns) + 0x1p-24
                                      : dotError(row, columns)) +
                       0x1p-24;
    std::vector<double> want, bound;
    for (uint32_t i = 0; i < batch.tokens() * shape.heads; ++i) {
      const uint32_t t = i / shape.heads, b = batch.sequenceOf[t];
      std::vector<Inexact> scores;
      for (uint32_t u = 0; u <= batch.positions[t]; ++u) {
        Sum sum;
        for (uint32_t c = 0; c < shape.latent; ++c)
          sum.add(latent[size_t(i) * shape.latent + c] * state.value(b, u, c));
        for (uint32_t r = 0; r < shape.rope; ++r)
          sum.add(rope[size_t(i) * shape.rope + r] *
                  state.value(b, u, shape.latent + r));
        scores.push_back(
            {sum.value * shape.scale, sum.magnitude * shape.scale * dot});
      }
      for (uint32_t c = 0; c < shape.latent; ++c) {
        std::vector<Inexact> column;
        for (uint32_t u = 0; u <= batch.positions[t]; ++u)
          column.push_back({state.value(b, u, c), 0});
        Inexact result = attend(row, scores, column);
        want.push_back(result.value);
        bound.push_back(result.error +
                        outputError(row.activation, result.value));
      }
    }
    expectWithin(values(o, row.activation), want, bound);
  }
};

// heads, latent, rope, pageTokens, context, scale
const MLADecodeShape kShapes[] = {
    {1, 1, 2, 1, 300, 1.0f},     {3, 31, 6, 5, 300, 0.3f},
    {9, 65, 8, 16, 300, 0.2f},   {16, 128, 16, 64, 300, 0.1352f},
    {13, 200, 10, 7, 300, 0.1f}, {8, 512, 64, 64, 300, 0.1f}};

TEST(MLADecode, EveryRowComputesTheFormulaOverSeveralPages) {
  for (const NativeKernel &kernel : runnableKernels("mla_decode"))
    for (MLADecodeShape shape : kShapes) {
      SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                   std::to_string(shape.latent));
      DecodeCase test(kernel.row, shape, {{0, 1}, {37, 1}, {63, 1}, {129, 2}});
      expectSplitIndependent(kernel, test.call(kernel.row));
      test.expectFormula(kernel.row);
    }
}

TEST(MLADecode, ATokenHasTheSameBitsAloneAndAmongOthers) {
  for (const NativeKernel &kernel : runnableKernels("mla_decode"))
    for (MLADecodeShape shape : kShapes) {
      SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                   std::to_string(shape.latent));
      DecodeCase test(kernel.row, shape, {{20, 6}, {0, 3}, {64, 1}});
      expectTokenIndependent(kernel, test.call(kernel.row));
    }
}

// Keys beyond the 256th are another block's on a GPU, unless the run is large
// or has more such blocks than its context leads to expect.
TEST(MLADecode, ATokenOfManyKeysHasTheSameBitsInSmallAndInLargeRuns) {
  for (const NativeKernel &kernel : runnableKernels("mla_decode")) {
    for (uint32_t context : {4096, 1024}) {
      SCOPED_TRACE(std::string(kernel.row.name) + " context " +
                   std::to_string(context));
      const MLADecodeShape shape{20, 48, 16, 64, context, 0.15f};
      DecodeCase few(kernel.row, shape, {{600, 2}, {255, 2}, {511, 2}});
      expectTokenIndependent(kernel, few.call(kernel.row));
      few.expectFormula(kernel.row);
    }
    SCOPED_TRACE(std::string(kernel.row.name) + ", 66 tokens");
    DecodeCase many(kernel.row, {20, 48, 16, 64, 4096, 0.15f}, {{239, 66}});
    expectTokenIndependent(kernel, many.call(kernel.row));
  }
}

TEST(MLADecode, ScoresFarApartDoNotOverflow) {
  for (const NativeKernel &kernel : runnableKernels("mla_decode")) {
    DecodeCase test(kernel.row, {4, 64, 16, 8, 64, 30.0f}, {{40, 1}});
    runKernel(kernel, test.call(kernel.row));
    for (double value : values(test.o, kernel.row.activation))
      ASSERT_LE(std::abs(value), 2.01) << kernel.row.name; // as the state's
  }
}

} // namespace
} // namespace ds::kernels::test
