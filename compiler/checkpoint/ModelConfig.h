// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// config.json of a deepseek_v3 model as typed, mutually consistent values.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace ds::checkpoint {

/// Kinds of ConfigKeys.def: the field's type and the range of its value.
/// A value above `most` of a kind with `isLimit` is one that dsc could name
/// but does not take.
template <class Value>
struct IntegerKind {
  using Type = Value;
  uint64_t least, most;
  bool isLimit = false;
};
constexpr IntegerKind<uint32_t> kWidth{1, 1u << 20};
constexpr IntegerKind<uint32_t> kHeadWidth{1, 1u << 16};
constexpr IntegerKind<uint32_t> kHeads{1, 1u << 16};
constexpr IntegerKind<uint32_t> kExperts{1, 1u << 16};
constexpr IntegerKind<uint32_t> kCount{0, 1u << 16};
constexpr IntegerKind<uint32_t> kLayers{1, 1024};
constexpr IntegerKind<uint32_t> kToken{0, (1u << 20) - 1};
constexpr IntegerKind<uint32_t> kVocabulary{1, 1u << 20, true};
constexpr IntegerKind<uint32_t> kContext{1, 1u << 24, true};
/// Null and 0 are none.
constexpr IntegerKind<std::optional<uint32_t>> kOptionalWidth{0, 1u << 20};
struct PositiveKind {
  using Type = double;
};
struct FlagKind {
  using Type = bool;
};
struct WordKind {
  using Type = std::string;
};
constexpr PositiveKind kPositive{};
constexpr FlagKind kFlag{};
constexpr WordKind kWord{};

constexpr size_t kMaxEosTokens = 64;

/// rope_scaling of type "yarn"; formulas: the model specification, 1.6.
struct YarnScaling {
  double factor = 1;
  uint32_t originalMaxPositionEmbeddings = 0;
  double betaFast = 32, betaSlow = 1;
  std::optional<double> mscale, mscaleAllDim; // none: absent, null or 0
  std::optional<double> attentionFactor;
  bool truncate = true; // floor and ceil of the correction range
};

/// FP8 (e4m3) weights with one f32 scale per 128 x 128 block.
struct BlockQuantization {
  bool ue8m0 = false; // activation scales are rounded up to powers of two
};

struct ModelConfig {
  std::string modelType = "deepseek_v3";
#define CONFIG_KEY(key, field, kind, absent, null)                             \
  decltype(k##kind)::Type field = absent;
#include "compiler/checkpoint/ConfigKeys.def"
  std::vector<uint32_t> eosTokenId = {1};
  double ropeTheta = 10000;
  std::optional<YarnScaling> ropeScaling; // none: plain rope
  std::optional<BlockQuantization> quantizationConfig;
  std::vector<std::string> unknownKeys; // "fancy", "rope_scaling/fancy"
  bool namesCode = false; // auto_map or trust_remote_code, which say nothing

  /// Of a layer below numHiddenLayers; the rest are MTP layers.
  bool isMoe(uint32_t layer) const { return layer >= firstKDenseReplace; }
};

/// generation_config.json: what it sets; nothing set is the library default.
struct GenerationConfig {
  std::optional<bool> doSample;
  std::optional<double> temperature; // > 0, or 0: greedy
  std::optional<uint32_t> topK;      // 0: off
  std::optional<double> topP;        // (0, 1]
  std::optional<double> minP;        // [0, 1]
  std::optional<double> repetitionPenalty; // > 0
  std::vector<uint32_t> eosTokenId;  // empty: config.json decides
  std::vector<std::string> notes;    // keys that ask for what dsc has not
};

} // namespace ds::checkpoint
