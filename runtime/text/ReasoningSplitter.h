// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parts an answer, as it streams, into reasoning and content.
#pragma once
#include <string>
#include <string_view>

namespace ds::rt {

/// Reasoning is what precedes the first "</think>", if the prompt ended inside
/// the reasoning; without that mark all of it is. Otherwise all is content.
class ReasoningSplitter {
public:
  struct Parts {
    std::string reasoning; // comes first
    bool closed;           // then "</think>", here
    std::string content;   // then this
  };

  /// `reasons`: whether the prompt ended with "<think>".
  explicit ReasoningSplitter(bool reasons) : reasons_(reasons) {}

  /// What is certain now; the start of a possible mark waits.
  Parts push(std::string_view text);
  /// What waited, at the end of the answer.
  Parts finish();

private:
  bool reasons_;
  std::string held_; // a start of the mark
};

} // namespace ds::rt
