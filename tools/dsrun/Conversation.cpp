// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/Conversation.h"
#include "tools/options/NearMiss.h"

namespace ds::dsrun {
namespace {

struct CommandRow {
  std::string_view name, operand, text;
};
constexpr CommandRow kCommands[] = {
#define CHAT_COMMAND(name, operand, text) {name, operand, text},
#include "tools/dsrun/ChatCommands.def"
};

std::string helpText() {
  constexpr size_t column = 18;
  std::string text;
  for (const CommandRow &row : kCommands) {
    std::string head = std::string(row.name) + " " + std::string(row.operand);
    head.resize(std::max(head.size(), column), ' ');
    text += head + std::string(row.text) + "\n";
  }
  return text + "//TEXT            say /TEXT\n";
}

Error unknownCommand(std::string_view name) {
  std::vector<std::string> known;
  for (const CommandRow &row : kCommands)
    known.emplace_back(row.name);
  std::string help = options::suggestion(name, known);
  return {.code = ErrorCode::UsageError,
          .where = std::string(name),
          .subject = "unknown command of --chat",
          .help = help.empty() ? "/help lists the commands; //TEXT says /TEXT"
                               : help};
}

} // namespace

Conversation::Conversation(const std::string *system) {
  if (system)
    setSystem(*system);
}

bool Conversation::hasSystem() const {
  return !messages_.empty() && messages_[0].role == rt::Role::System;
}

void Conversation::setSystem(std::string_view text) {
  if (hasSystem())
    messages_.erase(messages_.begin());
  if (!text.empty())
    messages_.insert(messages_.begin(),
                     {.role = rt::Role::System, .content = std::string(text)});
}

Result<Conversation::Line> Conversation::take(std::string line,
                                              std::string &reply) {
  if (line.empty())
    return Line::Empty;
  if (line.starts_with("//"))
    line.erase(0, 1);
  else if (line.starts_with('/')) {
    size_t end = std::min(line.find(' '), line.size());
    std::string name = line.substr(0, end);
    size_t begin = std::min(line.find_first_not_of(' ', end), line.size());
    std::string operand = line.substr(begin);
    if (name == "/exit")
      return Line::Exit;
    if (name == "/clear") {
      messages_.resize(hasSystem() ? 1 : 0);
      reply = "the conversation is forgotten\n";
    } else if (name == "/system") {
      setSystem(operand);
      reply = operand.empty() ? "no system message\n"
                              : "the system message is set\n";
    } else if (name == "/help") {
      reply = helpText();
    } else {
      return unknownCommand(name);
    }
    return Line::Command;
  }
  messages_.push_back({.role = rt::Role::User, .content = std::move(line)});
  return Line::Turn;
}

void Conversation::addAnswer(std::string text) {
  messages_.push_back(
      {.role = rt::Role::Assistant, .content = std::move(text)});
}

void Conversation::dropTurn() { messages_.pop_back(); }

} // namespace ds::dsrun
