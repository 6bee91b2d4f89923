// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/matrix/PagedState.h"
#include <algorithm>
#include <cmath>

namespace ds::kernels::test {

PagedState::PagedState(Activation type, const RaggedBatch &batch,
                       uint32_t pageTokens, uint32_t rowElements,
                       Random &random)
    : type_(type), batch_(batch), pageTokens_(pageTokens),
      rowElements_(rowElements), buffer_(size_t(batch.pages) * pageTokens *
                                         rowElements * elementBytes(type)) {
  for (uint32_t t = 0; t < batch.tokens(); ++t) {
    bool first = t == batch.firstToken[batch.sequenceOf[t]];
    for (uint32_t u = first ? 0 : batch.positions[t]; u <= batch.positions[t];
         ++u)
      for (uint32_t c = 0; c < rowElements; ++c)
        set(batch.sequenceOf[t], u, c, toFloat(toBF16(random.uniform(2))));
  }
}

size_t PagedState::place(uint32_t sequence, uint32_t u) const {
  size_t page = batch_.pageTable[size_t(sequence) * batch_.pagesPerSequence +
                                 u / pageTokens_];
  return (page * pageTokens_ + u % pageTokens_) * rowElements_;
}

double PagedState::value(uint32_t sequence, uint32_t u, uint32_t c) const {
  size_t at = place(sequence, u) + c;
  return type_ == Activation::BF16 ? toFloat(buffer_.get<bf16>(at))
                                   : buffer_.get<float>(at);
}

void PagedState::set(uint32_t sequence, uint32_t u, uint32_t c, float value) {
  size_t at = place(sequence, u) + c;
  if (type_ == Activation::BF16)
    buffer_.set(at, toBF16(value));
  else
    buffer_.set(at, value);
}

Inexact attend(const KernelRow &row, const std::vector<Inexact> &scores,
               const std::vector<Inexact> &values) {
  double largest = -INFINITY, scoreError = 0;
  for (Inexact score : scores) {
    largest = std::max(largest, score.value);
    scoreError = std::max(scoreError, score.error);
  }
  double span = 0, sum = 0, weighted = 0, magnitude = 0, valueError = 0;
  for (size_t u = 0; u < scores.size(); ++u) {
    double weight = std::exp(scores[u].value - largest);
    span = std::max(span, largest - scores[u].value);
    sum += weight;
    weighted += weight * values[u].value;
    magnitude += weight * std::abs(values[u].value);
    valueError += weight * values[u].error;
  }
  // A weight is off by the errors of its own score and of the largest, by the
  // rounding of their difference, and by those of the factors of older pages.
  double perWeight = 2 * scoreError + (span + 4) * 0x1p-23;
  double perSum = perWeight + (scores.size() + 4) * 0x1p-24;
  double perProduct = 2 * perSum;
  if (isForGPU(row))
    perProduct +=
        unitRoundoff(Activation::BF16) + mmaError(uint32_t(scores.size()));
  return {weighted / sum, (perProduct * magnitude + valueError) / sum};
}

} // namespace ds::kernels::test
