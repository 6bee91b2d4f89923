// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/options/Completion.h"
#include "tools/options/NearMiss.h"

namespace ds::options {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "'";
}

std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string values(const std::string &value,
                   const std::vector<std::string> &words) {
  if (!words.empty())
    return " -x -a " + quoted(joined(words));
  if (isFolder(value))
    return " -x -a '(__fish_complete_directories)'";
  return isPath(value) ? " -r -F" : " -x";
}

std::string lines(const std::string &start,
                  const std::vector<Option> &options) {
  std::string out;
  for (const Option &option : options) {
    out += start;
    for (const std::string &flag : spellings(option.flags))
      out += flag.starts_with("--") ? " -l " + flag.substr(2)
                                    : " -s " + flag.substr(1);
    if (!option.value.empty())
      out += values(option.value, option.words);
    out += " -d " + quoted(option.help) + "\n";
  }
  return out;
}

std::string script(const Tool &tool) {
  std::string text = "# fish completion of " + tool.name + "\n";
  std::string start = "complete -c " + tool.name;
  std::string without = start + " -n __fish_use_subcommand";
  text += lines(tool.options.empty() ? start : without, tool.options);
  for (const Command &command : tool.commands) {
    std::string within = start;
    if (!command.name.empty()) {
      text += without + " -f -a " + command.name + " -d " +
                quoted(command.summary) + "\n";
      within += " -n '__fish_seen_subcommand_from " + command.name + "'";
    }
    if (!isPath(command.operand))
      text += within + " -f" +
                (command.words.empty()
                     ? ""
                     : " -a " + quoted(joined(command.words))) +
                "\n";
    if (!command.leading.first.empty())
      text += without + " -a " + command.leading.first + " -d " +
              quoted(command.leading.second) + "\n";
    text += lines(within, command.options);
  }
  if (!tool.twin.first.empty())
    text += "complete -c " + tool.twin.first + " -w " + tool.name + "\n";
  return text;
}

} // namespace

std::string fishCompletion(const std::vector<Tool> &tools) {
  std::string all;
  for (const Tool &tool : tools)
    all += script(tool);
  return all;
}

} // namespace ds::options
