// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/Quantized.h"
#include "kernels/base/Quantize.h"
#include <algorithm>
#include <cmath>

namespace ds::kernels::test {

void expectQuantized(const Buffer &codes, const Buffer &scales, uint32_t n,
                     uint32_t scaleFormat, const std::vector<double> &want,
                     const std::vector<double> &bound) {
  ASSERT_EQ(codes.bytes(), want.size());
  ASSERT_EQ(bound.size(), want.size());
  const uint32_t groups = scaleGroups(n);
  ASSERT_EQ(scales.bytes(), want.size() / n * groups * sizeof(float));
  for (size_t group = 0; group < want.size() / n * groups; ++group) {
    const float scale = scales.get<float>(group);
    const size_t row = group / groups, first = group % groups * kScaleGroup;
    const size_t last = std::min<size_t>(n, first + kScaleGroup);
    double low = 0, high = 0; // of the largest magnitude
    for (size_t i = row * n + first; i < row * n + last; ++i) {
      low = std::max(low, std::abs(want[i]) - bound[i]);
      high = std::max(high, std::abs(want[i]) + bound[i]);
    }
    // One rounding of the quotient on each side.
    const double ulp = scaleFormat == kScaleF32 ? 0x1p-23 : 0;
    EXPECT_GE(scale, groupScale(float(low), scaleFormat) * (1 - ulp)) << group;
    EXPECT_LE(scale, groupScale(float(high), scaleFormat) * (1 + ulp)) << group;
    size_t wrong = 0;
    for (size_t i = row * n + first; i < row * n + last; ++i) {
      const double got = double(toFloat(codes.get<f8e4m3fn>(i))) * scale;
      const double half =
          std::max((std::abs(want[i]) + bound[i]) / 16, scale * 0x1p-10);
      if (!(std::abs(got - want[i]) <= half * (1 + 0x1p-20) + bound[i]) &&
          ++wrong <= 3)
        ADD_FAILURE() << "element " << i << ": " << got << ", expected "
                      << want[i] << " +- " << half << " +- " << bound[i];
    }
  }
}

void expectSameBits(const Buffer &got, const Buffer &want, const char *what) {
  EXPECT_TRUE(got.snapshot() == want.snapshot()) << what;
}

} // namespace ds::kernels::test
