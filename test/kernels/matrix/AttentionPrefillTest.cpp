// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/attention_prefill/attention_prefill.h"
#include "test/kernels/matrix/PagedState.h"
#include "test/kernels/matrix/TestMatrix.h"
#include <cmath>

namespace ds::kernels::test {
namespace {

struct PrefillCase {
  AttentionPrefillShape shape;
  RaggedBatch batch;
  Random random;
  TestMatrix w;
  Buffer query, ropeQuery, o;
  PagedState state;

  PrefillCase(const KernelRow &row, AttentionPrefillShape s,
              std::vector<RaggedBatch::Sequence> sequences)
      : shape(s), batch(std::move(sequences), s.pageTokens),
        random(s.latent + s.heads),
        w(row.weights, s.heads * (s.nope + s.value), s.latent, random, 1),
        query(randomF32(size_t(batch.tokens()) * s.heads * s.headStride, random,
                        0.2f)),
        ropeQuery(randomActivations(row.activation,
                                    size_t(batch.tokens()) * s.heads * s.rope,
                                    random, 1)),
        o(size_t(batch.tokens()) * s.heads * s.value *
          elementBytes(row.activation)),
        state(row.activation, batch, s.pageTokens, s.latent + s.rope, random) {}

  KernelCase call(const KernelRow &row) const {
    const size_t element = elementBytes(row.activation) * shape.heads;
    KernelCase test{
        &shape,
        batch,
        {input(query, shape.heads * shape.headStride * sizeof(float)),
         input(ropeQuery, shape.rope * element), shared(state.buffer()),
         output(o, shape.value * element)}};
    w.appendTo(test.operands);
    return test;
  }

  /// Rows for GPUs round queries, and expanded keys and values, to bf16.
  static double rounding(const KernelRow &row) {
    return isForGPU(row) ? unitRoundoff(Activation::BF16) : 0;
  }

  /// Element r of the expanded key and value of token u.
  Inexact expanded(const KernelRow &row, uint32_t b, uint32_t u, uint32_t h,
                   uint32_t r) const {
    Sum sum;
    for (uint32_t c = 0; c < shape.latent; ++c)
      sum.add(w.value(h * (shape.nope + shape.value) + r, c) *
              state.value(b, u, c));
    const double error = sum.magnitude * dotError(row, shape.latent);
    return {sum.value, error + rounding(row) * (std::abs(sum.value) + error)};
  }

