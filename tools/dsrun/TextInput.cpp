// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/TextInput.h"
#include "runtime/plan/InputFile.h"
#include "tools/dsrun/Interrupt.h"
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace ds::dsrun {
namespace {

constexpr const char *kStandardInput = "standard input";

Error tooLarge(const std::string &file, std::string found) {
  return {.code = ErrorCode::PromptTooLarge,
          .file = file,
          .subject = "size in bytes",
          .found = std::move(found),
          .expected = "at most " + std::to_string(kMaxInputBytes)};
}

/// Reads pieces, as the size is not known.
Result<std::string> readStandardInput() {
  std::string text;
  char piece[1 << 16];
  while (Interrupt::waitToRead(STDIN_FILENO)) {
    ssize_t count = ::read(STDIN_FILENO, piece, sizeof piece);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return Error{.code = ErrorCode::FileUnreadable,
                   .file = kStandardInput,
                   .subject =
                       std::string("cannot read: ") + std::strerror(errno)};
    if (count == 0)
      return text;
    text.append(piece, size_t(count));
    if (text.size() > kMaxInputBytes)
      return tooLarge(kStandardInput, "more");
  }
  return std::string();
}

} // namespace

Result<std::string> readText(const std::string &path) {
  if (path == "-")
    return readStandardInput();
  DS_ASSIGN(rt::InputFile file,
            rt::InputFile::open(path, ErrorCode::FileUnreadable));
  if (file.size() > kMaxInputBytes)
    return tooLarge(path, std::to_string(file.size()));
  std::string text(file.size(), '\0');
  DS_TRY(file.readAt(0, text.data(), text.size()));
  return text;
}

} // namespace ds::dsrun
