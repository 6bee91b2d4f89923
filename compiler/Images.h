// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code of a plan's kernels, level by level.
#pragma once
#include "compiler/Options.h"
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/UnitCompiler.h"
#include "compiler/pipeline/Target.h"
#include <mlir/IR/BuiltinOps.h>

namespace ds {

/// A plan's kernels with their shapes, in order.
struct LevelKernels {
  const kernels::LevelInfo *level;
  std::vector<KernelInstance> instances;
};

/// Of every level, in the order of `levels`, which is that of the module's model
/// op. Errors: InternalError.
Result<std::vector<LevelKernels>> kernelsOf(mlir::ModuleOp module,
                                            const Levels &levels);

/// One image per level, made side by side: it is most of the time that a
/// compilation takes, and levels share nothing. `compiler` is that of the
/// target, which CPUs do not need. Errors: those of compileImage, cudaSource and
/// UnitCompiler.
Result<std::vector<CompiledImage>>
compileImages(std::span<const LevelKernels> kernels, TargetKind kind,
              const std::optional<UnitCompiler> &compiler);

/// What --emit asks for of the one level: CUDA C++, which needs no compiler,
/// PTX, or bytes.
Result<std::string> emitCode(const LevelKernels &kernels, Emission emission,
                             const std::optional<UnitCompiler> &compiler);

} // namespace ds
