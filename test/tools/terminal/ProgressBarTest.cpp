// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/ProgressBar.h"
#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <pty.h>
#include <thread>
#include <unistd.h>

using namespace ds::terminal;

namespace {

// Times are rounded up, to what one can wait for.
TEST(ProgressBarTest, timeText) {
  EXPECT_EQ(timeText(0), "0 s");
  EXPECT_EQ(timeText(0.2), "1 s");
  EXPECT_EQ(timeText(59.5), "1 min");
  EXPECT_EQ(timeText(61), "2 min");
  EXPECT_EQ(timeText(3600), "1 h 0 min");
  EXPECT_EQ(timeText(7861), "2 h 12 min");
}

// What, how much, how long; the bar takes the room that is left.
TEST(ProgressBarTest, line) {
  EXPECT_EQ(barLine("dsc", "code", 0.5, 4, 80),
            "dsc: code [###############...............]  50 %, 4 s left");
  EXPECT_EQ(barLine("dsc", "code", 0.5, -1, 28),
            "dsc: code [#####.....]  50 %");
  EXPECT_EQ(barLine("dsc", "code", 1.5, -1, 20), "dsc: code  100 %");
  EXPECT_EQ(barLine("dsc", "code", 0, 4, 8), "dsc: cod");
}

// No line is longer than the terminal is wide, whatever the numbers.
TEST(ProgressBarTest, neverWraps) {
  for (unsigned columns = 0; columns < 120; ++columns)
    for (double done : {-1.0, 0.0, 0.33, 1.0})
      EXPECT_LE(barLine("dsrun", "prompt 7 of 9 tokens", done, 1e5, columns)
                    .size(),
                columns);
}

/// Ends bars while another thread draws as fast as it can; exits with 0 where
/// a line written after that is the last on the terminal.
[[noreturn]] void endWhileDrawing() {
  int master, terminal;
  if (::openpty(&master, &terminal, nullptr, nullptr, nullptr) != 0)
    std::_Exit(2);
  ::dup2(terminal, STDERR_FILENO);
  ::setenv("TERM", "xterm", 1);
  std::atomic<int> drawn = 0;
  std::thread painter([&] {
    for (ProgressBar bar("test");; bar.erase(), ++drawn)
      bar.show("painting", 0.5);
  });
  std::string text;
  std::thread reader([&] {
    char buffer[4096];
    while (text.find('?') == text.npos)
      if (ssize_t count = ::read(master, buffer, sizeof buffer); count > 0)
        text.append(buffer, count);
  });
  while (drawn < 100)
    ;
  endBars();
  if (::write(STDERR_FILENO, "!", 1) != 1)
    std::_Exit(2);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (::write(STDERR_FILENO, "?", 1) != 1)
    std::_Exit(2);
  reader.join();
  std::_Exit(text.ends_with("\x1b[K!?") ? 0 : 1);
}

// What a signal handler says after endBars() stays the last line.
TEST(ProgressBarTest, endsWhileAnotherThreadDraws) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (int i = 0; i < 5; ++i)
    EXPECT_EXIT(endWhileDrawing(), testing::ExitedWithCode(0), "");
}

} // namespace
