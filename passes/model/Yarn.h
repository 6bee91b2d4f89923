// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The numbers of rope and YaRN (model-spec 1.5 and 1.6), computed in f64 and
// rounded once to f32.
#pragma once
#include "dialects/DS/DS.h"
#include <vector>

namespace ds {

/// Frequency of each of the rope's dim / 2 pairs.
std::vector<float> inverseFrequencies(RopeAttr rope);
/// Factor on both cosine and sine.
float attentionFactor(RopeAttr rope);
/// Factor on the scores: qkHeadDim^-0.5, times the square of YaRN's m.
float softmaxScale(RopeAttr rope, int64_t qkHeadDim);

} // namespace ds
