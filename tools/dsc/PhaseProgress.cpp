// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/PhaseProgress.h"
#include "runtime/base/SignalsBlocked.h"
#include "tools/dsc/Print.h"
#include <cmath>

namespace ds {
namespace {

struct Phase {
  std::string_view name;
  double milliseconds;
};
constexpr Phase kPhases[] = {
#define PHASE(name, milliseconds) {name, milliseconds},
#include "tools/dsc/Phases.def"
};

double typicalSeconds() {
  double sum = 0;
  for (const Phase &phase : kPhases)
    sum += phase.milliseconds / 1e3;
  return sum;
}

} // namespace

double phasePart(double seconds, double expected) {
  constexpr double steady = 0.8;
  if (seconds <= 0 || expected <= 0)
    return 0;
  double part = seconds / expected * steady;
  return part < steady
             ? part
             : 1 - (1 - steady) * std::exp((steady - part) / (1 - steady));
}

PhaseProgress::PhaseProgress(PhaseDisplay display) : display_(display) {
  if (display_ != PhaseDisplay::Bar)
    return;
  bar_.emplace("dsc");
  if (!bar_->draws())
    display_ = PhaseDisplay::Lines;
}

void PhaseProgress::begin(std::string_view phase) {
  std::lock_guard lock(mutex_);
  finishPhase();
  phase_ = phase;
  begin_ = Clock::now();
  for (const Phase &known : kPhases)
    if (known.name == phase)
      share_ = known.milliseconds / 1e3 / typicalSeconds();
  if (display_ != PhaseDisplay::Bar)
    return;
  draw();
  if (painter_.joinable())
    return;
  SignalsBlocked inPainter; // they are for the thread that writes the output
  painter_ = std::thread([this] {
    std::unique_lock waiting(mutex_);
    while (!ended_.wait_for(waiting, std::chrono::milliseconds(100),
                            [this] { return ends_; }))
      draw();
  });
}

void PhaseProgress::draw() {
  double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  // What the phases before took says how fast this machine is, once they are
  // a fair part of all.
  constexpr double fair = 0.1;
  double all = done_ > fair ? doneSeconds_ / done_ : typicalSeconds();
  bar_->show(phase_, done_ + share_ * phasePart(seconds, share_ * all));
}

void PhaseProgress::finishPhase() {
  if (phase_.empty())
    return;
  double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  if (display_ == PhaseDisplay::Lines)
    printError("dsc: {:<28} {:8.1f} ms\n", phase_, seconds * 1e3);
  done_ += share_;
  doneSeconds_ += seconds;
  share_ = 0;
  phase_.clear();
}

void PhaseProgress::end() {
  {
    std::lock_guard lock(mutex_);
    finishPhase();
    ends_ = true;
  }
  ended_.notify_all();
  if (painter_.joinable())
    painter_.join();
  ends_ = false;
  if (bar_)
    bar_->erase();
}

} // namespace ds
