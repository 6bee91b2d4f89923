// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CUDA driver, found when the program runs. Own declarations: who builds
// this needs no toolkit.
#pragma once
#include "runtime/base/Status.h"
#include <cstddef>
#include <cstdint>

namespace ds::rt {

/// The functions of CUDAFunctions.def. Never unloaded: the driver has threads.
struct CUDADriver {
  /// What a driver's function returns.
  enum Code : unsigned {
    Success = 0,
    OutOfMemory = 2,
    NoDevice = 100,
    NotFound = 500,
    NotReady = 600
  };

#define FUNCTION(name, symbol, ...) unsigned (*name)(__VA_ARGS__);
#include "runtime/device/CUDAFunctions.def"

  int version = 0; // of CUDA that the driver is for: 13000 is 13.0

  /// Opens the library and initialises it; `library` is another's in tests.
  /// Errors: DeviceAbsent (8), and DriverTooOld (8) where a function is
  /// missing.
  static Result<CUDADriver> open(const char *library = "libcuda.so.1");

  /// "CUDA_ERROR_ILLEGAL_ADDRESS"; the number where it has no name.
  std::string nameOf(unsigned code) const;
};

/// "13.0" of 13000.
std::string cudaVersion(int version);

} // namespace ds::rt
