// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Perplexity.h"
#include "tools/dsrun/JsonWriter.h"
#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ds::dsrun {
namespace {

/// ln(sum of exp(logit)), the largest taken out first. NaN where a logit is not
/// finite.
double logSum(std::span<const float> logits) {
  double most = *std::ranges::max_element(logits), sum = 0;
  for (float logit : logits)
    sum += std::exp(double(logit) - most);
  return most + std::log(sum);
}

size_t likeliest(std::span<const float> logits) {
  return size_t(std::ranges::max_element(logits) - logits.begin());
}

class Meter {
public:
  Meter(const MeasuredPlan &plan, const MeasuredPlan &against,
        const std::atomic<bool> &cancel)
      : sessions_{plan.session, against.session}, files_{plan.file,
                                                         against.file},
        cancel_(cancel), realTokens_(plan.session->model().realTokens) {}

  Status addWindow(std::span<const uint32_t> tokens) {
    rt::SequenceId ids[2];
    for (size_t i = 0; i < count(); ++i) {
      DS_ASSIGN(ids[i], sessions_[i]->addSequence(uint32_t(tokens.size())));
    }
    Status status = predict(tokens, ids);
    for (size_t i = 0; i < count(); ++i)
      sessions_[i]->removeSequence(ids[i]);
    ++quality.windows;
    return status;
  }

  TextQuality quality;

private:
  size_t count() const { return sessions_[1] ? 2 : 1; }

  Status predict(std::span<const uint32_t> tokens, const rt::SequenceId *ids) {
    uint32_t chunk = sessions_[0]->chunk();
    uint32_t rows = sessions_[0]->model().headRows;
    if (sessions_[1]) {
      chunk = std::min(chunk, sessions_[1]->chunk());
      rows = std::min(rows, sessions_[1]->model().headRows);
    }
    // The last token of a window predicts nothing.
    for (size_t first = 0; first + 1 < tokens.size() && !cancel_;
         first += chunk) {
      size_t part = std::min<size_t>(chunk, tokens.size() - first);
      for (size_t i = 0; i < count(); ++i) {
        rt::SequenceTokens run{ids[i], tokens.subspan(first, part)};
        DS_TRY(sessions_[i]->prefill({&run, 1}));
      }
      size_t last = std::min(first + part, tokens.size() - 1);
      for (size_t at = first; at < last && !cancel_; at += rows)
        DS_TRY(addRows(tokens, first, at, std::min<size_t>(at + rows, last)));
    }
    return {};
  }

  /// Tokens begin .. end - 1, of a run that began with token `first`.
  Status addRows(std::span<const uint32_t> tokens, size_t first, size_t begin,
                 size_t end) {
    rows_.clear();
    for (size_t at = begin; at < end; ++at)
      rows_.push_back(uint32_t(at - first));
    for (size_t i = 0; i < count(); ++i)
      DS_TRY(sessions_[i]->head(rows_));
    for (size_t at = begin; at < end; ++at) {
      auto ours = sessions_[0]->logits(uint32_t(at - begin)).first(realTokens_);
      double sum = logSum(ours);
      double logLikelihood = double(ours[tokens[at + 1]]) - sum;
      if (!std::isfinite(sum) || !std::isfinite(logLikelihood))
        return notFinite(0, at);
      quality.negativeLogLikelihood -= logLikelihood;
      ++quality.tokens;
      if (!sessions_[1])
        continue;
      auto theirs =
          sessions_[1]->logits(uint32_t(at - begin)).first(realTokens_);
      double theirSum = logSum(theirs);
      if (!std::isfinite(theirSum))
        return notFinite(1, at);
      compare(theirs, theirSum, ours, sum);
    }
    return {};
  }

  Error notFinite(size_t plan, size_t token) const {
    return {.code = ErrorCode::LogitsNotFinite,
            .file = files_[plan],
            .subject = "token " + std::to_string(token) + " of a window"};
  }

  void compare(std::span<const float> theirs, double theirSum,
               std::span<const float> ours, double ourSum) {
    double divergence = 0;
    for (size_t i = 0; i < theirs.size(); ++i) {
      double logP = double(theirs[i]) - theirSum;
      divergence += std::exp(logP) * (logP - (double(ours[i]) - ourSum));
    }
    quality.divergence += divergence;
    quality.largestDivergence = std::max(quality.largestDivergence, divergence);
    quality.agreements += likeliest(theirs) == likeliest(ours);
  }

  rt::Session *sessions_[2];
  std::string files_[2];
  const std::atomic<bool> &cancel_;
  uint32_t realTokens_;
  std::vector<uint32_t> rows_;
};

std::string number(const char *format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

} // namespace

Result<TextQuality> measureText(const MeasuredPlan &plan,
                                const MeasuredPlan &against,
                                std::span<const std::vector<uint32_t>> texts,
                                const std::string &textFile, uint32_t window,
                                const std::atomic<bool> &cancel) {
  Meter meter(plan, against, cancel);
  const uint32_t realTokens = plan.session->model().realTokens;
  if (texts.empty())
    return Error{.code = ErrorCode::PromptEmpty,
                 .file = textFile,
                 .subject = "texts",
                 .found = "0",
                 .expected = "at least 1"};
  for (size_t i = 0; i < texts.size(); ++i) {
    std::span<const uint32_t> text = texts[i];
    std::string where = texts.size() > 1 ? "prompt " + std::to_string(i) : "";
    if (text.size() < 2)
      return Error{.code = ErrorCode::PromptEmpty,
                   .file = textFile,
                   .where = where,
                   .subject = "tokens of a text",
                   .found = std::to_string(text.size()),
                   .expected = "at least 2: the first predicts the second"};
    for (uint32_t token : text)
      if (token >= realTokens)
        return Error{.code = ErrorCode::TokenOutOfRange,
                     .file = textFile,
                     .where = where,
                     .subject = "token id",
                     .found = std::to_string(token),
                     .expected = "< " + std::to_string(realTokens)};
    while (text.size() > 1 && !cancel) {
      size_t part = std::min<size_t>(window, text.size());
      DS_TRY(meter.addWindow(text.first(part)));
      text = text.subspan(part);
    }
  }
  return meter.quality;
}

std::string qualityText(const TextQuality &quality, bool isCompared,
                        bool isJson) {
  double tokens = double(quality.tokens);
  double perplexity = std::exp(quality.mean());
  double divergence = quality.divergence / tokens;
  double agreement = double(quality.agreements) / tokens;
  if (isJson) {
    JsonObject object;
    object.member("tokens", quality.tokens)
        .member("windows", quality.windows)
        .raw("nll", number("%.9g", quality.mean()))
        .raw("perplexity", number("%.9g", perplexity));
    if (isCompared)
      object.raw("kl_mean", number("%.9g", divergence))
          .raw("kl_max", number("%.9g", quality.largestDivergence))
          .raw("top1_agreement", number("%.9g", agreement));
    return object.text() + '\n';
  }
  std::string text = "perplexity " + number("%.4f", perplexity) + " (" +
                     number("%.5f", quality.mean()) + " nats a token) over " +
                     std::to_string(quality.tokens) + " tokens in " +
                     std::to_string(quality.windows) + " windows\n";
  if (isCompared)
    text += "KL divergence " + number("%.6f", divergence) + " mean, " +
            number("%.6f", quality.largestDivergence) +
            " at most; the likeliest token agrees in " +
            number("%.2f", 100 * agreement) + " %\n";
  return text;
}

} // namespace ds::dsrun
