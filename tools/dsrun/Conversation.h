// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The messages of a chat, and the commands that change them.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/text/ChatFormat.h"
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ds::dsrun {

class Conversation {
public:
  /// What to do with a line that was read.
  enum class Line {
    Empty,   // nothing
    Turn,    // answer it
    Command, // nothing more
    Exit,    // end the chat
  };

  /// `system`: null for none.
  explicit Conversation(const std::string *system);

  /// Takes a line: a command changes the conversation, anything else becomes
  /// the user's turn; "//x" is the turn "/x". `reply` is what to say of a
  /// command. Errors: UsageError for a command that is not known.
  Result<Line> take(std::string line, std::string &reply);
  void addAnswer(std::string text);
  /// Forgets the last message, a turn that has no answer.
  void dropTurn();

  std::span<const rt::Message> messages() const { return messages_; }

private:
  bool hasSystem() const;
  void setSystem(std::string_view text);
  std::vector<rt::Message> messages_; // the system's first, where there is one
};

} // namespace ds::dsrun
