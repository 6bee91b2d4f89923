// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/Inventory.h"
#include "tools/dev/MakeCheckpoint.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace ds::dev {
namespace {

using namespace ds::checkpoint;

/// Values in [-1, 1): 24 bits of splitmix64 whose state is
/// fnv1a64(name) + (i + 1) * golden ratio; exact in f32.
class Uniform {
public:
  explicit Uniform(std::string_view name) {
    for (char c : name)
      state_ = (state_ ^ uint8_t(c)) * 0x100000001B3;
  }
  float next() {
    state_ += 0x9E3779B97F4A7C15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    return float(z >> 40) * 0x1p-23f - 1.0f;
  }

private:
  uint64_t state_ = 0xCBF29CE484222325;
};

struct Distribution {
  float centre;
  double deviation;
};
Distribution distributionOf(const RoleSpec &role) {
  switch (role.form) {
  case RoleForm::Norm:
    return {1, 0.2};
  case RoleForm::Bias:
    return {0, 0.3}; // some biased scores become negative
  case RoleForm::Plain:
  case RoleForm::Matrix:
    break;
  }
  if (role.role == "embed_tokens")
    return {0, 1};
  return {0, (role.role == "mlp.gate" ? 2.0 : 1.0) /
                 std::sqrt(double(role.shape[1]))};
}

std::vector<float> valuesOf(const RoleSpec &role, std::string_view name) {
  uint64_t count = 1;
  for (uint64_t extent : role.shape)
    count *= extent;
  Distribution distribution = distributionOf(role);
  float amplitude = float(std::sqrt(3.0) * distribution.deviation);
  Uniform uniform(name);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution.centre + amplitude * uniform.next();
  return values;
}

std::string bytesOf(const std::vector<float> &values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class Generator {
public:
  explicit Generator(const ModelConfig &config) : config_(config) {}

  Tensors generate() {
    for (const RoleSpec &role : globalRoles(config_))
      add(role, globalTensorName(role));
    uint32_t layers = config_.numHiddenLayers;
    for (uint32_t i = 0; i < layers + config_.numNextnPredictLayers; ++i) {
      LayerKind kind = i >= layers        ? LayerKind::Mtp
                       : config_.isMoe(i) ? LayerKind::Moe
                                          : LayerKind::Dense;
      for (const RoleSpec &role : layerRoles(config_, kind))
        for (uint32_t expert = 0; expert < role.count; ++expert)
          add(role, layerTensorName(role, i, expert));
    }
    return std::move(tensors_);
  }

private:
  void add(const RoleSpec &role, const std::string &name) {
    // The MTP layer's embedding and head are copies of the model's.
    if (name != "model.embed_tokens.weight" && role.role == "embed_tokens") {
      tensors_[name] = tensors_["model.embed_tokens.weight"];
      return;
    }
    if (role.role == "shared_head.head") {
      tensors_[name] = tensors_["lm_head.weight"];
      return;
    }
    std::vector<float> values = valuesOf(role, name);
    if (role.form == RoleForm::Bias) {
      tensors_[name] = {"F32", role.shape, bytesOf(values)};
    } else if (role.form == RoleForm::Matrix && config_.quantizationConfig) {
      QuantizedBlocks blocks =
          quantizeBlocks(values, role.shape[0], role.shape[1],
                         config_.quantizationConfig->ue8m0);
      tensors_[name] = {"F8_E4M3", role.shape, std::move(blocks.codes)};
      tensors_[scaleTensorName(name)] = {"F32", scaleShape(role.shape),
                                         std::move(blocks.scales)};
    } else {
      std::string bytes;
      bytes.reserve(2 * values.size());
      for (float value : values) {
        uint16_t code = toBF16(value);
        bytes += char(code & 0xFF);
        bytes += char(code >> 8);
      }
      tensors_[name] = {"BF16", role.shape, std::move(bytes)};
    }
  }

  const ModelConfig &config_;
  Tensors tensors_;
};

} // namespace

uint16_t toBF16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  return uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

uint8_t toE4M3(float value) {
  uint8_t sign = std::signbit(value) ? 0x80 : 0;
  float magnitude = std::fabs(value);
  int exponent = -8; // of zero: any that gives the smallest step
  if (magnitude > 0)
    std::frexp(magnitude, &exponent); // magnitude = 0.5 .. 1 * 2^exponent
  // Three bits after the leading one; below 2^-6 the step stays 2^-9.
  int step = std::max(exponent - 4, -9);
  int units = int(std::nearbyint(std::ldexp(magnitude, -step)));
  // From units of 2^step to a code: carries go into the exponent by addition.
  return uint8_t(sign | (units + ((step + 9) << 3)));
}

QuantizedBlocks quantizeBlocks(const std::vector<float> &values, uint64_t rows,
                               uint64_t columns, bool ue8m0) {
  std::vector<uint64_t> grid = scaleShape({rows, columns});
  std::vector<float> scales(grid[0] * grid[1], 0.0f);
  for (uint64_t r = 0; r < rows; ++r)
    for (uint64_t c = 0; c < columns; ++c) {
      float &amax = scales[r / kScaleBlock * grid[1] + c / kScaleBlock];
      amax = std::max(amax, std::fabs(values[r * columns + c]));
    }
  for (float &scale : scales) {
    scale = std::max(scale, 1e-4f) / 448.0f;
    if (ue8m0) // up to the next power of two, on the bits
      scale = std::bit_cast<float>(
          (std::bit_cast<uint32_t>(scale) + 0x007FFFFF) & 0x7F800000);
  }
  QuantizedBlocks blocks{std::string(rows * columns, '\0'), bytesOf(scales)};
  for (uint64_t r = 0; r < rows; ++r)
    for (uint64_t c = 0; c < columns; ++c) {
      float scale = scales[r / kScaleBlock * grid[1] + c / kScaleBlock];
      float code = values[r * columns + c] / scale;
      blocks.codes[r * columns + c] =
          char(toE4M3(std::clamp(code, -448.0f, 448.0f)));
    }
  return blocks;
}

Tensors generateWeights(const ModelConfig &config) {
  return Generator(config).generate();
}

} // namespace ds::dev
