// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/Color.h"
#include <gtest/gtest.h>

using namespace ds;
using namespace ds::terminal;

namespace {

// Marks are coloured, the rest of a line is not; without colour the text is
// that of the status.
TEST(ColorTest, statusText) {
  Status status(Error{.code = ErrorCode::UsageError,
                      .where = "--x",
                      .subject = "unknown option",
                      .notes = {"help: is no mark here"},
                      .help = "try y"});
  EXPECT_EQ(statusText(status, "dsc", false), status.text("dsc"));
  EXPECT_EQ(statusText(status, "dsc", true),
            "dsc: \x1b[1;31merror[E100]:\x1b[0m --x: unknown option\n"
            "\x1b[36mnote:\x1b[0m help: is no mark here\n"
            "\x1b[36mhelp:\x1b[0m try y\n");
  EXPECT_EQ(statusText(Status(), "dsc", true), "");
}

} // namespace
