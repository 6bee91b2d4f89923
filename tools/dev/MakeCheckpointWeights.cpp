// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dev/MakeCheckpoint.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace ds::dev {

using namespace ds::checkpoint;

namespace {

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

std::string bf16BytesOf(const std::vector<float> &values) {
  std::string bytes;
  bytes.reserve(2 * values.size());
  for (float value : values) {
    uint16_t code = toBF16(value);
    bytes += char(code & 0xFF);
    bytes += char(code >> 8);
  }
  return bytes;
}

/// The MTP layer's embedding and head are copies of the model's.
std::string originalOf(const ListedTensor &tensor) {
  if (tensor.role.role == "embed_tokens")
    return "model.embed_tokens.weight";
  return tensor.role.role == "shared_head.head" ? "lm_head.weight"
                                                : tensor.name;
}

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

Contents generateWeights(const ModelConfig &config,
                         const std::vector<ListedTensor> &tensors) {
  Contents contents;
  for (const ListedTensor &tensor : tensors) {
    if (tensor.isScale)
      continue;
    std::vector<float> values = valuesOf(tensor.role, originalOf(tensor));
    if (tensor.dtype == "F8_E4M3") {
      QuantizedBlocks blocks =
          quantizeBlocks(values, tensor.shape[0], tensor.shape[1],
                         config.quantizationConfig->ue8m0);
      contents[tensor.name] = std::move(blocks.codes);
      contents[scaleTensorName(tensor.name)] = std::move(blocks.scales);
    } else {
      contents[tensor.name] =
          tensor.dtype == "F32" ? bytesOf(values) : bf16BytesOf(values);
    }
  }
  return contents;
}

} // namespace ds::dev
