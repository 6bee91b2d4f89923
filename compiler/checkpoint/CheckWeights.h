// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only part that reads weight bytes: what their values may not be.
#pragma once
#include "compiler/checkpoint/Model.h"

namespace ds::checkpoint {

struct CheckWeightsOptions {
  bool allowNonfinite = false; // weights only; scales must be good numbers
};

/// Reads every weight that a plan of `model` uses. Errors: ScaleValue,
/// WeightNotFinite, TiedDiffer, one per tensor with the first five places; with
/// allowNonfinite what would be WeightNotFinite becomes one of the model's
/// notes.
Status checkWeights(Model &model, const CheckWeightsOptions &options);

} // namespace ds::checkpoint
