// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/Sampler.h"
#include <algorithm>
#include <cmath>

namespace ds::rt {
namespace {

/// The output step of SplitMix64 (Steele, Lea, Flood 2014).
uint64_t mixed(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

Error outOfRange(const char *flag, double found, const char *expected) {
  std::string spelling = std::to_string(found);
  return Error{.code = ErrorCode::SamplingOption,
               .subject = flag,
               .found = std::move(spelling),
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

uint32_t Sampler::draw(double random) const {
  double most = std::max_element(candidates_.begin(), candidates_.end())->z;
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
                               uint64_t position) {
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
  auto real = logits.first(realTokens_);
  if (parameters.temperature == 0)
    return uint32_t(std::max_element(real.begin(), real.end()) - real.begin());

  candidates_.clear();
  for (uint32_t id = 0; id < realTokens_; ++id)
    candidates_.push_back({double(real[id]) / parameters.temperature, id});
  keepTopK(size_t(parameters.topK));
  keepTopP(parameters.topP);
  return draw(uniform(parameters.seed, position));
}

} // namespace ds::rt
