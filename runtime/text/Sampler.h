// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Logits to one token. In this order, z being the logits of the real tokens:
//
//   repetition    z = z < 0 ? z * r : z / r, once for each id that the prompt
//                 or the answer holds
//   frequency,    z -= count * f + (count > 0) * p, where count says how often
//   presence      the answer holds the id
//   temperature   z = z / T; T = 0 takes the largest z and is done
//   top_k         drops z below the k-th largest; ties with it stay
//   top_p         keeps, from the largest down, tokens while the mass before
//                 them is below top_p; the largest always stays
//   min_p         drops tokens of less than min_p times the largest's mass
//   draw          one of what is left, by p = softmax(z)
//
// Among equals the lowest id is the larger. All arithmetic is in double.
#pragma once
#include "runtime/base/Status.h"
#include <initializer_list>
#include <span>

namespace ds::rt {

struct SamplingParameters {
  float temperature = 0;       // 0: greedy
  int64_t topK = 0;            // 0: off
  float topP = 1;              // 1: off
  float minP = 0;              // 0: off
  float repetitionPenalty = 1; // r; 1: off
  float frequencyPenalty = 0;  // f
  float presencePenalty = 0;   // p
  uint64_t seed = 0;

  /// SamplingOption, for each option out of its range, by its flag's name.
  Status check() const;
};

/// What a sequence holds when a token is picked.
struct History {
  std::span<const uint32_t> prompt, answer; // ids below vocabSize
};

/// The number in [0, 1) that a seed gives a position, whatever came before.
double uniform(uint64_t seed, uint64_t position);

class Sampler {
public:
  /// Logits have `vocabSize` values; ids from `realTokens` on are never given.
  /// 0 < realTokens <= vocabSize.
  Sampler(uint32_t vocabSize, uint32_t realTokens);

  /// The token that follows at `position` of a sequence; parameters have
  /// passed check(). `history` is what penalties count. Allocates nothing
  /// unless it fails: LogitsNotFinite where any logit, padding included, is a
  /// NaN or infinity.
  Result<uint32_t> pick(std::span<const float> logits,
                        const SamplingParameters &parameters, uint64_t position,
                        const History &history = {});

private:
  struct Candidate {
    double z; // scaled
    uint32_t id;
    bool operator<(const Candidate &other) const {
      return z != other.z ? z < other.z : id > other.id;
    }
  };
  template <class Visit>
  void countIds(std::initializer_list<std::span<const uint32_t>> parts,
                Visit visit);
  void penalise(const SamplingParameters &parameters, const History &history);
  void keepTopK(size_t k);
  void keepTopP(double p);
  void keepMinP(double p);
  const Candidate &largest() const;
  uint32_t draw(double random) const;

  uint32_t vocabSize_, realTokens_;
  std::vector<Candidate> candidates_; // ascending ids, or descending z
  std::vector<uint32_t> counts_;      // by id; 0 between calls
};

} // namespace ds::rt
