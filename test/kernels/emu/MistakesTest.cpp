// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every planted mistake is caught in the way that Mistakes.def says. Races are
// looked for by the programs that RaceMain.cpp makes.
#include "test/kernels/emu/Kernels.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <regex>

namespace ds::kernels::test {
namespace {

enum class By { Report, Value, Race };

struct Planted {
  const char *name;
  Mistake mistake;
  const char *kernel;
  By by;
  const char *text;
};
const Planted kPlanted[] = {
#define MISTAKE(name, kernel, by, text)                                        \
  {#name, Mistake::name, #kernel, By::by, text},
#include "test/kernels/emu/Mistakes.def"
};

void PrintTo(const Planted &planted, std::ostream *out) {
  *out << planted.name;
}
std::vector<Planted> plantedBy(By by) {
  std::vector<Planted> found;
  for (const Planted &planted : kPlanted)
    if (planted.by == by)
      found.push_back(planted);
  return found;
}
std::string nameOf(const testing::TestParamInfo<Planted> &info) {
  return info.param.name;
}

constexpr uint32_t kRows = 50, kK = 384;

class Reported : public testing::TestWithParam<Planted> {};

TEST_P(Reported, UnderEveryPolicyAndSeed) {
  const SmallKernel &kernel = smallKernel(GetParam().kernel);
  Problem problem(kRows, kK);
  for (emu::Completion completion :
       {emu::Completion::Earliest, emu::Completion::Latest,
        emu::Completion::Random})
    for (uint64_t seed = 0; seed < 6; ++seed) {
      const emu::Result result =
          problem.run(kernel, GetParam().mistake, completion, seed);
      EXPECT_FALSE(result.ok)
          << "completion " << int(completion) << " seed " << seed;
      EXPECT_TRUE(std::regex_search(result.text, std::regex(GetParam().text)))
          << "completion " << int(completion) << " seed " << seed << ": "
          << result.text;
    }
}
INSTANTIATE_TEST_SUITE_P(Mistakes, Reported,
                         testing::ValuesIn(plantedBy(By::Report)), nameOf);

class Visible : public testing::TestWithParam<Planted> {};

TEST_P(Visible, WhenEffectsAreLate) {
  const SmallKernel &kernel = smallKernel(GetParam().kernel);
  Problem problem(kRows, kK);
  ASSERT_TRUE(
      problem.run(kernel, Mistake::None, emu::Completion::Latest, 0).ok);
  const std::vector<float> right = problem.d();
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const emu::Result result =
        problem.run(kernel, GetParam().mistake, emu::Completion::Latest, seed);
    EXPECT_TRUE(!result.ok || std::memcmp(problem.d().data(), right.data(),
                                          right.size() * sizeof(float)) != 0)
        << "seed " << seed;
    if (std::strncmp(GetParam().text, "NaN", 3) == 0 && result.ok) {
      const size_t results = problem.wanted(kernel).size();
      bool found = false;
      for (size_t i = 0; i < results; ++i)
        found |= std::isnan(problem.d()[i]);
      EXPECT_TRUE(found) << "seed " << seed;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Mistakes, Visible,
                         testing::ValuesIn(plantedBy(By::Value)), nameOf);

} // namespace
} // namespace ds::kernels::test
