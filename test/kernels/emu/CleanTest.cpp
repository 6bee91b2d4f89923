// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels without a mistake: the same bits whatever the order of threads and
// the time of effects, and the right values. The sanitized build of this suite
// runs it too.
#include "test/kernels/emu/Kernels.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

namespace ds::kernels::test {

// Prints a kernel's name in a test's.
void PrintTo(const SmallKernel &kernel, std::ostream *out) {
  *out << kernel.name;
}

namespace {

class Clean : public testing::TestWithParam<SmallKernel> {};

TEST_P(Clean, ComputesTheFormula) {
  for (uint32_t rows : {kTile, 50u}) {
    Problem problem(rows, 512);
    const emu::Result result =
        problem.run(GetParam(), Mistake::None, emu::Completion::Earliest, 0);
    ASSERT_TRUE(result.ok) << result.text;
    const std::vector<double> want = problem.wanted(GetParam());
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(problem.d()[i], want[i], problem.tolerance(GetParam()))
          << "element " << i;
  }
}

TEST_P(Clean, HasTheSameBitsUnderEveryScheduleAndPolicy) {
  Problem problem(50, 384);
  ASSERT_TRUE(
      problem.run(GetParam(), Mistake::None, emu::Completion::Earliest, 0).ok);
  const std::vector<float> first = problem.d();
  for (emu::Completion completion :
       {emu::Completion::Earliest, emu::Completion::Latest,
        emu::Completion::Random})
    for (uint64_t seed = 0; seed < 12; ++seed) {
      const emu::Result result =
          problem.run(GetParam(), Mistake::None, completion, seed);
      ASSERT_TRUE(result.ok) << result.text;
      ASSERT_EQ(std::memcmp(problem.d().data(), first.data(),
                            first.size() * sizeof(float)),
                0)
          << "completion " << int(completion) << " seed " << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Clean, testing::ValuesIn(kSmallKernels),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace ds::kernels::test
