// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Chat.h"
#include "tools/dsrun/Interrupt.h"
#include "tools/dsrun/Printers.h"
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <unistd.h>

namespace ds::dsrun {
namespace {

class LineInput {
public:
  /// The next line without its end; nothing at the end of the input and after
  /// a signal.
  std::optional<std::string> next() {
    for (;;) {
      size_t end = held_.find('\n');
      if (end != held_.npos || (ended_ && !held_.empty())) {
        std::string line = held_.substr(0, end);
        held_.erase(0, end == held_.npos ? held_.size() : end + 1);
        return line;
      }
      if (ended_ || Interrupt::flag())
        return std::nullopt;
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
};

} // namespace

void printSpeed(const rt::GenerationStats &stats) {
  auto rate = [](uint64_t tokens, double seconds) {
    return seconds > 0 ? double(tokens) / seconds : 0.0;
  };
  std::fprintf(stderr,
               "prefill %llu tokens, %.1f tokens/s; decode %llu tokens, %.1f "
               "tokens/s; first token after %.1f ms\n",
               static_cast<unsigned long long>(stats.prefillTokens),
               rate(stats.prefillTokens, stats.prefillSeconds),
               static_cast<unsigned long long>(stats.decodeTokens),
               rate(stats.decodeTokens, stats.decodeSeconds),
               stats.firstTokenSeconds * 1e3);
}

Status chat(rt::Generator &generator, const TextPart &text,
            const std::string *system, const rt::Request &form) {
  std::vector<rt::Message> messages;
  if (system)
    messages.push_back({rt::Role::System, *system});
  LineInput input;
  bool prompts = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
  for (;;) {
    if (prompts)
      std::fputs("> ", stderr);
    std::optional<std::string> turn = input.next();
    if (!turn) {
      if (prompts)
        std::fputs("\n", stderr);
      return {};
    }
    if (turn->empty())
      continue;
    messages.push_back({rt::Role::User, std::move(*turn)});
    rt::Request request = form;
    DS_ASSIGN(request.prompt, text.conversation(messages));
    StreamPrinter printer(text);
    DS_ASSIGN(std::vector<rt::Completion> completions,
              generator.run({&request, 1}, &printer, &Interrupt::flag()));
    printSpeed(generator.stats());
    DS_TRY(outputStatus());
    if (!completions[0].failure)
      return std::move(completions[0].failure);
    if (Interrupt::signal() == SIGINT)
      Interrupt::forget();
    if (Interrupt::flag())
      return {};
    messages.push_back({rt::Role::Assistant, printer.answer().content});
  }
}

} // namespace ds::dsrun
