// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/plan/TemporaryFolder.h"
#include "tools/dsrun/TextInput.h"
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace ds;
using namespace ds::dsrun;
using ds::rt::test::TemporaryFolder;

namespace {

std::string message(Result<std::string> text) {
  return text ? "no error" : text.takeStatus().errors()[0].message();
}

/// Reads standard input while it is the file of this path.
Result<std::string> readFrom(const std::string &path) {
  int before = ::dup(STDIN_FILENO), file = ::open(path.c_str(), O_RDONLY);
  ::dup2(file, STDIN_FILENO);
  Result<std::string> text = readText("-");
  ::dup2(before, STDIN_FILENO);
  ::close(before), ::close(file);
  return text;
}

// Every byte counts, from a file and from standard input.
TEST(TextInputTest, readsAllBytes) {
  TemporaryFolder folder;
  std::string text(200'000, 'x');
  text += std::string("\0\n\xff", 3);
  std::string path = folder.write(
      "text", {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  EXPECT_TRUE(*readText(path) == text);
  EXPECT_TRUE(*readFrom(path) == text);
  EXPECT_EQ(*readFrom("/dev/null"), "");
}

// What is no regular file is refused by name, without waiting for a writer.
TEST(TextInputTest, refusesOtherKinds) {
  TemporaryFolder folder;
  std::string fifo = folder.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(message(readText(fifo)),
            "error[E102]: " + fifo + ": found a FIFO, expected a regular file");
  EXPECT_EQ(message(readText("/dev/zero")),
            "error[E102]: /dev/zero: found a device, expected a regular file");
  EXPECT_EQ(message(readText("/tmp")),
            "error[E102]: /tmp: found a folder, expected a regular file");
  EXPECT_NE(message(readText(folder.path("none"))).find("No such file"),
            std::string::npos);
}

// Standard input may be anything that can be read.
TEST(TextInputTest, saysWhyStandardInputCannotBeRead) {
  EXPECT_EQ(message(readFrom("/tmp")),
            "error[E102]: standard input: cannot read: Is a directory");
}

// The limit is the last size that is taken, and nothing goes on without end.
TEST(TextInputTest, holdsSizesAgainstTheLimit) {
  TemporaryFolder folder;
  std::string path = folder.write("large", {});
  ASSERT_EQ(::truncate(path.c_str(), off_t(kMaxInputBytes)), 0);
  EXPECT_EQ(readText(path)->size(), kMaxInputBytes);
  EXPECT_EQ(readFrom(path)->size(), kMaxInputBytes);
  ASSERT_EQ(::truncate(path.c_str(), off_t(kMaxInputBytes) + 1), 0);
  EXPECT_EQ(message(readText(path)),
            "error[E801]: " + path +
                ": size in bytes: found 67108865, expected at most 67108864");
  EXPECT_EQ(message(readFrom("/dev/zero")),
            "error[E801]: standard input: size in bytes: found more, expected "
            "at most 67108864");
}

} // namespace
