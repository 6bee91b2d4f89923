// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where this machine and this user have what CUDA code is compiled with. Only
// here is the environment read for it.
#pragma once
#include "compiler/Options.h"

namespace ds {

/// NVRTC's places: DSC_NVRTC alone where it is set; else those of CUDA_HOME and
/// CUDA_PATH, /usr/local/cuda*, what tools/dev/setup --cuda installs, the wheel
/// nvidia-cuda-nvrtc of the python3 on PATH, what the loader finds. Newer ones
/// first in each.
std::vector<std::string> nvrtcPlaces();

/// clang++-22 on PATH; empty: there is none.
std::string clangPath();

/// $XDG_CACHE_HOME/dsc, or ~/.cache/dsc; empty: there is no home.
std::string cacheFolder();

} // namespace ds
