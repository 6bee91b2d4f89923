// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/LineInput.h"
#include "tools/dsrun/Interrupt.h"
#include "tools/terminal/Color.h"
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace ds::dsrun {
namespace {

class PlainInput : public LineInput {
public:
  std::optional<std::string> next() override {
    if (prompts_)
      std::fputs("> ", stderr);
    for (;;) {
      size_t end = held_.find('\n');
      if (end != held_.npos || (ended_ && !held_.empty())) {
        std::string line = held_.substr(0, end);
        held_.erase(0, end == held_.npos ? held_.size() : end + 1);
        return line;
      }
      if (ended_ || !Interrupt::waitToRead(STDIN_FILENO)) {
        if (prompts_)
          std::fputs("\n", stderr);
        return std::nullopt;
      }
      char bytes[4096];
      ssize_t count = read(STDIN_FILENO, bytes, sizeof(bytes));
      if (count > 0)
        held_.append(bytes, size_t(count));
      else if (count == 0 || errno != EINTR)
        ended_ = true;
    }
  }

private:
  std::string held_;
  bool ended_ = false;
  bool prompts_ = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
};

} // namespace

std::unique_ptr<LineInput> LineInput::open() {
  if (isatty(STDIN_FILENO) && terminal::canRedraw(STDERR_FILENO))
    if (std::unique_ptr<LineInput> editor = openLineEditor())
      return editor;
  return std::make_unique<PlainInput>();
}

std::string historyFile() {
  const char *state = std::getenv("XDG_STATE_HOME");
  const char *home = std::getenv("HOME");
  if (state && *state == '/')
    return std::string(state) + "/ds/history";
  if (home && *home == '/')
    return std::string(home) + "/.local/state/ds/history";
  return {};
}

} // namespace ds::dsrun
