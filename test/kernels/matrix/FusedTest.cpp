// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Families that compute neighbouring calls in one: rope_absorb_query,
// absorb_value_quantize, gated_linear, grouped_gated_linear. Each is compared
// with the calls it stands for, as the reference rows compute them: to the bit
// where it is a reference row itself.
#include "kernels/Contracts.h"
#include "kernels/base/Quantize.h"
#include "test/kernels/Quantized.h"
#include "test/kernels/matrix/TestMatrix.h"
#include "test/kernels/matrix/TestRows.h"
#include <algorithm>
#include <cmath>

namespace ds::kernels::test {
namespace {

/// The reference row of a family for these weights; `type` may be codes.
const NativeKernel &reference(const std::string &family, Activation type,
                              Weights weights) {
  return nativeKernel(family + "_" + std::string(nameOf(type)) + "_" +
                      std::string(nameOf(weights)) + "_generic");
}

void quantize(const Buffer &x, uint32_t n, uint32_t rows, uint32_t format,
              const Buffer &codes, const Buffer &scales) {
  QuantizeShape shape{n, 1, format};
  runKernel(nativeKernel("quantize_f32_generic"),
            {&shape,
             RaggedBatch({{0, rows}}, 16),
             {shared(x), output(codes, 0), output(scales, 0)}});
}

struct Sizes {
  uint32_t heads, nope, rope, value, latent;
};
const Sizes kSizes[] = {{1, 1, 2, 1, 1},
                        {3, 31, 4, 7, 65},
                        {2, 128, 64, 65, 129},
                        {4, 32, 16, 32, 64},
                        {5, 33, 6, 128, 200}};

TEST(RopeAbsorbQuery, IsTheRotationAndTheAbsorption) {
  for (const NativeKernel &kernel : runnableKernels("rope_absorb_query"))
    for (Sizes size : kSizes)
      for (uint32_t tokens : {1, 5}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                     std::to_string(size.latent));
        Activation type = kernel.row.activation;
        const uint32_t stride = size.nope + size.rope;
        const RopeAbsorbQueryShape shape{size.heads, size.nope,
                                         size.rope,  size.latent,
                                         stride,     size.nope + size.value};
        Random random(size.latent + tokens);
        RaggedBatch batch({{0, tokens}}, 16);
        TestMatrix w(kernel.row.weights, size.heads * shape.weightRows,
                     size.latent, random, tokens % 4);
        Buffer q = randomF32(size_t(tokens) * size.heads * stride, random, 1);
        Buffer angles = randomF32(size_t(tokens) * size.rope, random, 1);
        const size_t latents = size_t(size.heads) * size.latent;
        const size_t rotations = size_t(size.heads) * size.rope;
        Buffer wantLatent(tokens * latents * 4);
        Buffer wantRotated(tokens * rotations * 4);
        AbsorbQueryShape absorb = absorbQueryOf(shape);
        KernelCase absorption{
            &absorb, batch, {shared(q), output(wantLatent, 0)}};
        w.appendTo(absorption.operands);
        runKernel(
            reference("absorb_query", Activation::F32, kernel.row.weights),
            absorption);
        RopeShape rope{size.heads, size.rope, size.heads * stride, size.nope,
                       stride};
        runKernel(nativeKernel("rope_f32_generic"),
                  {&rope,
                   batch,
                   {shared(q), shared(angles), output(wantRotated, 0)}});

        const size_t element = elementBytes(type);
        Buffer latent(tokens * latents * element);
        Buffer rotated(tokens * rotations * element);
        KernelCase test{&shape,
                        batch,
                        {input(q, size.heads * stride * 4),
                         input(angles, size.rope * 4),
                         output(latent, latents * element),
                         output(rotated, rotations * element)}};
        w.appendTo(test.operands);
        expectSplitIndependent(kernel, test);
        expectTokenIndependent(kernel, test);
        // |q| <= 1 and |w| <= 448 * 0.006: a chain of nope sums, on a GPU of
        // rounded q, and A's rounding; a rotation has two products of at most
        // 1.
        auto want = values(wantLatent, Activation::F32);
        const double dot = kernel.isEmulated()
                               ? 0x1p-8 + dotError(kernel.row, size.nope)
                               : (size.nope + 2) * 0x1p-24;
        std::vector<double> bound;
        for (double value : want)
          bound.push_back(size.nope * 2.7 * dot + outputError(type, value));
        expectWithin(values(latent, type), want, bound);
        want = values(wantRotated, Activation::F32);
        bound.clear();
        for (double value : want)
          bound.push_back(3 * 0x1p-24 + outputError(type, value));
        expectWithin(values(rotated, type), want, bound);
        if (kernel.row.level != Level::Generic)
          continue;
        expectSameBits(latent, wantLatent, "latent");
        expectSameBits(rotated, wantRotated, "rotated");
      }
}

TEST(AbsorbValueQuantize, IsTheProjectionQuantised) {
  for (const NativeKernel &kernel : runnableKernels("absorb_value_quantize"))
    for (Sizes size : kSizes)
      for (uint32_t tokens : {1, 5}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                     std::to_string(size.latent));
        Activation type = kernel.row.activation;
        const AbsorbValueQuantizeShape shape{size.heads, size.latent,
                                             size.value, size.nope + size.value,
                                             size.nope,  kScaleUE8M0};
        const uint32_t n = absorbValueColumns(shape);
        const uint32_t latents = size.heads * size.latent;
        Random random(size.latent + tokens);
        RaggedBatch batch({{0, tokens}}, 16);
        TestMatrix w(kernel.row.weights, size.heads * shape.weightRows,
                     size.latent, random, tokens % 4);
        Buffer o = randomActivations(type, size_t(tokens) * latents, random, 1);
        Buffer o32(size_t(tokens) * latents * 4);
        auto widened = values(o, type);
        for (size_t i = 0; i < widened.size(); ++i)
          o32.set(i, float(widened[i]));
        Buffer u(size_t(tokens) * n * 4), wantCodes(size_t(tokens) * n);
        Buffer wantScales(tokens * scaleGroups(n) * 4);
        AbsorbValueShape absorb = absorbValueOf(shape);
        KernelCase absorption{&absorb, batch, {shared(o32), output(u, 0)}};
        w.appendTo(absorption.operands);
        runKernel(
            reference("absorb_value", Activation::F32, kernel.row.weights),
            absorption);
        quantize(u, n, tokens, kScaleUE8M0, wantCodes, wantScales);

        Buffer codes(wantCodes.bytes()), scales(wantScales.bytes());
        KernelCase test{&shape,
                        batch,
                        {input(o, latents * elementBytes(type)),
                         output(codes, n), output(scales, scaleGroups(n) * 4)}};
        w.appendTo(test.operands);
        expectSplitIndependent(kernel, test);
        expectTokenIndependent(kernel, test);
        auto want = values(u, Activation::F32);
        const double dot = kernel.isEmulated()
                               ? dotError(kernel.row, size.latent)
                               : (size.latent + 2) * 0x1p-24;
        std::vector<double> bound;
        for (double value : want)
          bound.push_back(size.latent * 2.7 * dot + outputError(type, value));
        expectQuantized(codes, scales, n, kScaleUE8M0, want, bound);
        if (kernel.row.level != Level::Generic)
          continue;
        expectSameBits(codes, wantCodes, "codes");
        expectSameBits(scales, wantScales, "scales");
      }
}

