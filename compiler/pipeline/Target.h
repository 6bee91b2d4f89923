// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a target means for the pipeline. The one place where options become
// facts of a target; passes see nothing else of it.
#pragma once
#include "compiler/Options.h"
#include "kernels/Catalog.h"
#include "runtime/base/Status.h"
#include <span>

namespace ds {

/// Best first, each once.
using Levels = std::vector<const kernels::LevelInfo *>;

/// The target's rows of the table of levels. Errors: UsageError for a name that
/// the kind of target does not have, and for none.
Result<Levels> levelsOf(const Target &target);

/// The form of attention of each phase where no option forces one: by phase,
/// but absorbed in all of them while some level has no kernel for the expanded
/// form.
MLAForm usualForm(const Levels &levels);

/// What the passes are told.
struct TargetDescription {
  std::string_view activations; // of ds-place-quantization: bf16, f32 or fp8
  std::string_view rest;        // with fp8, what is not quantised: bf16 or f32
  bool fusesCalls; // launches cost: neighbouring calls become one
};
/// Activations of FP8 linears are quantised where asked for, or else where
/// every level is a GPU's with FP8 matrix units. `options.target` names levels
/// that exist.
TargetDescription describeTarget(const CompileOptions &options);

/// "--target=cuda --sm=90a,80", for a plan's provenance.
std::string textOf(const Target &target);

} // namespace ds
