// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Interrupt.h"
#include <csignal>
#include <gtest/gtest.h>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace ds::dsrun;

namespace {

class InterruptTest : public testing::Test {
protected:
  void SetUp() override {
    Interrupt::install();
    ASSERT_EQ(::pipe(pipe), 0);
  }
  void TearDown() override {
    Interrupt::forget();
    ::close(pipe[0]), ::close(pipe[1]);
  }
  int pipe[2];
};

// What can be read ends the wait, and so does the end of the input and what the
// read is going to say is wrong.
TEST_F(InterruptTest, waitsForInput) {
  ASSERT_EQ(::write(pipe[1], "x", 1), 1);
  EXPECT_TRUE(Interrupt::waitToRead(pipe[0]));
  char byte;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  ::close(std::exchange(pipe[1], -1));
  EXPECT_TRUE(Interrupt::waitToRead(pipe[0]));
  int closed = pipe[0];
  ::close(std::exchange(pipe[0], -1));
  EXPECT_TRUE(Interrupt::waitToRead(closed));
}

// A signal ends it at whatever moment it comes: before, during, or between a
// look at the flag and the sleep, where a plain read would miss it.
TEST_F(InterruptTest, noSignalIsMissed) {
  for (int i = 0; i < 1000; ++i) {
    std::thread other([self = ::pthread_self()] {
      ::pthread_kill(self, SIGINT);
    });
    EXPECT_FALSE(Interrupt::waitToRead(pipe[0]));
    other.join();
    EXPECT_EQ(Interrupt::signal(), SIGINT);
    Interrupt::forget();
  }
}

} // namespace