/// What silu(g) * u may be off by, g and u off by `dot` of their magnitudes:
/// the slope of silu is below 1.1, its own error a few ulps.
double gatedBound(double g, double u, double gMagnitude, double uMagnitude,
                  double dot) {
  const double gate = g / (1 + std::exp(-g));
  return 1.1 * gMagnitude * dot * (std::abs(u) + uMagnitude * dot) +
         std::abs(gate) * uMagnitude * dot + 8 * 0x1p-24 * std::abs(gate * u) +
         0x1p-126;
}

/// y of gated families, and what it stands for.
struct Gated {
  Activation type;
  uint32_t rows, n;
  Buffer y, scales; // scales: of codes
  std::vector<double> want, bound;

  Gated(Activation type, uint32_t rows, uint32_t n)
      : type(type), rows(rows), n(n), y(size_t(rows) * n * bytes()),
        scales(isCodes() ? rows * scaleGroups(n) * sizeof(float) : 0) {}

  bool isCodes() const { return type == Activation::F8E4M3Group128; }
  size_t bytes() const { return isCodes() ? 1 : elementBytes(type); }
  void appendTo(std::vector<Operand> &operands, bool isShared) const {
    operands.push_back(output(y, isShared ? 0 : n * bytes()));
    if (isCodes())
      operands.push_back(
          output(scales, isShared ? 0 : scaleGroups(n) * sizeof(float)));
  }
  void add(const Sum &gate, const Sum &up, double dot) {
    want.push_back(gate.value / (1 + std::exp(-gate.value)) * up.value);
    bound.push_back(
        gatedBound(gate.value, up.value, gate.magnitude, up.magnitude, dot) +
        (isCodes() ? 0 : outputError(type, want.back())));
  }
  void expectFormula(uint32_t format) const {
    if (isCodes())
      expectQuantized(y, scales, n, format, want, bound);
    else
      expectWithin(values(y, type), want, bound);
  }
};

