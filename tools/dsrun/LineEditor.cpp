// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only file that knows libedit.
#include "tools/dsrun/Interrupt.h"
#include "tools/dsrun/LineInput.h"
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <histedit.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ds::dsrun {
namespace {

constexpr int kHistoryLines = 1000;

/// libedit reads and shows characters as the locale says; texts here are UTF-8.
void chooseLocale() {
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1)
    std::setlocale(LC_CTYPE, "C.UTF-8");
}

/// One character. A signal ends the line: libedit alone would read on.
int readCharacter(EditLine *, wchar_t *character) {
  std::mbstate_t state{};
  for (;;) {
    if (!Interrupt::waitToRead(STDIN_FILENO))
      return -1;
    char byte;
    ssize_t count = ::read(STDIN_FILENO, &byte, 1);
    if (count <= 0)
      return int(count);
    size_t used = std::mbrtowc(character, &byte, 1, &state);
    if (used == size_t(-2))
      continue; // the character goes on
    if (used != size_t(-1))
      return 1;
    state = {};
    *character = L'\xFFFD';
    return 1;
  }
}

class LineEditor : public LineInput {
public:
  explicit LineEditor(EditLine *editor)
      : editor_(editor), history_(history_init()), file_(historyFile()) {
    HistEvent event;
    el_set(editor_, EL_PROMPT, +[](EditLine *) {
      static char prompt[] = "> ";
      return prompt;
    });
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 0);
    el_set(editor_, EL_GETCFN, readCharacter);
    el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    if (!history_)
      return;
    history(history_, &event, H_SETSIZE, kHistoryLines);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(editor_, EL_HIST, history, history_);
    if (!file_.empty())
      history(history_, &event, H_LOAD, file_.c_str());
  }
  ~LineEditor() override {
    if (history_)
      history_end(history_);
    el_end(editor_);
  }

  std::optional<std::string> next() override {
    int count = 0;
    // Before the prompt invites to type: a key that comes earlier would be the
    // terminal's, which takes Ctrl-D for itself.
    el_set(editor_, EL_PREP_TERM, 1);
    const char *line = el_gets(editor_, &count);
    if (!line || count <= 0) {
      std::fputs("\n", stderr);
      return std::nullopt;
    }
    std::string text(line, size_t(count));
    if (text.ends_with('\n'))
      text.pop_back();
    if (!text.empty())
      remember(text);
    return text;
  }

private:
  /// A history that cannot be kept is no reason to stop talking.
  void remember(const std::string &text) {
    HistEvent event;
    if (!history_ || history(history_, &event, H_ENTER, text.c_str()) < 0 ||
        file_.empty())
      return;
    std::error_code ignored;
    std::filesystem::path folder =
        std::filesystem::path(file_).parent_path();
    if (std::filesystem::create_directories(folder, ignored))
      ::chmod(folder.c_str(), S_IRWXU);
    // What was said is nobody else's business, from the first byte on.
    mode_t mask = ::umask(S_IRWXG | S_IRWXO);
    history(history_, &event, H_SAVE, file_.c_str());
    ::umask(mask);
  }

  EditLine *editor_;
  History *history_;
  std::string file_;
};

} // namespace

std::unique_ptr<LineInput> openLineEditor() {
  chooseLocale();
  EditLine *editor = el_init("dsrun", stdin, stderr, stderr);
  return editor ? std::make_unique<LineEditor>(editor) : nullptr;
}

} // namespace ds::dsrun
