// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// plan-sweep flip|truncate PLAN: a compiled plan is damaged at one byte after
// the other, padding included, and verified. Prints "N of M refused", M the
// size of the plan; a wrong exit status of a refusal does not count.
#include "runtime/plan/Verify.h"
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

using namespace ds;

namespace {

/// Bytes 8 to 11 are the version: another one does not fit, the rest is damage.
bool isRefused(std::span<const uint8_t> bytes, bool isVersion) {
  Result<rt::PlanView> view = rt::verifyPlan(bytes, "plan");
  return !view && view.takeStatus().exit() ==
                      (isVersion ? Exit::Unfit : Exit::Rejected);
}

size_t flipEvery(std::vector<uint8_t> &plan) {
  size_t refused = 0;
  for (size_t i = 0; i < plan.size(); ++i) {
    auto bit = uint8_t(1u << i % 8);
    plan[i] ^= bit;
    refused += isRefused(plan, i >= 8 && i < 12);
    plan[i] ^= bit;
  }
  return refused;
}

size_t truncateEvery(std::span<const uint8_t> plan) {
  size_t refused = 0;
  for (size_t size = 0; size < plan.size(); ++size)
    refused += isRefused(plan.first(size), false);
  return refused;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  std::ifstream file(argv[2], std::ios::binary);
  std::vector<uint8_t> plan{std::istreambuf_iterator<char>(file), {}};
  if (!rt::verifyPlan(plan, argv[2])) // what is not damaged is a plan
    return 1;
  size_t refused = !std::strcmp(argv[1], "flip") ? flipEvery(plan)
                                                 : truncateEvery(plan);
  if (!rt::verifyPlan(plan, argv[2]))
    return 1;
  std::printf("%zu of %zu refused\n", refused, plan.size());
  return 0;
}