  void expectFormula(const KernelRow &row) const {
    auto rope = values(ropeQuery, row.activation);
    // One chain of additions over nope and rope, or the tensor cores' sum; then
    // the scale.
    const uint32_t columns = shape.nope + shape.rope;
    const double chain =
        isForGPU(row) ? mmaError(columns) + 0x1p-24 : (columns + 2) * 0x1p-24;
    const uint32_t sequences = uint32_t(batch.firstToken.size() - 1);
    std::vector<double> want(o.bytes() / elementBytes(row.activation)),
        bound(want.size());
    for (uint32_t b = 0; b < sequences; ++b)
      for (uint32_t h = 0; h < shape.heads; ++h) {
        if (batch.firstToken[b] == batch.firstToken[b + 1])
          continue;
        const uint32_t keys = batch.positions[batch.firstToken[b + 1] - 1] + 1;
        std::vector<std::vector<Inexact>> rows(keys);
        for (uint32_t u = 0; u < keys; ++u)
          for (uint32_t r = 0; r < shape.nope + shape.value; ++r)
            rows[u].push_back(expanded(row, b, u, h, r));
        for (uint32_t t = batch.firstToken[b]; t < batch.firstToken[b + 1];
             ++t) {
          const size_t place = size_t(t) * shape.heads + h;
          std::vector<Inexact> scores;
          for (uint32_t u = 0; u <= batch.positions[t]; ++u) {
            Sum sum;
            double error = 0;
            for (uint32_t d = 0; d < shape.nope; ++d) {
              double q = query.get<float>(place * shape.headStride + d);
              sum.add(q * rows[u][d].value);
              error += std::abs(q) *
                       (rows[u][d].error +
                        rounding(row) *
                            (rows[u][d].error + std::abs(rows[u][d].value)));
            }
            for (uint32_t r = 0; r < shape.rope; ++r)
              sum.add(rope[place * shape.rope + r] *
                      state.value(b, u, shape.latent + r));
            scores.push_back({sum.value * shape.scale,
                              shape.scale * (error + sum.magnitude * chain)});
          }
          for (uint32_t v = 0; v < shape.value; ++v) {
            std::vector<Inexact> column;
            for (uint32_t u = 0; u <= batch.positions[t]; ++u)
              column.push_back(rows[u][shape.nope + v]);
            Inexact result = attend(row, scores, column);
            want[place * shape.value + v] = result.value;
            bound[place * shape.value + v] =
                result.error + outputError(row.activation, result.value);
          }
        }
      }
    expectWithin(values(o, row.activation), want, bound);
  }
};

// heads, nope, rope, value, latent, headStride, pageTokens, maxTokens, context,
// scale
const AttentionPrefillShape kShapes[] = {
    {1, 1, 2, 1, 1, 3, 1, 150, 165, 0.5f},
    {3, 7, 4, 5, 31, 11, 5, 150, 165, 0.3f},
    {2, 32, 16, 32, 128, 48, 16, 150, 165, 0.2f},
    {3, 33, 6, 65, 65, 41, 7, 150, 165, 0.2f},
    {1, 128, 64, 128, 200, 192, 64, 150, 165, 0.1f}};

TEST(AttentionPrefill, EveryRowComputesTheFormulaOverSeveralPages) {
  for (const NativeKernel &kernel : runnableKernels("attention_prefill"))
    for (AttentionPrefillShape shape : kShapes) {
      SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                   std::to_string(shape.latent));
      PrefillCase test(kernel.row, shape, {{0, 19}, {3, 1}, {61, 9}, {0, 70}});
      expectSplitIndependent(kernel, test.call(kernel.row));
      test.expectFormula(kernel.row);
    }
}

// More columns of o than a tile of a GPU has.
TEST(AttentionPrefill, ValuesMayBeWiderThanKeys) {
  for (const NativeKernel &kernel : runnableKernels("attention_prefill")) {
    SCOPED_TRACE(kernel.row.name);
    PrefillCase test(kernel.row, {2, 16, 2, 147, 24, 18, 16, 150, 165, 0.3f},
                     {{0, 9}, {66, 5}});
    runKernel(kernel, test.call(kernel.row));
    test.expectFormula(kernel.row);
  }
}

// Token by token is every way to cut a prompt at once.
TEST(AttentionPrefill, ATokenHasTheSameBitsHoweverThePromptIsCut) {
  for (const NativeKernel &kernel : runnableKernels("attention_prefill"))
    for (AttentionPrefillShape shape : kShapes) {
      SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                   std::to_string(shape.latent));
      PrefillCase test(kernel.row, shape, {{0, 37}, {30, 6}});
      expectTokenIndependent(kernel, test.call(kernel.row));
    }
}

TEST(AttentionPrefill, BlocksOfKeysAndQueriesMayEndAnywhere) {
  for (const NativeKernel &kernel : runnableKernels("attention_prefill")) {
    SCOPED_TRACE(kernel.row.name);
    PrefillCase test(kernel.row, {1, 16, 4, 24, 32, 20, 8, 150, 260, 0.3f},
                     {{49, 81}, {}, {125, 5}});
    expectTokenIndependent(kernel, test.call(kernel.row));
  }
}

TEST(AttentionPrefill, AnInfiniteLaterTokenDoesNotReachEarlierOnes) {
  for (const NativeKernel &kernel : runnableKernels("attention_prefill"))
    for (uint32_t past : {0, 59}) {
      PrefillCase test(kernel.row, kShapes[2], {{past, 22}});
      test.state.set(0, past + 7, 3, HUGE_VALF);
      runKernel(kernel, test.call(kernel.row));
      auto o = values(test.o, kernel.row.activation);
      for (size_t i = 0; i < o.size(); ++i)
        ASSERT_EQ(std::isfinite(o[i]), i / (2 * 32) < 7)
            << kernel.row.name << " element " << i;
    }
}

} // namespace
} // namespace ds::kernels::test
