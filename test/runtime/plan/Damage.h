// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One thing that is made wrong in a plan, and the code with which the plan is
// then refused.
#pragma once
#include "runtime/plan/Verify.h"
#include "test/runtime/plan/TinyPlan.h"
#include <gtest/gtest.h>

namespace ds::rt::test {

using Plan = std::vector<uint8_t>;

struct Damage {
  const char *name;
  ErrorCode expected;
  void (*apply)(Plan &);
};

inline void PrintTo(const Damage &damage, std::ostream *out) {
  *out << damage.name;
}

/// Changes record `index`, which the statement calls `r`.
#define DAMAGE(name, code, Record, index, ...)                                 \
  Damage {                                                                     \
    name, ErrorCode::code, [](Plan &plan) {                                    \
      Record &r = recordIn<Record>(plan, index);                               \
      __VA_ARGS__;                                                             \
    }                                                                          \
  }

inline constexpr StringRef kFar = StringRef(1u << 20); // beyond STRS

/// The damaged plan, all its digests made right again, is refused so.
inline void expectRefused(Plan plan, const Damage &damage) {
  damage.apply(plan);
  sealPlan(plan);
  Result<PlanView> view = verifyPlan(plan, "plan.bin");
  ASSERT_FALSE(view);
  Status status = view.takeStatus();
  EXPECT_EQ(status.errors()[0].code, damage.expected) << status.text("test");
  EXPECT_EQ(status.exit(), Exit::Rejected);
}

} // namespace ds::rt::test
