// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shows the phases of a compile on standard error.
#pragma once
#include "tools/terminal/ProgressBar.h"
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace ds {

enum class PhaseDisplay {
  None,
  Lines, // one for each phase when it is over: its name and time
  Bar,   // on a terminal, gone at the end; else lines
};

class PhaseProgress {
public:
  explicit PhaseProgress(PhaseDisplay display);
  ~PhaseProgress() { end(); }

  /// Whether standard error may hold the line of a bar.
  bool hasBar() const { return display_ == PhaseDisplay::Bar; }
  void begin(std::string_view phase);
  /// Ends the last phase and takes the bar away. A phase may begin again.
  void end();

private:
  using Clock = std::chrono::steady_clock;

  void draw();
  void finishPhase();

  PhaseDisplay display_;
  std::string phase_;
  Clock::time_point begin_;
  double done_ = 0, share_ = 0; // parts of all, by Phases.def
  double doneSeconds_ = 0;
  std::optional<terminal::ProgressBar> bar_;
  std::mutex mutex_; // guards all above while the painter runs
  std::condition_variable ended_;
  bool ends_ = false;
  std::thread painter_;
};

/// The part of a phase that is over after `seconds` where `expected` are
/// likely: grows steadily to 0.8, then ever slower, and never ends by itself.
double phasePart(double seconds, double expected);

} // namespace ds
