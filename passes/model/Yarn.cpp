// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/model/Yarn.h"
#include <algorithm>
#include <cmath>
#include <numbers>

using namespace mlir;

namespace ds {
namespace {

/// m(s, c) of model-spec 1.5.
double mscale(double factor, double coefficient) {
  return factor <= 1 ? 1 : 0.1 * coefficient * std::log(factor) + 1;
}

/// Absent and 0 mean the same.
double valueOrZero(FloatAttr attribute) {
  return attribute ? attribute.getValueAsDouble() : 0;
}

/// The pairs between which YaRN goes over from the old frequencies to the new.
struct Ramp {
  double low, high;
  double at(int64_t pair) const {
    return std::clamp((pair - low) / (high - low), 0.0, 1.0);
  }
};

Ramp rampOf(YarnAttr yarn, double dim, double theta) {
  auto pairOf = [&](FloatAttr rotations) {
    return dim *
           std::log(yarn.getOriginalMaxPositionEmbeddings() /
                    (2 * std::numbers::pi * rotations.getValueAsDouble())) /
           (2 * std::log(theta));
  };
  double low = pairOf(yarn.getBetaFast()), high = pairOf(yarn.getBetaSlow());
  if (yarn.getTruncate()) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);
  if (low == high)
    high += 0.001;
  return {low, high};
}

} // namespace

std::vector<float> inverseFrequencies(RopeAttr rope) {
  double dim = rope.getDim(), theta = rope.getTheta().getValueAsDouble();
  YarnAttr yarn = rope.getYarn();
  std::vector<float> frequencies;
  for (int64_t pair = 0; pair < rope.getDim() / 2; ++pair) {
    double frequency = std::pow(theta, -2.0 * pair / dim);
    if (yarn) {
      double scaled = frequency / yarn.getFactor().getValueAsDouble();
      double share = rampOf(yarn, dim, theta).at(pair);
      frequency = scaled * share + frequency * (1 - share);
    }
    frequencies.push_back(static_cast<float>(frequency));
  }
  return frequencies;
}

float attentionFactor(RopeAttr rope) {
  YarnAttr yarn = rope.getYarn();
  if (!yarn)
    return 1;
  if (yarn.getAttentionFactor())
    return static_cast<float>(yarn.getAttentionFactor().getValueAsDouble());
  double factor = yarn.getFactor().getValueAsDouble();
  double once = valueOrZero(yarn.getMscale());
  double all = valueOrZero(yarn.getMscaleAllDim());
  if (once != 0 && all != 0)
    return static_cast<float>(mscale(factor, once) / mscale(factor, all));
  return static_cast<float>(mscale(factor, 1));
}

float softmaxScale(RopeAttr rope, int64_t qkHeadDim) {
  double scale = 1 / std::sqrt(static_cast<double>(qkHeadDim));
  if (YarnAttr yarn = rope.getYarn())
    if (double all = valueOrZero(yarn.getMscaleAllDim()); all != 0) {
      double m = mscale(yarn.getFactor().getValueAsDouble(), all);
      scale *= m * m;
    }
  return static_cast<float>(scale);
}

} // namespace ds
