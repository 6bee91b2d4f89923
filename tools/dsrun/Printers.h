// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What standard output gets while requests are answered.
#pragma once
#include "runtime/exec/Generator.h"
#include "tools/dsrun/TextPart.h"
#include "tools/terminal/Output.h"
#include <string>
#include <vector>

namespace ds::dsrun {

/// terminal::print(); a failure stops the run.
void print(std::string_view text);
using terminal::outputStatus;

/// Prints one answer as it comes, nothing where it fails before its first text.
/// `dims`: the reasoning is dim.
class StreamPrinter : public rt::GenerationListener {
public:
  explicit StreamPrinter(const TextPart &text, bool dims = false);
  void onToken(size_t request, uint32_t token) override;
  void onFinish(size_t request, const rt::Completion &completion) override;
  const Answer &answer() const { return answer_; }

private:
  void show(const AnswerDecoder::Parts &parts);
  AnswerDecoder decoder_;
  Answer answer_;
  bool dims_, isDim_ = false, endsLine_ = false, hasText_ = false;
};

enum class LineForm {
  Text, // of an answer, with \n, \r and \\ escaped
  Ids,  // comma-separated
  Json, // an object, in this order:
        //   schema         1
        //   index          of the prompt, in a batch
        //   reasoning      text; null where the format has none
        //   content        text, without a stop string; absent for ids alone
        //   ids            every new token, those of a stop string included
        //   finish_reason  see rt::nameOf()
        //   usage          prompt_tokens, completion_tokens, total_tokens
        //   logprobs       with --logprobs N, of each token: {"id", "logprob",
        //                  "top": [N times {"id", "logprob"}]}, see
        //                  runtime/text/Logprobs.h
};

/// Prints a line for each request, in order, as soon as those before it are
/// printed. The only request has none where it fails.
class LinePrinter : public rt::GenerationListener {
public:
  /// `text` is null where ids are not decoded: then no request has text.
  /// `numbered`: there may be several; objects have a member `index`.
  LinePrinter(std::span<const rt::Request> requests, const TextPart *text,
              LineForm form, bool numbered);
  void onToken(size_t request, uint32_t token) override;
  void onFinish(size_t request, const rt::Completion &completion) override;

private:
  std::string line(size_t request, const rt::Completion &completion) const;
  std::string object(size_t request, const rt::Completion &completion) const;

  std::span<const rt::Request> requests_;
  const TextPart *text_;
  LineForm form_;
  bool numbered_;
  std::vector<std::string> waiting_; // by request; empty: not finished
  size_t printed_ = 0;
};

/// Prints the ids of prompts, a line each: comma-separated, or as an object
/// with `schema`, `index` in a batch, `ids` and `pieces`: what each id spells,
/// U+FFFD for what is no whole character. `text` is needed for objects only.
void printPrompts(std::span<const std::vector<uint32_t>> prompts,
                  const TextPart *text, bool asJson, bool numbered);

} // namespace ds::dsrun
