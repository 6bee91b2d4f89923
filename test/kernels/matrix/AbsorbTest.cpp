// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/absorb_query/absorb_query.h"
#include "kernels/absorb_value/absorb_value.h"
#include "test/kernels/matrix/TestMatrix.h"

namespace ds::kernels::test {
namespace {

struct Sizes {
  uint32_t heads, nope, rope, value, latent;
};
// Heads whose rows cross blocks of 128, latents that end inside one.
const Sizes kSizes[] = {{1, 1, 2, 1, 1},       {3, 31, 4, 7, 65},
                        {2, 128, 64, 65, 129}, {5, 33, 6, 17, 200},
                        {3, 20, 2, 40, 127},   {2, 64, 8, 32, 576}};

TEST(AbsorbQuery, EveryRowComputesTheFormula) {
  for (const NativeKernel &kernel : runnableKernels("absorb_query"))
    for (Sizes size : kSizes)
      for (uint32_t tokens : {1, 4, 6}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                     std::to_string(size.latent));
        const uint32_t stride = size.nope + size.rope;
        const AbsorbQueryShape shape{size.heads, size.nope, size.latent, stride,
                                     size.nope + size.value};
        Random random(size.latent + tokens);
        TestMatrix w(kernel.row.weights, size.heads * shape.weightRows,
                     size.latent, random, tokens % 4);
        Buffer q = randomF32(size_t(tokens) * size.heads * stride, random, 1);
        const size_t outputs = size_t(tokens) * size.heads * size.latent;
        const size_t element = elementBytes(kernel.row.activation);
        Buffer y(outputs * element);
        KernelCase test{&shape,
                        RaggedBatch({{0, tokens}}, 16),
                        {input(q, size.heads * stride * sizeof(float)),
                         output(y, size.heads * size.latent * element)}};
        w.appendTo(test.operands);
        expectSplitIndependent(kernel, test);
        expectTokenIndependent(kernel, test);

        // A plain chain of nope additions, w * factor or q * factor rounded; on
        // a GPU q is rounded to bf16.
        const double error = kernel.row.level == Level::Generic ? 0x1p-24
                             : kernel.isEmulated()
                                 ? 0x1p-8 + dotError(kernel.row, size.nope)
                                 : (size.nope + 2) * 0x1p-24;
        std::vector<double> want, bound;
        for (uint32_t t = 0; t < tokens; ++t)
          for (uint32_t h = 0; h < size.heads; ++h)
            for (uint32_t c = 0; c < size.latent; ++c) {
              Sum sum;
              for (uint32_t d = 0; d < size.nope; ++d)
                sum.add(
                    w.value(h * shape.weightRows + d, c) *
                    q.get<float>((size_t(t) * size.heads + h) * stride + d));
              want.push_back(sum.value);
              bound.push_back(sum.magnitude * error +
                              outputError(kernel.row.activation, sum.value));
            }
        expectWithin(values(y, kernel.row.activation), want, bound);
      }
}

TEST(AbsorbValue, EveryRowComputesTheFormula) {
  for (const NativeKernel &kernel : runnableKernels("absorb_value"))
    for (Sizes size : kSizes)
      for (uint32_t tokens : {1, 4, 6}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " latent " +
                     std::to_string(size.latent));
        const AbsorbValueShape shape{size.heads, size.latent, size.value,
                                     size.nope + size.value, size.nope};
        Random random(size.latent + tokens);
        TestMatrix w(kernel.row.weights, size.heads * shape.weightRows,
                     size.latent, random, tokens % 4);
        const size_t element = elementBytes(kernel.row.activation);
        Buffer o = randomActivations(kernel.row.activation,
                                     size_t(tokens) * size.heads * size.latent,
                                     random, 1);
        Buffer y(size_t(tokens) * size.heads * size.value * element);
        KernelCase test{&shape,
                        RaggedBatch({{0, tokens}}, 16),
                        {input(o, size.heads * size.latent * element),
                         output(y, size.heads * size.value * element)}};
        w.appendTo(test.operands);
        expectSplitIndependent(kernel, test);
        expectTokenIndependent(kernel, test);

        auto from = values(o, kernel.row.activation);
        std::vector<double> want, bound;
        for (uint32_t i = 0; i < tokens * size.heads; ++i)
          for (uint32_t v = 0; v < size.value; ++v) {
            Sum sum;
            for (uint32_t c = 0; c < size.latent; ++c)
              sum.add(w.value(i % size.heads * shape.weightRows + size.nope + v,
                              c) *
                      from[size_t(i) * size.latent + c]);
            want.push_back(sum.value);
            bound.push_back(sum.magnitude * dotError(kernel.row, size.latent) +
                            outputError(kernel.row.activation, sum.value));
          }
        expectWithin(values(y, kernel.row.activation), want, bound);
      }
}

} // namespace
} // namespace ds::kernels::test