TEST(GatedLinear, IsTwoProjectionsAndTheirGatedProduct) {
  for (const NativeKernel &kernel : runnableKernels("gated_linear"))
    for (uint32_t in : {7, 96, 129, 200})
      for (uint32_t out : {1, 96, 128, 130})
        for (uint32_t tokens : {1, 5}) {
          SCOPED_TRACE(std::string(kernel.row.name) + " in " +
                       std::to_string(in) + " out " + std::to_string(out));
          Activation type = kernel.row.activation;
          const GatedLinearShape shape{in, out, tokens % 2};
          Random random(in + out);
          RaggedBatch batch({{0, tokens}}, 16);
          TestRows x(type, tokens, in, random);
          TestMatrix gate(kernel.row.weights, out, in, random, 1);
          TestMatrix up(kernel.row.weights, out, in, random, 2);
          Gated got(type, tokens, out);
          KernelCase test{&shape, batch, {}};
          x.appendTo(test.operands, false);
          got.appendTo(test.operands, false);
          gate.appendTo(test.operands);
          up.appendTo(test.operands);
          expectSplitIndependent(kernel, test);
          expectTokenIndependent(kernel, test);
          for (uint32_t t = 0; t < tokens; ++t)
            for (uint32_t o = 0; o < out; ++o) {
              Sum g, u;
              for (uint32_t i = 0; i < in; ++i) {
                g.add(x.value(t, i) * gate.value(o, i));
                u.add(x.value(t, i) * up.value(o, i));
              }
              got.add(g, u, dotError(kernel.row, in));
            }
          got.expectFormula(shape.scaleFormat);
          if (kernel.row.level != Level::Generic)
            continue;
          // The calls that it stands for.
          LinearShape linear{in, 2, out, out, 0, 0, 0};
          Buffer both(size_t(tokens) * 2 * out * 4), product(tokens * out * 4);
          KernelCase projections{&linear, batch, {}};
          x.appendTo(projections.operands, true);
          projections.operands.push_back(output(both, 0));
          gate.appendTo(projections.operands);
          up.appendTo(projections.operands);
          runKernel(reference("linear", type, kernel.row.weights), projections);
          SwiGLUShape swiglu{out, 1};
          runKernel(nativeKernel("swiglu_f32_generic"),
                    {&swiglu, batch, {shared(both), output(product, 0)}});
          if (!got.isCodes()) {
            expectSameBits(got.y, product, "y");
            continue;
          }
          Buffer codes(got.y.bytes()), scales(got.scales.bytes());
          quantize(product, out, tokens, shape.scaleFormat, codes, scales);
          expectSameBits(got.y, codes, "codes");
          expectSameBits(got.scales, scales, "scales");
        }
}

