// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel in a shared object finds the emulation in the program that loads it.
#include "kernels/emu/Launch.h"
#include <dlfcn.h>
#include <gtest/gtest.h>

namespace ds::emu {
namespace {

TEST(Plugin, RunsOnTheEmulationOfItsProgram) {
  void *object = dlopen(DS_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(object, nullptr) << dlerror();
  auto *function =
      reinterpret_cast<void (*)(const void *)>(dlsym(object, "pluginSum"));
  ASSERT_NE(function, nullptr);
  float sum = 0;
  float *out = &sum;
  const Result result = launch(function, &out, {0, 1, 1}, 64, 64, {});
  ASSERT_TRUE(result.ok) << result.text;
  EXPECT_EQ(sum, 63 * 64 / 2);
  dlclose(object);
}

} // namespace
} // namespace ds::emu
