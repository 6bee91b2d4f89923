// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/matrix/TestRows.h"
#include "kernels/base/Quantize.h"

namespace ds::kernels::test {
namespace {

Buffer randomCodes(size_t count, Random &random) {
  Buffer codes(count);
  for (size_t i = 0; i < count; ++i)
    if (uint8_t code = uint8_t(random.bits()); (code & 0x7f) != 0x7f)
      codes.set(i, code);
    else
      codes.set(i, uint8_t(0));
  return codes;
}

} // namespace

TestRows::TestRows(Activation type, size_t rows, uint32_t columns,
                   Random &random)
    : type_(type), columns_(columns),
      rows_(type == Activation::F8E4M3Group128
                ? randomCodes(rows * columns, random)
                : randomActivations(type, rows * columns, random, 1)),
      scales_(type == Activation::F8E4M3Group128
                  ? rows * scaleGroups(columns) * sizeof(float)
                  : 0) {
  for (size_t i = 0; i < scales_.bytes() / sizeof(float); ++i)
    scales_.set(i, 0.0015f + random.uniform(0.0007f));
}

double TestRows::value(size_t row, uint32_t column) const {
  size_t i = row * columns_ + column;
  switch (type_) {
  case Activation::BF16:
    return toFloat(rows_.get<bf16>(i));
  case Activation::F8E4M3Group128:
    return double(toFloat(rows_.get<f8e4m3fn>(i))) *
           scales_.get<float>(row * scaleGroups(columns_) +
                              column / kScaleGroup);
  default:
    return rows_.get<float>(i);
  }
}

void TestRows::setExact(size_t row, uint32_t column, float value) {
  size_t i = row * columns_ + column;
  if (type_ == Activation::BF16) {
    rows_.set(i, toBF16(value));
  } else if (type_ == Activation::F8E4M3Group128) {
    rows_.set(i, toF8E4M3(value));
    scales_.set(row * scaleGroups(columns_) + column / kScaleGroup, 1.0f);
  } else {
    rows_.set(i, value);
  }
}

void TestRows::appendTo(std::vector<Operand> &operands, bool isShared) const {
  size_t bytes = type_ == Activation::F8E4M3Group128 ? 1 : elementBytes(type_);
  operands.push_back(input(rows_, isShared ? 0 : columns_ * bytes));
  if (type_ == Activation::F8E4M3Group128)
    operands.push_back(
        input(scales_, isShared ? 0 : scaleGroups(columns_) * sizeof(float)));
}

} // namespace ds::kernels::test