Buffer indices(const std::vector<uint32_t> &of) {
  Buffer buffer(of.size() * sizeof(uint32_t));
  for (size_t i = 0; i < of.size(); ++i)
    buffer.set(i, of[i]);
  return buffer;
}

TEST(GroupedGatedLinear, IsTheGatedProductOfEverySlotsOwnExpert) {
  const std::vector<uint32_t> offsets{0, 0, 1, 5, 10, 10};
  const uint32_t slots = offsets.back(), experts = 5, tokens = 6;
  for (const NativeKernel &kernel : runnableKernels("grouped_gated_linear"))
    for (uint32_t in : {96, 129})
      for (uint32_t out : {37, 130}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " in " +
                     std::to_string(in) + " out " + std::to_string(out));
        Activation type = kernel.row.activation;
        const GroupedGatedLinearShape shape{in, out, experts, 2, out % 2};
        Random random(in + out);
        TestRows x(type, tokens, in, random);
        std::vector<TestMatrix> matrices; // gate, up of every expert
        std::vector<void *> pointers;
        for (uint32_t i = 0; i < 2 * experts; ++i) {
          matrices.emplace_back(kernel.row.weights, out, in, random, i % 3);
          matrices.back().appendTo(pointers);
        }
        // Experts 0 and 4 have no slots.
        const size_t perExpert = pointers.size() / experts;
        std::fill_n(pointers.begin(), perExpert, nullptr);
        std::fill_n(pointers.end() - perExpert, perExpert, nullptr);
        std::vector<uint32_t> tokenOf;
        for (uint32_t i = 0; i < slots; ++i)
          tokenOf.push_back(random.below(tokens));
        const Buffer offsetBuffer = indices(offsets);
        const Buffer tokenBuffer = indices(tokenOf);
        Gated got(type, slots, out);
        KernelCase test{&shape, RaggedBatch({{0, slots / 2}}, 16), {}};
        x.appendTo(test.operands, true);
        test.operands.push_back(input(offsetBuffer, 0));
        test.operands.push_back(input(tokenBuffer, 0));
        got.appendTo(test.operands, true);
        test.operands.push_back(list(pointers));
        expectSplitIndependent(kernel, test);
        for (uint32_t e = 0; e < experts; ++e)
          for (uint32_t slot = offsets[e]; slot < offsets[e + 1]; ++slot)
            for (uint32_t o = 0; o < out; ++o) {
              Sum g, u;
              for (uint32_t i = 0; i < in; ++i) {
                const double value = x.value(tokenOf[slot], i);
                g.add(value * matrices[2 * e].value(o, i));
                u.add(value * matrices[2 * e + 1].value(o, i));
              }
              got.add(g, u, dotError(kernel.row, in));
            }
        got.expectFormula(shape.scaleFormat);
        if (kernel.row.level != Level::Generic)
          continue;
        GroupedLinearShape linear{in, out, 2, experts, 2, 1};
        Buffer both(size_t(slots) * 2 * out * 4), product(slots * out * 4);
        KernelCase projections{&linear, test.batch, {}};
        x.appendTo(projections.operands, true);
        projections.operands.insert(projections.operands.end(),
                                    {input(offsetBuffer, 0),
                                     input(tokenBuffer, 0), output(both, 0),
                                     list(pointers)});
        runKernel(reference("grouped_linear", type, kernel.row.weights),
                  projections);
        SwiGLUShape swiglu{out, 2};
        runKernel(nativeKernel("swiglu_f32_generic"),
                  {&swiglu, test.batch, {shared(both), output(product, 0)}});
        if (!got.isCodes()) {
          expectSameBits(got.y, product, "y");
          continue;
        }
        Buffer codes(got.y.bytes()), scales(got.scales.bytes());
        quantize(product, out, slots, shape.scaleFormat, codes, scales);
        expectSameBits(got.y, codes, "codes");
        expectSameBits(got.scales, scales, "scales");
      }
}

} // namespace
} // namespace ds::kernels::test
