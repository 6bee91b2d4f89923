// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Chat.h"
#include "tools/dsrun/Conversation.h"
#include "tools/dsrun/Interrupt.h"
#include "tools/dsrun/LineInput.h"
#include "tools/dsrun/PrefillProgress.h"
#include "tools/dsrun/Printers.h"
#include "tools/terminal/Color.h"
#include <csignal>
#include <cstdio>
#include <optional>

namespace ds::dsrun {
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

namespace {

/// What a conversation can do about an error of its last turn.
Error advised(Error error) {
  if (error.code == ErrorCode::ContextExceeded)
    error.help = "/clear forgets the conversation so far";
  return error;
}

/// Fills in the prompt. An error is one of the last turn, or of all together.
Status takePrompt(const Conversation &conversation, const TextPart &text,
                  const rt::Generator &generator, rt::Request &request) {
  DS_ASSIGN(request.prompt, text.conversation(conversation.messages()));
  Status found = generator.check({&request, 1}), refusal;
  for (const Error &error : found.errors())
    refusal.add(advised(error));
  return refusal;
}

} // namespace

Status chat(rt::Generator &generator, const TextPart &text,
            const std::string *system, const rt::Request &form,
            const ChatDisplay &display) {
  Conversation conversation(system);
  auto show = [&](const Status &refusal) {
    std::fputs(
        terminal::statusText(refusal, "dsrun", display.colors).c_str(), stderr);
  };
  std::unique_ptr<LineInput> input = LineInput::open();
  for (;;) {
    std::optional<std::string> line = input->next();
    if (!line)
      return {};
    std::string reply;
    Result<Conversation::Line> taken =
        conversation.take(std::move(*line), reply);
    if (!taken) {
      show(taken.takeStatus());
      continue;
    }
    std::fputs(reply.c_str(), stderr);
    if (*taken == Conversation::Line::Exit)
      return {};
    if (*taken != Conversation::Line::Turn)
      continue;
    rt::Request request = form;
    if (Status refusal = takePrompt(conversation, text, generator, request);
        !refusal) {
      show(refusal);
      conversation.dropTurn();
      continue;
    }
    StreamPrinter printer(text, display.dims);
    PrefillProgress progress(printer, generator.chunk(), display.quiet);
    DS_ASSIGN(std::vector<rt::Completion> completions,
              generator.run({&request, 1}, &progress, &Interrupt::flag()));
    if (!display.quiet)
      printSpeed(generator.stats());
    DS_TRY(outputStatus());
    if (!completions[0].failure)
      return std::move(completions[0].failure);
    if (Interrupt::signal() == SIGINT)
      Interrupt::forget();
    if (Interrupt::flag())
      return {};
    conversation.addAnswer(printer.answer().content);
  }
}

} // namespace ds::dsrun
