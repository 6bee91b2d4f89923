// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Sampler.h"
#include <algorithm>
#include <charconv>
#include <cmath>

namespace ds::rt {
namespace {

/// The output step of SplitMix64 (Steele, Lea, Flood 2014).
uint64_t mixed(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

Error outOfRange(const char *flag, float found, const char *expected) {
  char spelling[32];
  auto end = std::to_chars(std::begin(spelling), std::end(spelling), found).ptr;
  return Error{.code = ErrorCode::SamplingOption,
               .subject = flag,
               .found = std::string(spelling, end),
               .expected = expected};
}

} // namespace

Status SamplingParameters::check() const {
  Status status;
  if (!std::isfinite(temperature) || temperature < 0)
    status.add(outOfRange("--temperature", temperature, "0 or more, finite"));
  if (topK < 0)
    status.add(Error{.code = ErrorCode::SamplingOption,
                     .subject = "--top-k",
                     .found = std::to_string(topK),
                     .expected = "0 (off) or more"});
  if (!(topP > 0 && topP <= 1))
    status.add(outOfRange("--top-p", topP, "above 0, at most 1"));
  if (!(minP >= 0 && minP <= 1))
    status.add(outOfRange("--min-p", minP, "0 (off) to 1"));
  if (!std::isfinite(repetitionPenalty) || repetitionPenalty <= 0)
    status.add(outOfRange("--repetition-penalty", repetitionPenalty,
                          "above 0, finite; 1 is off"));
  auto checkPenalty = [&](const char *flag, float penalty) {
    if (!(penalty >= -2 && penalty <= 2)) // as in OpenAI's API
      status.add(outOfRange(flag, penalty, "-2 to 2; 0 is off"));
  };
  checkPenalty("--frequency-penalty", frequencyPenalty);
  checkPenalty("--presence-penalty", presencePenalty);
  return status;
}

double uniform(uint64_t seed, uint64_t position) {
  constexpr uint64_t golden = 0x9e3779b97f4a7c15u;
  uint64_t stream = mixed(seed + golden);
  return double(mixed(stream + (position + 1) * golden) >> 11) * 0x1p-53;
}

Sampler::Sampler(uint32_t vocabSize, uint32_t realTokens)
    : vocabSize_(vocabSize), realTokens_(realTokens) {
  candidates_.reserve(realTokens);
  counts_.resize(realTokens);
}

/// Calls back once for each real id of the parts, with how often it is there.
template <class Visit>
void Sampler::countIds(
    std::initializer_list<std::span<const uint32_t>> parts, Visit visit) {
  for (auto part : parts)
    for (uint32_t id : part)
      if (id < realTokens_)
        ++counts_[id];
  for (auto part : parts)
    for (uint32_t id : part)
      if (id < realTokens_ && counts_[id] != 0) {
        visit(candidates_[id].z, counts_[id]);
        counts_[id] = 0;
      }
}

/// Candidates are all real tokens here, by id.
void Sampler::penalise(const SamplingParameters &parameters,
                       const History &history) {
  if (double r = parameters.repetitionPenalty; r != 1)
    countIds({history.prompt, history.answer}, [&](double &z, uint32_t) {
      z = z < 0 ? z * r : z / r;
    });
  double frequency = parameters.frequencyPenalty,
         presence = parameters.presencePenalty;
  if (frequency != 0 || presence != 0)
    countIds({history.answer}, [&](double &z, uint32_t count) {
      z -= count * frequency + presence;
    });
}

void Sampler::keepTopK(size_t k) {
  if (k == 0 || k >= candidates_.size())
    return;
  auto larger = [](const Candidate &a, const Candidate &b) { return b < a; };
  std::nth_element(candidates_.begin(), candidates_.begin() + ptrdiff_t(k - 1),
                   candidates_.end(), larger);
  double least = candidates_[k - 1].z;
  std::erase_if(candidates_,
                [&](const Candidate &other) { return other.z < least; });
  std::ranges::sort(candidates_, {}, &Candidate::id);
}

/// Takes candidates off a heap, so that only those kept are ever sorted.
void Sampler::keepTopP(double p) {
  if (p >= 1)
    return;
  std::make_heap(candidates_.begin(), candidates_.end());
  double most = candidates_.front().z, total = 0;
  for (const Candidate &candidate : candidates_)
    total += std::exp(candidate.z - most);
  auto left = candidates_.end();
  for (double before = 0; left != candidates_.begin() && before < p * total;) {
    std::pop_heap(candidates_.begin(), left);
    --left;
    before += std::exp(left->z - most);
  }
  std::reverse(left, candidates_.end());
  candidates_.erase(candidates_.begin(), left);
}

void Sampler::keepMinP(double p) {
  if (p <= 0)
    return;
  double most = largest().z;
  std::erase_if(candidates_, [&](const Candidate &candidate) {
    return std::exp(candidate.z - most) < p;
  });
}

const Sampler::Candidate &Sampler::largest() const {
  return *std::max_element(candidates_.begin(), candidates_.end());
}

uint32_t Sampler::draw(double random) const {
  double most = largest().z;
  double total = 0;
  for (const Candidate &candidate : candidates_)
    total += std::exp(candidate.z - most);
  double mass = 0;
  for (const Candidate &candidate : candidates_) {
    mass += std::exp(candidate.z - most);
    if (random * total < mass)
      return candidate.id;
  }
  return candidates_.back().id; // rounding may leave `mass` below `total`
}

Result<uint32_t> Sampler::pick(std::span<const float> logits,
                               const SamplingParameters &parameters,
                               uint64_t position, const History &history) {
  for (size_t id = 0; id < logits.size(); ++id)
    if (!std::isfinite(logits[id]))
      return Error{.code = ErrorCode::LogitsNotFinite,
                   .where = "position " + std::to_string(position),
                   .subject = "logit of id " + std::to_string(id),
                   .found = std::isnan(logits[id]) ? "NaN" : "infinity",
                   .expected = "a finite number"};
  if (logits.size() != vocabSize_)
    return Error{.code = ErrorCode::InternalError,
                 .subject = "logits",
                 .found = std::to_string(logits.size()),
                 .expected = std::to_string(vocabSize_)};
  candidates_.clear();
  for (uint32_t id = 0; id < realTokens_; ++id)
    candidates_.push_back({logits[id], id});
  penalise(parameters, history);
  if (parameters.temperature == 0)
    return largest().id;

  for (Candidate &candidate : candidates_)
    candidate.z /= parameters.temperature;
  keepTopK(size_t(parameters.topK));
  keepTopP(parameters.topP);
  keepMinP(parameters.minP);
  return draw(uniform(parameters.seed, position));
}

} // namespace ds::rt
