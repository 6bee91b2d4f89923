// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Families that compute neighbouring calls in one: add_rms_norm_quantize,
// query_norm_append, gate_plan. Each is compared with the calls it stands for,
// as the reference rows compute them: to the bit where it is a reference row
// itself, else within what its own norm may be off by (NormTest.cpp).
#include "kernels/Contracts.h"
#include "kernels/base/Quantize.h"
#include "test/kernels/Quantized.h"
#include <cmath>

namespace ds::kernels::test {
namespace {

constexpr float kEps = 1e-6f;
const uint32_t kWidths[] = {1, 96, 127, 128, 129, 320, 576};

/// What f32 norms of n columns may be off by, besides a rounding to `type`.
std::vector<double> normBound(const std::vector<double> &want, uint32_t n,
                              Activation type) {
  std::vector<double> bound;
  for (double y : want)
    bound.push_back(std::abs(y) *
                        ((double(n) / 2 + 4) * 0x1p-24 + unitRoundoff(type)) +
                    0x1p-149);
  return bound;
}

/// Codes and scales of the f32 rows in `x`.
struct Codes {
  Buffer codes, scales;
  Codes(size_t rows, uint32_t n)
      : codes(rows * n), scales(rows * scaleGroups(n) * sizeof(float)) {}
};

void quantize(const Buffer &x, uint32_t n, uint32_t format,
              const RaggedBatch &batch, const Codes &to) {
  QuantizeShape shape{n, 1, format};
  runKernel(
      nativeKernel("quantize_f32_generic"),
      {&shape, batch, {shared(x), output(to.codes, 0), output(to.scales, 0)}});
}

TEST(AddRMSNormQuantize, IsTheNormQuantisedFromF32) {
  for (const NativeKernel &kernel : runnableKernels("add_rms_norm_quantize"))
    for (uint32_t n : kWidths)
      for (uint32_t keep : {0u, 1u})
        for (uint32_t format : {kScaleF32, kScaleUE8M0}) {
          SCOPED_TRACE(std::string(kernel.row.name) + " n " +
                       std::to_string(n));
          Random random(n + keep);
          Activation type = kernel.row.activation;
          RaggedBatch batch({{0, 3}, {5, 1}, {17, 2}}, 4);
          const size_t rows = batch.tokens(), count = rows * n;
          Buffer residual = randomF32(count, random, 2);
          Buffer delta = randomF32(count, random, 2);
          Buffer gain = randomBF16(n, random, 2, 1);
          Buffer wantSum(count * 4), u(count * 4);
          AddRMSNormShape norm{n, kEps};
          runKernel(nativeKernel("add_rms_norm_f32_generic"),
                    {&norm,
                     batch,
                     {shared(residual), shared(delta), output(wantSum, 0),
                      output(u, 0), shared(gain)}});
          Codes want(rows, n), got(rows, n);
          quantize(u, n, format, batch, want);

          AddRMSNormQuantizeShape shape{n, keep, format, kEps};
          Buffer sum(count * 4), y(count * elementBytes(type));
          KernelCase test{&shape,
                          batch,
                          {input(residual, n * 4), input(delta, n * 4),
                           output(sum, n * 4)}};
          if (keep)
            test.operands.push_back(output(y, n * elementBytes(type)));
          test.operands.push_back(output(got.codes, n));
          test.operands.push_back(output(got.scales, scaleGroups(n) * 4));
          test.operands.push_back(shared(gain));
          expectTokenIndependent(kernel, test);
          expectSplitIndependent(kernel, test);
          expectSameBits(sum, wantSum, "residual_out");
          auto values = test::values(u, Activation::F32);
          if (keep)
            expectWithin(test::values(y, type), values,
                         normBound(values, n, type));
          expectQuantized(got.codes, got.scales, n, format, values,
                          normBound(values, n, Activation::F32));
          if (kernel.row.level != Level::Generic)
            continue;
          expectSameBits(got.codes, want.codes, "codes");
          expectSameBits(got.scales, want.scales, "scales");
        }
}

TEST(QueryNormAppend, IsTheQuerysNormAndTheLatentsAppend) {
  struct Widths {
    uint32_t n, latent, rope;
  };
  for (const NativeKernel &kernel : runnableKernels("query_norm_append"))
    for (Widths w :
         {Widths{1, 1, 2}, {96, 64, 16}, {129, 63, 6}, {320, 129, 64}})
      for (uint32_t codes : {0u, 1u}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " n " +
                     std::to_string(w.n));
        Random random(w.n);
        Activation type = kernel.row.activation;
        const uint32_t row = w.latent + w.rope, stride = w.n + row + 9;
        QueryNormAppendShape shape{w.n,       4,      w.latent, w.rope,
                                   w.n + 7,   stride, 3,        codes,
                                   kScaleF32, kEps,   2 * kEps};
        RaggedBatch batch({{0, 4}, {5, 1}, {2, 5}}, shape.pageTokens);
        const size_t rows = batch.tokens();
        Buffer x = randomF32(rows * stride, random, 3);
        Buffer angles = randomF32(rows * w.rope, random, 1);
        Buffer queryGain = randomBF16(w.n, random, 2, 1);
        Buffer latentGain = randomBF16(w.latent, random, 2, 1);
        const size_t stateValues = size_t(batch.pages) * 3 * row;
        Buffer u(rows * w.n * 4), wantState(stateValues * 4);
        RMSNormShape norm{w.n, stride, 4, kEps};
        runKernel(nativeKernel("rms_norm_f32_generic"),
                  {&norm, batch, {shared(x), output(u, 0), shared(queryGain)}});
        LatentAppendShape append = latentAppendOf(shape);
        runKernel(nativeKernel("latent_append_f32_generic"),
                  {&append,
                   batch,
                   {shared(x), shared(angles), output(wantState, 0),
                    shared(latentGain)}});
        Codes want(rows, w.n), got(rows, w.n);
        quantize(u, w.n, kScaleF32, batch, want);

        Buffer y(rows * w.n * elementBytes(type));
        Buffer state(stateValues * elementBytes(type));
        KernelCase test{&shape,
                        batch,
                        {input(x, stride * 4), input(angles, w.rope * 4),
                         output(state, 0)}};
        if (codes) {
          test.operands.push_back(output(got.codes, w.n));
          test.operands.push_back(output(got.scales, scaleGroups(w.n) * 4));
        } else {
          test.operands.push_back(output(y, w.n * elementBytes(type)));
        }
        test.operands.push_back(shared(queryGain));
        test.operands.push_back(shared(latentGain));
        expectTokenIndependent(kernel, test);
        expectSplitIndependent(kernel, test);
        auto values = test::values(u, Activation::F32);
        if (codes)
          expectQuantized(got.codes, got.scales, w.n, kScaleF32, values,
                          normBound(values, w.n, Activation::F32));
        else
          expectWithin(test::values(y, type), values,
                       normBound(values, w.n, type));
        // Rows that no token has stay poisoned: NaN in both. A rotation has two
        // products; each is at most 1.5 times what it gives to the bound.
        auto rows32 = test::values(wantState, Activation::F32);
        auto bound = normBound(rows32, w.latent, type);
        for (double &b : bound)
          b += 3 * 3 * 0x1p-23;
        expectWithin(test::values(state, type), rows32, bound);
        if (kernel.row.level != Level::Generic)
          continue;
        expectSameBits(state, wantState, "state");
        if (codes)
          expectSameBits(got.codes, want.codes, "codes");
        else
          expectSameBits(y, u, "y");
      }
}

// The choice and the plan are those of the two calls, bit for bit, for any row:
// scores are sigmoids of the contract's own exp.
TEST(GatePlan, IsTheChoiceAndThePlan) {
  for (const NativeKernel &kernel : runnableKernels("gate_plan"))
    for (uint32_t tokens : {1u, 3u, 64u})
      for (uint32_t isShared : {0u, 1u})
        for (uint32_t bias : {0u, 1u, 2u}) {
          Random random(tokens + bias);
          RaggedBatch batch({{0, tokens}}, 16);
          GatePlanShape shape{16, 3, 4, 2, 0, 0, 1, bias, 2.5f, isShared};
          Buffer logits = randomF32(tokens * 16, random, 2);
          Buffer biases = bias == 2 ? randomBF16(16, random, 1, 1)
                                    : randomF32(16, random, 1, 1);
          auto addBias = [&](KernelCase &test) {
            if (bias)
              test.operands.push_back(shared(biases));
          };
          const uint32_t slots = 3 + isShared;
          struct Plan {
            Buffer ids, weights, offsets, tokenOf, slotOf;
            Plan(uint32_t tokens, uint32_t slots)
                : ids(tokens * 12), weights(tokens * 12),
                  offsets((16 + slots - 2) * 4), tokenOf(tokens * slots * 4),
                  slotOf(tokens * slots * 4) {}
          };
          Plan want(tokens, slots), got(tokens, slots);
          GateTopkShape gate = gateTopkOf(shape);
          KernelCase choice{
              &gate,
              batch,
              {shared(logits), output(want.ids, 0), output(want.weights, 0)}};
          addBias(choice);
          runKernel(nativeKernel("gate_topk_f32_generic"), choice);
          ExpertPlanShape plan = expertPlanOf(shape);
          runKernel(nativeKernel("expert_plan_u32_generic"),
                    {&plan,
                     batch,
                     {shared(want.ids), output(want.offsets, 0),
                      output(want.tokenOf, 0), output(want.slotOf, 0)}});
          KernelCase test{&shape,
                          batch,
                          {shared(logits), output(got.ids, 0),
                           output(got.weights, 0), output(got.offsets, 0),
                           output(got.tokenOf, 0), output(got.slotOf, 0)}};
          addBias(test);
          expectSplitIndependent(kernel, test);
          expectSameBits(got.ids, want.ids, "ids");
          expectSameBits(got.weights, want.weights, "weights");
          expectSameBits(got.offsets, want.offsets, "offsets");
          expectSameBits(got.tokenOf, want.tokenOf, "token_of");
          expectSameBits(got.slotOf, want.slotOf, "slot_of");
        }
}

} // namespace
} // namespace ds::kernels::test
