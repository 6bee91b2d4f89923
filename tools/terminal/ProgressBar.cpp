// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/ProgressBar.h"
#include "tools/terminal/Color.h"
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <poll.h>
#include <unistd.h>

namespace ds::terminal {
namespace {

std::atomic<pid_t> painter = 0; // the thread that draws a line; 0: none
std::atomic<bool> isEnded = false;
static_assert(std::atomic<pid_t>::is_always_lock_free);

/// Writes `line` to standard error as one, or not at all after endBars().
void draw(std::string_view line) {
  painter = ::gettid(); // before isEnded is asked; endBars() does the reverse
  if (!isEnded) {
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
  }
  painter = 0;
}

} // namespace

void endBars() noexcept {
  constexpr int most = 1000; // ms: a terminal may take nothing for ever
  isEnded = true;
  for (int i = 0; i < most && painter && painter != ::gettid(); ++i)
    ::poll(nullptr, 0, 1);
}

std::string timeText(double seconds) {
  auto whole = [](double value) { return std::to_string(uint64_t(value)); };
  seconds = std::ceil(seconds);
  if (seconds < 60)
    return whole(seconds) + " s";
  double minutes = std::ceil(seconds / 60);
  if (minutes < 60)
    return whole(minutes) + " min";
  return whole(std::floor(minutes / 60)) + " h " +
         whole(std::fmod(minutes, 60)) + " min";
}

std::string barLine(std::string_view tool, std::string_view what, double done,
                    double secondsLeft, unsigned columns) {
  constexpr unsigned most = 30; // cells
  done = std::clamp(done, 0.0, 1.0);
  std::string head = std::string(tool) + ": " + std::string(what) + " ";
  std::string percent = std::to_string(unsigned(done * 100));
  std::string tail =
      " " + std::string(3 - std::min<size_t>(percent.size(), 3), ' ') +
      percent + " %";
  if (secondsLeft >= 0)
    tail += ", " + timeText(secondsLeft) + " left";
  size_t taken = head.size() + tail.size() + 2;
  unsigned cells =
      columns > taken ? std::min(most, unsigned(columns - taken)) : 0;
  std::string line = head;
  if (cells >= 5) {
    unsigned full = unsigned(done * cells);
    line += "[" + std::string(full, '#') + std::string(cells - full, '.') + "]";
  }
  line += tail;
  return line.substr(0, columns);
}

ProgressBar::ProgressBar(std::string_view tool)
    : tool_(tool), draws_(canRedraw(STDERR_FILENO)) {}

void ProgressBar::show(std::string_view what, double done) {
  constexpr auto between = std::chrono::milliseconds(100);
  constexpr double soon = 0.5, little = 0.02; // s, part: too early to tell
  Clock::time_point now = Clock::now();
  if (!draws_ || (isDrawn_ && now - drawn_ < between))
    return;
  double taken = std::chrono::duration<double>(now - begin_).count();
  double left = taken < soon || done < little ? -1 : taken * (1 - done) / done;
  // The last column stays free, or some terminals begin a new line.
  draw("\r" + barLine(tool_, what, done, left, columns(STDERR_FILENO) - 1) +
       "\x1b[K");
  isDrawn_ = true;
  drawn_ = now;
}

void ProgressBar::erase() {
  if (!isDrawn_)
    return;
  draw("\r\x1b[K");
  isDrawn_ = false;
}

} // namespace ds::terminal
