// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/options/Completion.h"
#include "tools/options/NearMiss.h"

namespace ds::options {
namespace {

/// Text between brackets of a specification that stands in single quotes.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\'')
      out += "'\\'";
    else if (c == '[' || c == ']' || c == ':' || c == '\\')
      out += '\\';
    out += c;
  }
  return out;
}

std::string action(const std::string &value,
                   const std::vector<std::string> &words) {
  std::string list;
  for (const std::string &word : words)
    list += (list.empty() ? "" : " ") + word;
  if (!words.empty())
    return "(" + list + ")";
  return isFolder(value) ? "_files -/" : isPath(value) ? "_files" : " ";
}

/// '(-o --output)-o+[help]:FILE:_files' '(-o --output)--output=[help]:…'
std::string specifications(const std::vector<Option> &options,
                           const std::string &indent) {
  std::string out;
  for (const Option &option : options) {
    std::vector<std::string> flags = spellings(option.flags);
    std::string others;
    for (const std::string &flag : flags)
      others += (others.empty() ? "(" : " ") + flag;
    for (const std::string &flag : flags) {
      out += " \\\n" + indent + "'" + others + ")" + flag;
      if (!option.value.empty())
        out += flag.starts_with("--") ? "=" : "+";
      out += "[" + plain(option.help) + "]";
      if (!option.value.empty())
        out += ":" + plain(option.value) + ":" +
               action(option.value, option.words);
      out += "'";
    }
  }
  return out;
}

std::string operand(const Command &command, const std::string &indent) {
  if (command.operand.empty())
    return "";
  auto argument = [&](const char *number, const std::string &what) {
    return " \\\n" + indent + "'" + number + ":" + plain(command.operand) +
           ":" + what + "'";
  };
  std::string what = action(command.operand, command.words);
  if (command.leading.first.empty())
    return argument("1", what);
  return argument("1", "{compadd " + command.leading.first + "; " + what + "}") +
         argument("2", what);
}

/// `_ds_TOOL`, which completes the words after the tool's name.
std::string function(const Tool &tool) {
  std::string text = "_ds_" + tool.name + "() {\n";
  if (tool.commands.size() == 1 && tool.commands[0].name.empty()) {
    const Command &all = tool.commands[0];
    return text + "  _arguments" + specifications(all.options, "    ") +
           operand(all, "    ") + "\n}\n";
  }
  text += "  local context state state_descr line\n"
          "  typeset -A opt_args\n"
          "  _arguments -C" +
          specifications(tool.options, "    ") +
          " \\\n    '1: :->command' '*:: :->operand'\n"
          "  case $state in\n"
          "  command)\n"
          "    local -a commands=(\n";
  for (const Command &command : tool.commands)
    text += "      '" + command.name + ":" + plain(command.summary) + "'\n";
  text += "    )\n"
          "    _describe command commands;;\n"
          "  operand)\n"
          "    case $line[1] in\n";
  for (const Command &command : tool.commands)
    text += "    " + command.name + ")\n      _arguments" +
            specifications(command.options, "        ") +
            operand(command, "        ") + ";;\n";
  return text + "    esac;;\n  esac\n}\n";
}

} // namespace

std::string zshCompletion(const std::vector<Tool> &tools) {
  std::string names, functions;
  for (const Tool &tool : tools) {
    names += " " + tool.name;
    functions += function(tool);
    if (!tool.twin.first.empty()) {
      names += " " + tool.twin.first;
      functions += "_ds_" + tool.twin.first + "() { _ds_" + tool.name +
                   " \"$@\"; }\n";
    }
  }
  // As a file of $fpath this is the body of the function _dsc; else it is read
  // by `source`.
  return "#compdef" + names + "\n" + functions +
         "_ds_complete() { _ds_$service \"$@\"; }\n"
         "if [[ $funcstack[1] == _dsc ]]; then\n"
         "  _ds_complete \"$@\"\n"
         "else\n"
         "  compdef _ds_complete" +
         names + "\nfi\n";
}

} // namespace ds::options
