// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes the lines of one family's kernels/<family>/cuda.def known. The build
// makes a source per family: this header between its cuda.cuh and cuda.def.
#pragma once
#include "test/kernels/EmulatedKernels.h"

#define DS_ADDED_AT(line) added##line
#define DS_ADDED(line) DS_ADDED_AT(line)
#define LAUNCH(row, Family, threads, shared, tiles, workspace, maps, fits,     \
               ...)                                                            \
  static const bool DS_ADDED(__LINE__) =                                       \
      ds::kernels::test::addEmulatedLaunch(#row, [](const void *bound) {       \
        using namespace ds::kernels;                                           \
        auto &call = *static_cast<const test::EmulatedCall *>(bound);          \
        cuda::__VA_ARGS__(*static_cast<const Family##Shape *>(call.shape),     \
                          call.call);                                          \
      });
