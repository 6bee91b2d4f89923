// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Answers requests: prompts are prefilled, tokens decoded and sampled, as many
// sequences at once as the states hold.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/exec/Session.h"
#include "runtime/text/Logprobs.h"
#include "runtime/text/Sampler.h"
#include "runtime/text/StopStrings.h"
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ds::rt {

struct Request {
  std::vector<uint32_t> prompt;  // at least one token
  uint32_t maxNewTokens = kNone; // kNone: until a stop token or the context
  SamplingParameters sampling;
  std::vector<uint32_t> stops; // ids that end the answer, as its last token
  // Texts that end it with the token that completes one; not owned, may be
  // null.
  const StopStrings *stopStrings = nullptr;
  // How many of the likeliest tokens to list beside each one, at most
  // kMaxLogprobs; absent: no logarithms at all.
  std::optional<uint32_t> logprobs = {};
};

enum class FinishReason {
  Stop,      // a stop token or a stop string
  Length,    // maxNewTokens, or the context is full
  Cancelled, // by the caller
  Failed,    // see Completion::failure
};
/// "stop", "length", "cancelled", "error".
std::string_view nameOf(FinishReason reason);

struct Completion {
  std::vector<uint32_t> tokens; // new ones, those that stop it included
  // Of each token as many, see appendLogprobs(); empty where not asked for.
  std::vector<TokenLogprob> logprobs = {};
  FinishReason reason = FinishReason::Cancelled;
  Status failure; // logits that are not finite (10)
};

/// Is told what happens, while it happens. Requests are named by their index.
class GenerationListener {
public:
  virtual ~GenerationListener() = default;
  /// Before each run over prompts: how many of their tokens, of all requests,
  /// have been computed.
  virtual void onPrefill(uint64_t /*done*/, uint64_t /*total*/) {}
  virtual void onToken(size_t request, uint32_t token) = 0;
  virtual void onFinish(size_t request, const Completion &completion) = 0;
};

struct GenerationStats {
  uint64_t prefillTokens = 0, decodeTokens = 0;
  double prefillSeconds = 0, decodeSeconds = 0;
  double firstTokenSeconds = 0; // from the start of run(); 0: no token came
};

class Generator {
public:
  /// `session` outlives this, and is not used by others during run().
  explicit Generator(Session &session);

  /// The errors that run() would begin with.
  Status check(std::span<const Request> requests) const;

  /// Completions in the order of the requests. A request begins when pages for
  /// all the tokens it may ever have are free, in order; its tokens do not
  /// depend on the others. A token that is decoded allocates nothing. Stops
  /// early, in order, once `*cancel` is true (null: never). Errors, before
  /// anything runs: an empty prompt (3), one longer than the context (6), an id
  /// beyond the vocabulary (3).
  Result<std::vector<Completion>>
  run(std::span<const Request> requests, GenerationListener *listener = nullptr,
      const std::atomic<bool> *cancel = nullptr);

  /// Most tokens of prompts that one run computes.
  uint32_t chunk() const { return session_.chunk(); }

  /// Of the last run().
  const GenerationStats &stats() const { return stats_; }

private:
  struct Active {
    size_t request;
    SequenceId sequence;
    uint32_t prefilled; // tokens of the prompt that the states hold
    uint32_t limit;     // most new tokens
    uint32_t lastToken; // sampled, not yet in the states
    StopMatcher stops;
  };
  using Clock = std::chrono::steady_clock;

  Status admit();
  Status prefill();
  Status decode();
  Status sample();
  void accept(Active &active, uint32_t token);
  bool stopsAt(Active &active, uint32_t token) const;
  void finish(Active &active, FinishReason reason);
  void removeFinished();
  bool prefilling() const;
  uint32_t promptSize(const Active &active) const;

  Session &session_;
  Sampler sampler_;
  GenerationStats stats_;
  uint64_t promptTokens_ = 0; // of all requests
  Clock::time_point start_;
  GenerationListener *listener_ = nullptr;
  std::span<const Request> requests_;
  std::span<Completion> completions_;
  size_t nextRequest_ = 0;
  // At most one entry for each sequence of the states.
  std::vector<Active> active_; // in order of request
  std::vector<SequenceTokens> run_;
  std::vector<uint32_t> rows_;     // of the run, whose logits are wanted
  std::vector<uint32_t> rowOwner_; // index in active_, by rows_
};

} // namespace ds::rt
