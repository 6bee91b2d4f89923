// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/matrix/TestMatrix.h"
#include <algorithm>

namespace ds::kernels::test {
namespace {

uint32_t blocks(uint32_t elements) { return (elements + 127) / 128; }

size_t weightBytes(Weights encoding) {
  return encoding == Weights::BF16 ? sizeof(bf16) : sizeof(f8e4m3fn);
}

} // namespace

TestMatrix::TestMatrix(Weights encoding, uint32_t rows, uint32_t in,
                       Random &random, size_t shift)
    : encoding_(encoding), in_(in),
      weights_(size_t(rows) * in * weightBytes(encoding), shift),
      factors_(size_t(blocks(rows)) * blocks(in) * sizeof(float), shift) {
  for (size_t i = 0; i < size_t(rows) * in; ++i)
    if (encoding == Weights::BF16)
      weights_.set(i, toBF16(random.uniform(1)));
    else if (uint8_t code = uint8_t(random.bits()); (code & 0x7f) != 0x7f)
      weights_.set(i, code);
    else
      weights_.set(i, uint8_t(0));
  for (size_t i = 0; i < factors_.bytes() / sizeof(float); ++i)
    factors_.set(i, 0.004f + random.uniform(0.002f));
}

float TestMatrix::factor(uint32_t row, uint32_t column) const {
  return factors_.get<float>(size_t(row / 128) * blocks(in_) + column / 128);
}

double TestMatrix::value(uint32_t row, uint32_t column) const {
  const size_t i = size_t(row) * in_ + column;
  if (encoding_ == Weights::BF16)
    return toFloat(weights_.get<bf16>(i));
  return double(toFloat(weights_.get<f8e4m3fn>(i))) * factor(row, column);
}

void TestMatrix::appendTo(std::vector<void *> &pointers) const {
  pointers.push_back(weights_.data());
  if (encoding_ == Weights::F8E4M3Block128)
    pointers.push_back(factors_.data());
}

void TestMatrix::appendTo(std::vector<Operand> &operands) const {
  operands.push_back(shared(weights_));
  if (encoding_ == Weights::F8E4M3Block128)
    operands.push_back(shared(factors_));
}

double dotError(const KernelRow &row, uint32_t in) {
  if (row.level == Level::Generic)
    return 0x1p-24;
  if (row.activation == Activation::F8E4M3Group128 &&
      (row.level == Level::SM89 || row.level == Level::SM90A)) {
    // Products of codes: 16 or, with wgmma, 32 of them and the addend are cut
    // at 2^-13 of the largest, and the sum once more. A block has 128 columns.
    const uint32_t atOnce = row.level == Level::SM89 ? 16 : 32;
    const uint32_t steps = std::min(in, 128 / atOnce);
    return (atOnce + 2) * steps * 0x1p-13 + (blocks(in) + 2) * 0x1p-24;
  }
  if (row.level >= Level::CUDA) {
    // An mma step cuts 8 products and the addend at 2^-24 of the largest, and
    // the sum at 2^-23. A block of at most 128 columns takes 16 steps; steps
    // whose products are all zero cut nothing.
    const uint32_t steps = std::min(in, 16u);
    return (11 * steps + blocks(2 * in) + 2) * 0x1p-24;
  }
  return (in / 16 + 2 + blocks(in) + 6) * 0x1p-24;
}

bool isForGPU(const KernelRow &row) { return row.level >= Level::CUDA; }

double mmaError(uint32_t products) {
  return (products / 8 + 4) * (8 + 1 + 2) * 0x1p-24;
}

double outputError(Activation type, double value) {
  return type == Activation::BF16 ? std::abs(value) * unitRoundoff(type) : 0;
}

} // namespace ds::kernels::test
