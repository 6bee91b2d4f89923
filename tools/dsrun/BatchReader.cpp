// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/BatchReader.h"
#include "tools/dsrun/JsonReader.h"
#include <optional>

namespace ds::dsrun {
namespace {

bool readRole(JsonReader &json, std::optional<rt::Role> &role) {
  constexpr std::string_view names[] = {"system", "user", "assistant", "tool"};
  json.peek();
  size_t start = json.byte();
  std::string name;
  if (!json.string(name))
    return false;
  for (size_t i = 0; i < std::size(names); ++i)
    if (names[i] == name)
      role = rt::Role(i);
  return role || json.failAt(start, "system, user, assistant or tool");
}

bool readCall(JsonReader &json, rt::ToolCall &call) {
  call.type = "function";
  bool isWhole = false;
  auto function = [&](const std::string &key) {
    return key == "name"        ? json.string(call.name)
           : key == "arguments" ? json.string(call.arguments)
                                : json.skip();
  };
  auto member = [&](const std::string &key) {
    if (key == "type")
      return json.string(call.type);
    if (key != "function")
      return json.skip();
    isWhole = true;
    return json.object("an object", function);
  };
  if (!json.object("an object", member))
    return false;
  return (isWhole && !call.name.empty()) ||
         json.fail("\"function\" with a \"name\" before this");
}

bool readMessage(JsonReader &json, rt::Message &message) {
  std::optional<rt::Role> role;
  auto member = [&](const std::string &key) {
    if (key == "role")
      return readRole(json, role);
    if (key == "content")
      return json.takeNull() || json.string(message.content);
    if (key != "tool_calls")
      return json.skip();
    return json.takeNull() || json.array("an array of calls", [&] {
      return readCall(json, message.calls.emplace_back());
    });
  };
  if (!json.object("an object", member))
    return false;
  if (!role)
    return json.fail("key \"role\" before this");
  if (!message.calls.empty() && *role != rt::Role::Assistant)
    return json.fail("\"tool_calls\" in assistant turns only");
  message.role = *role;
  return true;
}

bool readPrompt(JsonReader &json, std::optional<BatchPrompt> &prompt) {
  auto take = [&]<class Value>(Value value, auto read) {
    if (!read(value))
      return false;
    prompt = std::move(value);
    return true;
  };
  auto text = [&](std::string &value) { return json.string(value); };
  auto ids = [&](std::vector<uint32_t> &value) {
    return json.array("an array of token ids", [&] {
      return json.number(value.emplace_back(), "a token id");
    });
  };
  auto messages = [&](std::vector<rt::Message> &value) {
    return json.array("an array of turns", [&] {
      return readMessage(
          json, value.emplace_back(rt::Message{rt::Role::User, {}}));
    });
  };
  if (json.peek() == '"')
    return take(std::string(), text) && json.end();
  auto member = [&](const std::string &key) {
    if (prompt)
      return json.skip();
    if (key == "prompt" || key == "question")
      return take(std::string(), text);
    if (key == "ids")
      return take(std::vector<uint32_t>(), ids);
    if (key == "messages")
      return take(std::vector<rt::Message>(), messages);
    return json.skip();
  };
  return json.object("a string or an object", member) && json.end();
}

} // namespace

Result<BatchPrompt> readBatchLine(std::string_view line,
                                  const std::string &file, size_t lineNumber) {
  JsonReader json(line);
  std::optional<BatchPrompt> prompt;
  bool isRead = readPrompt(json, prompt);
  if (isRead && prompt)
    return std::move(*prompt);
  std::string where = std::to_string(lineNumber);
  if (!isRead)
    where += ":" + std::to_string(json.byte() + 1);
  return Error{.code = ErrorCode::BatchLineInvalid,
               .file = file,
               .where = where,
               .subject = "line of the batch",
               .expected = isRead ? "key \"prompt\", \"question\", \"ids\" or "
                                    "\"messages\""
                                  : json.wanted()};
}

Result<std::vector<BatchPrompt>> readBatch(std::string_view text,
                                           const std::string &file) {
  std::vector<BatchPrompt> prompts;
  Status status;
  for (size_t number = 1; !text.empty(); ++number) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == line.npos)
      continue;
    Result<BatchPrompt> prompt = readBatchLine(line, file, number);
    if (prompt)
      prompts.push_back(std::move(*prompt));
    else
      status.add(prompt.takeStatus());
  }
  if (!status)
    return status;
  return prompts;
}

} // namespace ds::dsrun
