// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/base/Row.h"
#include "kernels/base/Types.h"
#include "kernels/embedding/embedding.h"

namespace ds::kernels {
namespace {

[[clang::always_inline]] inline void embed(const EmbeddingShape &shape,
                                           const Call &call, uint32_t tileBegin,
                                           uint32_t tileEnd) {
  auto *residual = operand<float>(call, 0);
  auto *delta = operand<float>(call, 1);
  auto *table = operand<const char>(call, 2);
  for (uint32_t t = tileBegin; t < tileEnd; ++t) {
    uint32_t id = call.batch->tokenIds[t];
    auto *sum = rowOf(residual, t, shape.hidden);
    auto *zero = rowOf(delta, t, shape.hidden);
    auto *row = table + size_t(id) * shape.hidden * sizeof(bf16);
    for (uint32_t i = 0; i < shape.hidden; ++i) {
      sum[i] = id < shape.vocab ? toFloat(unaligned<bf16>(row, i)) : 0.0f;
      zero[i] = 0;
    }
  }
}

} // namespace

DS_DEFINE_KERNEL(embedding_bf16_generic, EmbeddingShape, tokenTiles, embed)

} // namespace ds::kernels
