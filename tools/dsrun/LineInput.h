// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lines that somebody writes, one after the other.
#pragma once
#include <memory>
#include <optional>
#include <string>

namespace ds::dsrun {

class LineInput {
public:
  virtual ~LineInput() = default;
  /// The next line without its end; nothing at the end of the input and after
  /// a signal.
  virtual std::optional<std::string> next() = 0;

  /// Of standard input. On a terminal with an editor and a history, where the
  /// program was built with them; else a "> " on a terminal and plain reads.
  static std::unique_ptr<LineInput> open();
};

/// An editor on the terminal, its history kept in historyFile(); null where
/// there is none.
std::unique_ptr<LineInput> openLineEditor();

/// $XDG_STATE_HOME/ds/history, else ~/.local/state/ds/history; empty where
/// neither variable is an absolute path.
std::string historyFile();

} // namespace ds::dsrun
