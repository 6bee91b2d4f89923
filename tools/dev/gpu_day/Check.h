// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What goes wrong ends the program: a kit that runs once has no better way.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <cuda_runtime.h>
#include <string>

namespace ds::day {

[[noreturn]] inline void fail(const std::string &text) {
  std::fprintf(stderr, "gpu-day: %s\n", text.c_str());
  std::exit(1);
}

inline void check(cudaError_t result, const char *what) {
  if (result != cudaSuccess)
    fail(std::string(what) + ": " + cudaGetErrorString(result));
}

} // namespace ds::day
