// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// quantize, cast. Both are exact: bits are compared.
#include "kernels/base/Quantize.h"
#include "kernels/Contracts.h"
#include "test/kernels/KernelTest.h"
#include <cmath>
#include <fstream>
#include <sstream>

namespace ds::kernels::test {
namespace {

constexpr float kInfinity = HUGE_VALF;

/// Rows of x and what became of them.
struct Quantized {
  Buffer codes, scales;
  uint32_t n;

  uint8_t code(uint32_t row, uint32_t i) const {
    return codes.get<uint8_t>(size_t(row) * n + i);
  }
  float scale(uint32_t row, uint32_t group) const {
    return scales.get<float>(size_t(row) * scaleGroups(n) + group);
  }
};

/// Runs a row of the family on `x`; a token has one row.
Quantized quantize(const NativeKernel &kernel, const Buffer &x, uint32_t rows,
                   uint32_t n, uint32_t scaleFormat) {
  Quantized result{Buffer(size_t(rows) * n),
                   Buffer(size_t(rows) * scaleGroups(n) * sizeof(float)), n};
  QuantizeShape shape{n, 1, scaleFormat};
  runKernel(kernel,
            {&shape,
             RaggedBatch({{0, rows}}, 16),
             {shared(x), output(result.codes, 0), output(result.scales, 0)}});
  return result;
}

/// One row of values as a row of the table wants them.
Buffer rowOf(Activation type, const std::vector<float> &values) {
  Buffer x(values.size() * elementBytes(type));
  for (size_t i = 0; i < values.size(); ++i)
    if (type == Activation::BF16)
      x.set(i, toBF16(values[i]));
    else
      x.set(i, values[i]);
  return x;
}

std::string readGolden() {
  std::ifstream file(DS_TEST_DATA "/quantize/rows.bin", std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// Written by the float64 reference of the models, quantize_rows: rows from 2^-24
// to 2^40, zeros, groups below the floor, values and quotients on the middle
// between two codes, magnitudes of 448 times a power of two, a tail.
TEST(Quantize, HasTheBitsOfTheModelsReference) {
  std::string bytes = readGolden();
  ASSERT_GT(bytes.size(), 8u);
  const char *from = bytes.data();
  auto rows = unaligned<uint32_t>(from), n = unaligned<uint32_t>(from, 1);
  const size_t count = size_t(rows) * n, groups = rows * scaleGroups(n);
  ASSERT_EQ(bytes.size(), 8 + count * 4 + 2 * (count + groups * 4));
  Buffer x(count * sizeof(float));
  std::memcpy(x.data(), from += 8, x.bytes());
  from += x.bytes();
  for (uint32_t format : {kScaleF32, kScaleUE8M0}) {
    std::string codes(from, count), scales(from + count, groups * 4);
    from += count + groups * 4;
    for (const NativeKernel &kernel : runnableKernels("quantize")) {
      if (kernel.row.activation != Activation::F32)
        continue;
      Quantized got = quantize(kernel, x, rows, n, format);
      EXPECT_TRUE(got.codes.snapshot() == codes)
          << kernel.row.name << " format " << format;
      EXPECT_TRUE(got.scales.snapshot() == scales)
          << kernel.row.name << " format " << format;
    }
  }
}

TEST(Quantize, WorksRowByRowAndGroupByGroup) {
  for (const NativeKernel &kernel : runnableKernels("quantize"))
    for (uint32_t n : {1u, 96u, 127u, 128u, 129u, 320u})
      for (uint32_t rowsPerToken : {1u, 3u}) {
        SCOPED_TRACE(std::string(kernel.row.name) + " n " + std::to_string(n));
        Random random(n);
        Activation type = kernel.row.activation;
        QuantizeShape shape{n, rowsPerToken, kScaleF32};
        RaggedBatch batch({{0, 3}, {5, 2}}, 4);
        uint32_t rows = batch.tokens() * rowsPerToken, groups = scaleGroups(n);
        Buffer x = randomActivations(type, size_t(rows) * n, random, 3);
        Buffer codes(size_t(rows) * n), scales(size_t(rows) * groups * 4);
        KernelCase test{&shape,
                        batch,
                        {input(x, rowsPerToken * n * elementBytes(type)),
                         output(codes, rowsPerToken * n),
                         output(scales, rowsPerToken * groups * 4)}};
        expectTokenIndependent(kernel, test);
        expectSplitIndependent(kernel, test);
        auto in = values(x, type);
        for (uint32_t i = 0; i < rows * n; ++i) {
          uint32_t row = i / n, column = i % n;
          float s = scales.get<float>(row * groups + column / 128);
          double back = double(toFloat(codes.get<f8e4m3fn>(i))) * s;
          // Half a step: 1/16 of a code's power of two, at least 2^-10 of s.
          ASSERT_LE(std::abs(back - in[i]),
                    std::max(std::abs(in[i]) / 16, s * 0x1p-10) * 1.0001)
              << i;
        }
        // The scale is that of the group's own largest magnitude.
        for (uint32_t g = 0; g < rows * groups; ++g) {
          double amax = 0;
          uint32_t begin = g % groups * 128, end = std::min(n, begin + 128);
          for (uint32_t i = begin; i < end; ++i)
            amax = std::max(amax, std::abs(in[size_t(g / groups) * n + i]));
          ASSERT_EQ(scales.get<float>(g), float(amax) / 448.0f) << g;
        }
      }
}

// Odd multiples of the scale from 17 to 31 lie in the middle of two codes.
// Multiplied by the reciprocal of the scale many of them do not.
TEST(Quantize, DividesByTheScale) {
  constexpr uint32_t kRows = 64, kColumns = 128;
  Random random(5);
  std::vector<float> x;
  std::vector<uint8_t> codes;
  uint32_t different = 0;
  for (uint32_t row = 0; row < kRows; ++row) {
    const float amax = 1 + std::abs(random.uniform(1));
    const float s = amax / 448.0f;
    for (uint32_t i = 0; i < kColumns; ++i) {
      const float middle = float(17 + 2 * random.below(8)) * s;
      x.push_back(i == 77 ? amax : middle);
      codes.push_back(toF8E4M3(x.back() / s).bits);
      different += toF8E4M3(x.back() * (1.0f / s)).bits != codes.back();
    }
  }
  ASSERT_GT(different, 100u);
  for (const NativeKernel &kernel : runnableKernels("quantize"))
    if (kernel.row.activation == Activation::F32) {
      Buffer in = rowOf(Activation::F32, x);
      Quantized got = quantize(kernel, in, kRows, kColumns, kScaleF32);
      EXPECT_TRUE(got.codes.snapshot() ==
                  std::string(codes.begin(), codes.end()))
          << kernel.row.name;
    }
}

TEST(Quantize, AGroupOfZerosHasTheScaleOfTheFloor) {
  for (const NativeKernel &kernel : runnableKernels("quantize"))
    for (uint32_t format : {kScaleF32, kScaleUE8M0}) {
      Buffer x = rowOf(kernel.row.activation, std::vector<float>(130, 0.0f));
      Quantized got = quantize(kernel, x, 1, 130, format);
      for (uint32_t i = 0; i < 130; ++i)
        EXPECT_EQ(got.code(0, i), 0);
      for (uint32_t group : {0, 1})
        EXPECT_EQ(got.scale(0, group),
                  format == kScaleF32 ? 1e-4f / 448.0f : 0x1p-22f);
    }
}

// A power of two stays; the float after it goes to the next one.
TEST(Quantize, UE8M0ScalesAreRoundedUp) {
  for (int e : {-20, -7, 0, 11}) {
    float power = std::ldexp(1.0f, e), above = std::nextafterf(power, 1e30f);
    EXPECT_EQ(groupScale(448.0f * power, kScaleUE8M0), power);
    EXPECT_EQ(groupScale(448.0f * above, kScaleUE8M0), 2 * power);
    EXPECT_EQ(groupScale(448.0f * power * 0.75f, kScaleUE8M0), power);
  }
}

// Nothing that is not finite is hidden: code times scale is NaN all over the
// group, and its neighbours are left alone.
TEST(Quantize, ANaNOrAnInfinityMakesItsGroupNaN) {
  for (const NativeKernel &kernel : runnableKernels("quantize"))
    for (uint32_t format : {kScaleF32, kScaleUE8M0})
      for (float bad : {NAN, -NAN, kInfinity, -kInfinity})
        for (uint32_t place : {0u, 64u, 127u}) {
          std::vector<float> row(300, 1.5f);
          row[place] = bad;
          Buffer x = rowOf(kernel.row.activation, row);
          Quantized got = quantize(kernel, x, 1, 300, format);
          EXPECT_EQ(got.code(0, place), 0x7f);
          for (uint32_t i = 0; i < 300; ++i)
            ASSERT_EQ(std::isnan(toFloat(f8e4m3fn{got.code(0, i)}) *
                                 got.scale(0, i / 128)),
                      i < 128)
                << kernel.row.name << " " << bad << " at " << place << ": "
                << i;
        }
}

TEST(Cast, RoundsOnceToBF16) {
  for (uint32_t n : {1u, 65u, 200u}) {
    Random random(n);
    CastShape shape{n, 2};
    RaggedBatch batch({{0, 3}}, 4);
    Buffer x = randomF32(batch.tokens() * 2 * n, random, 5);
    Buffer y(batch.tokens() * 2 * n * 2);
    KernelCase test{&shape, batch, {input(x, 2 * n * 4), output(y, 2 * n * 2)}};
    for (const NativeKernel &kernel : runnableKernels("cast")) {
      expectTokenIndependent(kernel, test);
      expectSplitIndependent(kernel, test);
      for (uint32_t i = 0; i < batch.tokens() * 2 * n; ++i)
        ASSERT_EQ(y.get<uint16_t>(i), toBF16(x.get<float>(i)).bits)
            << kernel.row.name << " element " << i;
    }
  }
}

} // namespace
} // namespace ds::kernels::test
