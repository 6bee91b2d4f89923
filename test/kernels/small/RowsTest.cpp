// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// embedding, add_rows, copy_rows, swiglu.
#include "kernels/Contracts.h"
#include "test/kernels/KernelTest.h"
#include <cmath>

namespace ds::kernels::test {
namespace {

const uint32_t kWidths[] = {1, 7, 31, 63, 65, 127, 129, 200, 576};

RaggedBatch raggedBatch() { return {{{0, 3}, {5, 1}, {17, 2}}, 4}; }

TEST(Embedding, WidensRowsExactlyAndGivesZerosBeyondTheTable) {
  for (uint32_t n : kWidths) {
    Random random(n);
    EmbeddingShape shape{n, 11};
    RaggedBatch batch = raggedBatch();
    batch.tokenIds = {0, 10, 11, 3, 4000000000u, 3};
    Buffer table = randomBF16(size_t(11) * n, random, 2, 1);
    Buffer residual(batch.tokens() * n * 4), delta(batch.tokens() * n * 4);
    KernelCase test{
        &shape,
        batch,
        {output(residual, n * 4), output(delta, n * 4), shared(table)}};
    std::vector<double> want;
    for (uint32_t id : batch.tokenIds)
      for (uint32_t i = 0; i < n; ++i)
        want.push_back(id < 11 ? toFloat(table.get<bf16>(id * n + i)) : 0.0);
    for (const NativeKernel &kernel : runnableKernels("embedding")) {
      SCOPED_TRACE(kernel.row.name);
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);
      EXPECT_EQ(values(residual, Activation::F32), want);
      EXPECT_EQ(values(delta, Activation::F32),
                std::vector<double>(want.size(), 0.0));
    }
  }
}

TEST(AddRows, AddsInF32) {
  for (uint32_t n : kWidths) {
    Random random(n);
    AddRowsShape shape{n};
    RaggedBatch batch = raggedBatch();
    size_t count = size_t(batch.tokens()) * n;
    Buffer a = randomF32(count, random, 2), b = randomF32(count, random, 2);
    Buffer y(count * 4);
    KernelCase test{
        &shape, batch, {input(a, n * 4), input(b, n * 4), output(y, n * 4)}};
    for (const NativeKernel &kernel : runnableKernels("add_rows")) {
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);
      for (size_t i = 0; i < count; ++i)
        ASSERT_EQ(y.get<float>(i), a.get<float>(i) + b.get<float>(i))
            << kernel.row.name << " element " << i;
    }
  }
}

TEST(CopyRows, CopiesBits) {
  for (uint32_t n : kWidths) {
    CopyRowsShape shape{n};
    RaggedBatch batch = raggedBatch();
    Random random(n);
    Buffer x(size_t(batch.tokens()) * n * 4), y(x.bytes());
    for (size_t i = 0; i < x.bytes() / 4; ++i)
      x.set(i, random.bits());
    KernelCase test{&shape, batch, {input(x, n * 4), output(y, n * 4)}};
    for (const NativeKernel &kernel : runnableKernels("copy_rows")) {
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);
      EXPECT_TRUE(x.snapshot() == y.snapshot()) << kernel.row.name;
    }
  }
}

// exp is off by 1 ulp; sum, quotient and product by half an ulp each; then one
// rounding to A. The absolute part covers results in the subnormal range.
TEST(SwiGLU, IsSiluOfGateTimesUp) {
  for (const NativeKernel &kernel : runnableKernels("swiglu"))
    for (uint32_t n : kWidths)
      for (uint32_t rowsPerToken : {1u, 3u}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " n " + std::to_string(n));
        Random random(n);
        Activation type = kernel.row.activation;
        SwiGLUShape shape{n, rowsPerToken};
        RaggedBatch batch = raggedBatch();
        size_t rows = size_t(batch.tokens()) * rowsPerToken;
        Buffer x = randomF32(rows * 2 * n, random, 20);
        x.set(0, 3e38f);  // silu is the gate itself
        x.set(1, -3e38f); // silu is -0
        Buffer y(rows * n * elementBytes(type));
        KernelCase test{&shape,
                        batch,
                        {input(x, size_t(rowsPerToken) * 2 * n * 4),
                         output(y, rowsPerToken * n * elementBytes(type))}};
        expectTokenIndependent(kernel, test);
        expectSplitIndependent(kernel, test);
        std::vector<double> want, bound;
        for (size_t row = 0; row < rows; ++row)
          for (uint32_t i = 0; i < n; ++i) {
            double gate = x.get<float>(row * 2 * n + i);
            double up = x.get<float>(row * 2 * n + n + i);
            double value = float(gate / (1 + std::exp(-gate)) * up);
            want.push_back(value);
            bound.push_back(std::abs(value) *
                                (8 * 0x1p-24 + unitRoundoff(type)) +
                            0x1p-126);
          }
        expectWithin(values(y, type), want, bound);
      }
}

} // namespace
} // namespace ds::kernels::test
