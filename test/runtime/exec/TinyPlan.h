// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A verified plan of two layers whose kernels are functions of the test, and
// the same model as a plain loop. Arithmetic is on integers: any row that is
// taken from a wrong page, position or layer changes every logit.
#pragma once
#include "runtime/exec/StepRunner.h"
#include "runtime/plan/PlanView.h"
#include <cstdint>
#include <span>
#include <vector>

namespace ds::rt::test {

inline constexpr uint32_t kVocab = 16, kRealTokens = 14, kContext = 24,
                          kChunk = 8, kDecodeTokens = 4, kHeadRows = 2,
                          kPageTokens = 4, kLayers = 2, kHidden = 2, kEnd = 1;
/// The head gives a NaN after this token.
inline constexpr uint32_t kPoison = 15;

/// The form of the plan for a device: a launch a kernel, of one block a token
/// or row of the head, with the symbols tiny_embed, tiny_append, tiny_attend,
/// tiny_tap_hidden, tiny_tap_experts, tiny_head.
struct TinyDevice {
  LevelKind kind = LevelKind::CUDA;
  std::vector<uint8_t> image{}; // empty: an ELF header
  std::vector<uint32_t> buckets{1, 2, 4};
  bool hasMaps = false; // attend has one of its list, head one of its operand 0
};

class TinyPlan {
public:
  explicit TinyPlan(bool taps = false, const TinyDevice *device = nullptr);

  const PlanView &view() const { return view_; }
  std::span<const uint8_t> bytes() const;
  std::span<const Kernel> kernels() const;
  /// By WeightRecord.
  std::span<const void *const> weights() const { return weights_; }

private:
  std::vector<uint64_t> bytes_; // of the plan, 8-byte aligned
  size_t size_ = 0;
  PlanView view_;
  std::vector<const void *> weights_;
};

/// A TOKN section whose tokens are the 256 bytes, by value.
std::vector<uint8_t> byteTokenizer();

/// Logits [kVocab] after the last of `tokens`.
std::vector<float> tinyLogits(std::span<const uint32_t> tokens);
/// The value of each token that goes into `layer`, or comes out at kLayers.
std::vector<uint64_t> tinyValues(std::span<const uint32_t> tokens,
                                 uint32_t layer);
/// What the hidden tap gives for a value, and the experts tap.
float tinyHidden(uint64_t value, uint32_t column);
uint32_t tinyExpert(uint64_t value);
/// Greedy new tokens until `count` or kEnd, which is the last.
std::vector<uint32_t> tinyGreedy(std::vector<uint32_t> prompt, uint32_t count);

} // namespace ds::rt::test
