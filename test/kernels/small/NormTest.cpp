// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// rms_norm, add_rms_norm, head_norm. Tolerance of every element: the mean of n
// squares in f32 is off by at most n * 2^-24 of itself, the root by half of
// that; root, quotient and two products add 2^-24 each; then one rounding to A.
#include "kernels/Contracts.h"
#include "test/kernels/KernelTest.h"
#include <cmath>

namespace ds::kernels::test {
namespace {

constexpr float kEps = 1e-6f;
const uint32_t kWidths[] = {1, 7, 31, 63, 65, 127, 129, 200, 576, 7168};

RaggedBatch raggedBatch() { return {{{0, 3}, {5, 1}, {17, 2}}, 4}; }

/// The formula of the contract in double, and what may be missed by.
struct Expected {
  std::vector<double> value, bound;

  void add(const std::vector<double> &x, const Buffer &gain, Activation type) {
    double sum = 0;
    for (double element : x)
      sum += element * element;
    double factor = 1 / std::sqrt(sum / double(x.size()) + double(kEps));
    for (size_t i = 0; i < x.size(); ++i) {
      double y = x[i] * factor * toFloat(gain.get<bf16>(i));
      value.push_back(y);
      double relative = (double(x.size()) / 2 + 4) * 0x1p-24;
      bound.push_back(std::abs(y) * (relative + unitRoundoff(type)) + 0x1p-149);
    }
  }
};

TEST(RMSNorm, IsTheFormulaOfItsColumns) {
  for (const NativeKernel &kernel : runnableKernels("rms_norm"))
    for (uint32_t n : kWidths) {
      SCOPED_TRACE(std::string(kernel.row.name) + " n " + std::to_string(n));
      Random random(n);
      Activation type = kernel.row.activation;
      RMSNormShape shape{n, n + 9, 5, kEps};
      RaggedBatch batch = raggedBatch();
      Buffer x = randomF32(size_t(batch.tokens()) * shape.inStride, random, 2);
      Buffer gain = randomBF16(n, random, 2, 1); // at an odd address
      Buffer y(batch.tokens() * n * elementBytes(type));
      KernelCase test{&shape,
                      batch,
                      {input(x, shape.inStride * 4),
                       output(y, n * elementBytes(type)), shared(gain)}};
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);
      Expected expected;
      auto in = values(x, Activation::F32);
      for (uint32_t t = 0; t < batch.tokens(); ++t) {
        auto first = in.begin() + t * shape.inStride + shape.inOffset;
        expected.add({first, first + n}, gain, type);
      }
      expectWithin(values(y, type), expected.value, expected.bound);
    }
}

TEST(AddRMSNorm, KeepsTheSumAndNormalisesIt) {
  for (const NativeKernel &kernel : runnableKernels("add_rms_norm"))
    for (uint32_t n : kWidths) {
      SCOPED_TRACE(std::string(kernel.row.name) + " n " + std::to_string(n));
      Random random(n);
      Activation type = kernel.row.activation;
      AddRMSNormShape shape{n, kEps};
      RaggedBatch batch = raggedBatch();
      size_t count = size_t(batch.tokens()) * n;
      Buffer residual = randomF32(count, random, 2);
      Buffer delta = randomF32(count, random, 2);
      Buffer gain = randomBF16(n, random, 2, 1);
      Buffer sum(count * 4), y(count * elementBytes(type));
      KernelCase test{&shape,
                      batch,
                      {input(residual, n * 4), input(delta, n * 4),
                       output(sum, n * 4), output(y, n * elementBytes(type)),
                       shared(gain)}};
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);
      std::vector<double> sums;
      Expected expected;
      for (uint32_t t = 0; t < batch.tokens(); ++t) {
        std::vector<double> row;
        for (uint32_t i = t * n; i < (t + 1) * n; ++i)
          row.push_back(residual.get<float>(i) + delta.get<float>(i));
        expected.add(row, gain, type);
        sums.insert(sums.end(), row.begin(), row.end());
      }
      EXPECT_EQ(values(sum, Activation::F32), sums);
      expectWithin(values(y, type), expected.value, expected.bound);
    }
}

TEST(HeadNorm, TakesTheRowsAskedForInTheirOrder) {
  for (const NativeKernel &kernel : runnableKernels("head_norm"))
    for (uint32_t n : kWidths) {
      SCOPED_TRACE(std::string(kernel.row.name) + " n " + std::to_string(n));
      Random random(n);
      Activation type = kernel.row.activation;
      HeadNormShape shape{n, kEps};
      RaggedBatch batch = raggedBatch();
      batch.rowIndex = {5, 0, 3, 3};
      size_t count = size_t(batch.tokens()) * n;
      Buffer residual = randomF32(count, random, 2);
      Buffer delta = randomF32(count, random, 2);
      Buffer gain = randomBF16(n, random, 2, 1);
      Buffer y(batch.rowIndex.size() * n * elementBytes(type));
      KernelCase test{
          &shape,
          batch,
          {shared(residual), shared(delta), output(y, 0), shared(gain)}};
      expectSplitIndependent(kernel, test);
      Expected expected;
      for (uint32_t t : batch.rowIndex) {
        std::vector<double> row;
        for (uint32_t i = t * n; i < (t + 1) * n; ++i)
          row.push_back(residual.get<float>(i) + delta.get<float>(i));
        expected.add(row, gain, type);
      }
      expectWithin(values(y, type), expected.value, expected.bound);
    }
}

// All levels of CPUs sum in one order, so a plan gives the same bits on each.
TEST(RMSNorm, HasTheSameBitsAtEveryLevel) {
  std::string first;
  for (const NativeKernel &kernel : runnableKernels("rms_norm")) {
    if (kernel.row.activation != Activation::BF16 || kernel.isEmulated())
      continue;
    Random random(3);
    RMSNormShape shape{577, 577, 0, kEps};
    Buffer x = randomF32(577, random, 2), gain = randomBF16(577, random, 2);
    Buffer y(577 * 2);
    runKernel(kernel, {&shape,
                       RaggedBatch({{0, 1}}, 4),
                       {shared(x), output(y, 0), shared(gain)}});
    if (first.empty())
      first = y.snapshot();
    EXPECT_TRUE(y.snapshot() == first) << kernel.row.name;
  }
}

TEST(RMSNorm, OfZerosIsZero) {
  for (const NativeKernel &kernel : runnableKernels("rms_norm")) {
    Random random(4);
    RMSNormShape shape{33, 33, 0, kEps};
    Buffer x = randomF32(33, random, 0), gain = randomBF16(33, random, 2);
    Buffer y(33 * elementBytes(kernel.row.activation));
    runKernel(kernel, {&shape,
                       RaggedBatch({{0, 1}}, 4),
                       {shared(x), output(y, 0), shared(gain)}});
    EXPECT_EQ(values(y, kernel.row.activation), std::vector<double>(33, 0.0));
  }
}

} // namespace
} // namespace ds::kernels::test
