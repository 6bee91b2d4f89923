// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Texts that end an answer. They are searched for in the bytes of the answer,
// reasoning included, wherever its tokens part; the one that ends first counts,
// of those the longest.
#pragma once
#include "runtime/text/Tokenizer.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ds::rt {

/// Immutable: any number of answers may share one.
class StopStrings {
public:
  /// Borrows the tokenizer. SamplingOption for a text that is empty or not
  /// UTF-8.
  static Result<StopStrings> create(const Tokenizer &tokenizer,
                                    std::vector<std::string> texts);
  const Tokenizer &tokenizer() const { return *tokenizer_; }

private:
  friend class StopMatcher;
  struct Text {
    std::string bytes;
    // By length of a prefix, the longest shorter prefix that it ends with
    // (Knuth, Morris, Pratt 1977).
    std::vector<uint32_t> borders;
  };
  std::vector<Text> texts_;
  const Tokenizer *tokenizer_ = nullptr;
};

/// Looks for the stop strings in one answer. Only making one allocates.
class StopMatcher {
public:
  struct Match {
    size_t end;    // bytes of what was pushed up to the stop string's end
    size_t length; // of the stop string, which may begin in earlier bytes
  };

  /// Borrows the stop strings; null: there are none.
  explicit StopMatcher(const StopStrings *strings);

  /// The first stop string to end in these bytes of the answer; pushing after
  /// one makes no sense.
  std::optional<Match> push(std::string_view bytes);
  /// How many of the last bytes may yet become a stop string's start.
  size_t held() const;

private:
  const StopStrings *strings_;
  std::vector<uint32_t> matched_; // bytes of each text, as the answer ends now
};

/// Passes an answer on, without its stop string and what follows. Holds back
/// only what may become a stop string.
class StopFilter {
public:
  /// Borrows the stop strings; null: everything passes at once.
  explicit StopFilter(const StopStrings *strings) : matcher_(strings) {}

  /// Appends the bytes that are certain now.
  void push(std::string_view bytes, std::string &out);
  /// Appends what was held back, at the end of the answer.
  void finish(std::string &out);

private:
  StopMatcher matcher_;
  std::string held_;
  bool ended_ = false;
};

} // namespace ds::rt
