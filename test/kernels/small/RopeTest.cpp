// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// rope_table, rope, latent_append.
#include "kernels/Contracts.h"
#include "test/kernels/KernelTest.h"
#include <cmath>

namespace ds::kernels::test {
namespace {

// The angle is the f32 product; cos and sin of it are off by 0.51 ulp, the
// product with `attention` by half an ulp more.
TEST(RopeTable, HoldsCosAndSinOfTheRoundedProduct) {
  RopeTableShape shape{31, 1.25f};
  RaggedBatch batch({{0, 5}, {163000, 3}, {4095, 2}}, 4096);
  Random random(1);
  Buffer frequency(31 * 4, 1);
  for (uint32_t j = 0; j < 31; ++j)
    frequency.set(j, std::pow(10000.0f, -float(j) / 31));
  Buffer angles(size_t(batch.tokens()) * 62 * 4);
  KernelCase test{&shape, batch, {output(angles, 62 * 4), shared(frequency)}};
  std::vector<double> want, bound;
  for (uint32_t position : batch.positions)
    for (uint32_t j = 0; j < 31; ++j) {
      float angle = float(position) * frequency.get<float>(j);
      for (double value : {std::cos(double(angle)), std::sin(double(angle))}) {
        want.push_back(1.25 * value);
        bound.push_back(std::abs(1.25 * value) * 2.1 * 0x1p-24);
      }
    }
  for (const NativeKernel &kernel : runnableKernels("rope_table")) {
    SCOPED_TRACE(kernel.row.name);
    expectTokenIndependent(kernel, test);
    expectSplitIndependent(kernel, test);
    expectWithin(values(angles, Activation::F32), want, bound);
  }
}

/// Appends to want and bound the rotation of `dim` elements: two products and
/// one sum, each rounded to f32, then one rounding to A.
void addRotation(const Buffer &x, size_t first, const Buffer &angles, size_t at,
                 uint32_t dim, Activation type, std::vector<double> &want,
                 std::vector<double> &bound) {
  for (uint32_t j = 0; j < dim; j += 2) {
    double a = x.get<float>(first + j), b = x.get<float>(first + j + 1);
    double cos = angles.get<float>(at + j), sin = angles.get<float>(at + j + 1);
    double size = std::abs(a) + std::abs(b);
    for (double value : {a * cos - b * sin, a * sin + b * cos}) {
      want.push_back(value);
      bound.push_back(size * 2 * 0x1p-24 +
                      std::abs(value) * unitRoundoff(type));
    }
  }
}

TEST(Rope, RotatesInterleavedPairsOfEveryHead) {
  for (const NativeKernel &kernel : runnableKernels("rope"))
    for (uint32_t dim : {2u, 6u, 32u, 64u, 66u}) {
      SCOPED_TRACE(std::string(kernel.row.name) + " dim " +
                   std::to_string(dim));
      Random random(dim);
      Activation type = kernel.row.activation;
      RopeShape shape{3, dim, 3 * (dim + 11) + 2, 13, dim + 11};
      shape.inStride = shape.inOffset + 2 * shape.headStride + dim;
      RaggedBatch batch({{0, 3}, {9, 2}}, 4);
      Buffer x = randomF32(size_t(batch.tokens()) * shape.inStride, random, 3);
      Buffer angles = randomF32(size_t(batch.tokens()) * dim, random, 1);
      Buffer y(batch.tokens() * 3 * dim * elementBytes(type));
      KernelCase test{&shape,
                      batch,
                      {input(x, shape.inStride * 4), input(angles, dim * 4),
                       output(y, 3 * dim * elementBytes(type))}};
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);
      std::vector<double> want, bound;
      for (uint32_t t = 0; t < batch.tokens(); ++t)
        for (uint32_t h = 0; h < 3; ++h)
          addRotation(
              x, t * shape.inStride + shape.inOffset + h * shape.headStride,
              angles, t * dim, dim, type, want, bound);
      expectWithin(values(y, type), want, bound);
    }
}

TEST(LatentAppend, WritesOneRowPerTokenAndNothingElse) {
  struct Widths {
    uint32_t latent, rope;
  };
  for (const NativeKernel &kernel : runnableKernels("latent_append"))
    for (Widths width : {Widths{1, 2}, {7, 2}, {63, 6}, {129, 64}, {512, 64}}) {
      SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                   std::to_string(width.latent));
      Random random(width.latent);
      Activation type = kernel.row.activation;
      uint32_t row = width.latent + width.rope;
      LatentAppendShape shape{width.latent, width.rope, row + 10, 7, 3, 1e-6f};
      RaggedBatch batch({{0, 4}, {5, 1}, {2, 5}}, shape.pageTokens);
      Buffer x = randomF32(size_t(batch.tokens()) * shape.inStride, random, 3);
      Buffer angles = randomF32(size_t(batch.tokens()) * width.rope, random, 1);
      Buffer gain = randomBF16(width.latent, random, 2, 1);
      Buffer state(size_t(batch.pages) * shape.pageTokens * row *
                   elementBytes(type));
      KernelCase test{&shape,
                      batch,
                      {input(x, shape.inStride * 4),
                       input(angles, width.rope * 4), output(state, 0),
                       shared(gain)}};
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);

      // The state is poisoned before: rows that stay NaN were not written.
      std::vector<double> want(state.bytes() / elementBytes(type),
                               std::nan(""));
      std::vector<double> bound(want.size(), 0);
      for (uint32_t t = 0; t < batch.tokens(); ++t) {
        std::vector<double> rowWant, rowBound;
        size_t first = t * shape.inStride + shape.inOffset;
        double sum = 0;
        for (uint32_t i = 0; i < width.latent; ++i)
          sum += std::pow(x.get<float>(first + i), 2.0);
        double factor = 1 / std::sqrt(sum / width.latent + 1e-6);
        for (uint32_t i = 0; i < width.latent; ++i) {
          double y =
              x.get<float>(first + i) * factor * toFloat(gain.get<bf16>(i));
          rowWant.push_back(y);
          rowBound.push_back(std::abs(y) * ((width.latent / 2 + 4) * 0x1p-24 +
                                            unitRoundoff(type)));
        }
        addRotation(x, first + width.latent, angles, t * width.rope, width.rope,
                    type, rowWant, rowBound);
        uint32_t position = batch.positions[t];
        uint32_t page =
            batch.pageTable[batch.sequenceOf[t] * batch.pagesPerSequence +
                            position / shape.pageTokens];
        size_t at =
            (size_t(page) * shape.pageTokens + position % shape.pageTokens) *
            row;
        std::copy(rowWant.begin(), rowWant.end(), want.begin() + at);
        std::copy(rowBound.begin(), rowBound.end(), bound.begin() + at);
      }
      expectWithin(values(state, type), want, bound);
    }
}

} // namespace
} // namespace ds::kernels::test
