// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One line of a terminal that says how far something is.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

namespace ds::terminal {

/// Draws on standard error, and only where canRedraw() says so; elsewhere it
/// draws nothing. One thread at a time.
class ProgressBar {
public:
  /// `tool` begins the line ("dsc").
  explicit ProgressBar(std::string_view tool);
  ProgressBar(const ProgressBar &) = delete;
  ~ProgressBar() { erase(); }

  bool draws() const { return draws_; }
  /// Redraws, at most ten times a second: what is going on, the part of all
  /// that is done (0 to 1), and the time left where it can be told.
  void show(std::string_view what, double done);
  /// Leaves an empty line, the cursor at its beginning.
  void erase();

private:
  using Clock = std::chrono::steady_clock;

  std::string tool_;
  bool draws_, isDrawn_ = false;
  Clock::time_point begin_ = Clock::now(), drawn_{};
};

/// For signal handlers that end the process: waits, at most a second,
/// for a line that another thread is drawing, and no bar draws from here on.
/// Async-signal-safe.
void endBars() noexcept;

/// "4 s", "3 min", "2 h 10 min": rounded up.
std::string timeText(double seconds);
/// The bar's line, at most `columns` wide. secondsLeft below 0: not known.
std::string barLine(std::string_view tool, std::string_view what, double done,
                    double secondsLeft, unsigned columns);

} // namespace ds::terminal
