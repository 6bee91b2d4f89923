// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which element of a matrix is where in a warp's registers, against the
// formulas of the PTX ISA ("Matrix fragments for mma.m16n8k16", "ldmatrix").
#include "kernels/base/Mma.cuh"
#include "kernels/emu/Launch.h"
#include <gtest/gtest.h>
#include <vector>

namespace ds::kernels::test {
namespace {

using namespace ds::kernels::cuda;

struct FragmentCall {
  uint16_t *seen; // [lane, 4 registers, 2 halves]
  float *d;       // [lane, 4]
  uint32_t one;   // which element of a and of b is 1
};

emu::Result runWarp(void (*function)(const FragmentCall &),
                    const FragmentCall &call, emu::Architecture architecture) {
  emu::Options options;
  options.architecture = architecture;
  return emu::launch(function, call, {0, 1, 1}, 32, 1024, options);
}

/// Element e of row r of matrix m is 64 m + 8 r + e.
template <bool transposed>
void loadNumbered(const FragmentCall &call) {
  auto *shared = sharedMemory<uint16_t>();
  for (uint32_t i = 0; i < 8; ++i)
    shared[laneIndex() * 8 + i] = uint16_t(laneIndex() * 8 + i);
  syncWarp();
  uint32_t r[4];
  loadMatrix<4, transposed>(r, shared + laneIndex() * 8);
  for (uint32_t i = 0; i < 8; ++i)
    call.seen[laneIndex() * 8 + i] = uint16_t(r[i / 2] >> 16 * (i % 2));
}

TEST(Fragments, LoadMatrixDealsRowsAndColumns) {
  std::vector<uint16_t> seen(32 * 8);
  const FragmentCall call{seen.data(), nullptr, 0};
  ASSERT_TRUE(runWarp(loadNumbered<false>, call, emu::Architecture::SM80).ok);
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t i = 0; i < 8; ++i)
      EXPECT_EQ(seen[lane * 8 + i],
                i / 2 * 64 + lane / 4 * 8 + lane % 4 * 2 + i % 2);
  ASSERT_TRUE(runWarp(loadNumbered<true>, call, emu::Architecture::SM80).ok);
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t i = 0; i < 8; ++i)
      EXPECT_EQ(seen[lane * 8 + i],
                i / 2 * 64 + (lane % 4 * 2 + i % 2) * 8 + lane / 4);
}

/// Multiplies a, which is 1 at one row and k of `one`, with b, which is
/// column + 1 at that k and 0 elsewhere: d has column + 1 in that row.
void multiplyBF16(const FragmentCall &call) {
  const uint32_t row = call.one / 16, k = call.one % 16;
  const uint32_t group = laneIndex() / 4, inGroup = laneIndex() % 4;
  uint32_t a[4] = {}, b[2] = {};
  for (uint32_t i = 0; i < 8; ++i) { // a_i
    const uint32_t aRow = i < 2 || (i >= 4 && i < 6) ? group : group + 8;
    const uint32_t aColumn = inGroup * 2 + i % 2 + (i >= 4 ? 8 : 0);
    if (aRow == row && aColumn == k)
      a[i / 2] |= uint32_t(toBF16(1).bits) << 16 * (i % 2);
  }
  for (uint32_t i = 0; i < 4; ++i) { // b_i
    const uint32_t bRow = inGroup * 2 + i % 2 + (i >= 2 ? 8 : 0);
    if (bRow == k)
      b[i / 2] |= uint32_t(toBF16(float(group + 1)).bits) << 16 * (i % 2);
  }
  float d[4] = {100, 100, 100, 100};
  mmaBF16(d, a, b);
  for (uint32_t i = 0; i < 4; ++i)
    call.d[laneIndex() * 4 + i] = d[i];
}

void multiplyF8(const FragmentCall &call) {
  const uint32_t row = call.one / 32, k = call.one % 32;
  const uint32_t group = laneIndex() / 4, inGroup = laneIndex() % 4;
  uint32_t a[4] = {}, b[2] = {};
  for (uint32_t i = 0; i < 16; ++i) {
    const uint32_t aRow = i < 4 || (i >= 8 && i < 12) ? group : group + 8;
    const uint32_t aColumn = inGroup * 4 + i % 4 + (i >= 8 ? 16 : 0);
    if (aRow == row && aColumn == k)
      a[i / 4] |= uint32_t(toF8E4M3(1).bits) << 8 * (i % 4);
  }
  for (uint32_t i = 0; i < 8; ++i) {
    const uint32_t bRow = inGroup * 4 + i % 4 + (i >= 4 ? 16 : 0);
    if (bRow == k)
      b[i / 4] |= uint32_t(toF8E4M3(float(group + 1)).bits) << 8 * (i % 4);
  }
  float d[4] = {100, 100, 100, 100};
  mmaF8(d, a, b);
  for (uint32_t i = 0; i < 4; ++i)
    call.d[laneIndex() * 4 + i] = d[i];
}

void expectOneRow(void (*function)(const FragmentCall &), uint32_t products,
                  emu::Architecture architecture) {
  std::vector<float> d(32 * 4);
  for (uint32_t one = 0; one < 16 * products; ++one) {
    const emu::Result result =
        runWarp(function, {nullptr, d.data(), one}, architecture);
    ASSERT_TRUE(result.ok) << result.text;
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t i = 0; i < 4; ++i) {
        const uint32_t row = lane / 4 + i / 2 * 8;
        const uint32_t column = lane % 4 * 2 + i % 2;
        ASSERT_EQ(d[lane * 4 + i],
                  100.0f + (row == one / products ? column + 1 : 0))
            << "one at " << one;
      }
  }
}

TEST(Fragments, MultiplicationsTakeEveryElementOnce) {
  expectOneRow(multiplyBF16, 16, emu::Architecture::SM80);
  expectOneRow(multiplyF8, 32, emu::Architecture::SM89);
}

TEST(Fragments, F8IsRefusedWhereTheHardwareHasNone) {
  std::vector<float> d(32 * 4);
  const emu::Result result =
      runWarp(multiplyF8, {nullptr, d.data(), 0}, emu::Architecture::SM80);
  EXPECT_FALSE(result.ok);
  EXPECT_NE(result.text.find("mmaF8: only sm_89"), std::string::npos);
}

} // namespace
} // namespace ds::kernels::test
