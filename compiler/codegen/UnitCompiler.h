// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From CUDA translation units to the code in a plan, through the cache.
#pragma once
#include "compiler/Options.h"
#include "compiler/codegen/CodeCache.h"
#include "compiler/codegen/NVRTC.h"
#include <optional>

namespace ds {

class UnitCompiler {
public:
  /// Finds the compiler of the target: NVRTC, or clang for the emulation.
  /// Errors: NVRTCMissing, ClangMissing.
  static Result<UnitCompiler> find(TargetKind target, const Toolchain &tools);

  /// A cubin, or a shared object. Safe on several threads. Errors: those of
  /// NVRTC::compile and compileHostUnit.
  Result<std::vector<uint8_t>>
  compile(const std::string &unit, const kernels::LevelInfo &level) const;
  /// PTX, never from the cache; only for CUDA.
  Result<std::string> ptx(const std::string &unit,
                          const kernels::LevelInfo &level) const;

  /// The program that makes the code, with its version: "NVRTC 13.0".
  std::string name() const;
  /// What a machine must have for the code: a compute capability and the version
  /// that its driver must be for, "9.0a 13.0"; for the emulation a CPU's
  /// features.
  std::string featuresOf(const kernels::LevelInfo &level) const;

private:
  explicit UnitCompiler(const Toolchain &tools)
      : clang_(tools.clang), cache_(tools.cacheFolder) {}

  std::string clang_;
  CodeCache cache_;
  std::vector<std::string> clangKey_;
  std::optional<NVRTC> nvrtc_; // where the target is CUDA
};

} // namespace ds
