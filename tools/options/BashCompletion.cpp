// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/options/Completion.h"
#include "tools/options/NearMiss.h"

namespace ds::options {

bool isFolder(const std::string &value) {
  return value == "DIR" || value == "[FOLDER]" || value == "CHECKPOINT";
}
bool isPath(const std::string &value) {
  return isFolder(value) || value == "FILE" || value == "OUT" ||
         value == "PLAN";
}

namespace {

std::string joined(const std::vector<std::string> &words,
                   const char *between) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : between) + word;
  return text;
}

/// An action of the script that offers what a value or operand may be. TOOL
/// becomes the tool's name, so that the scripts of two tools do not meet.
std::string offer(const std::string &value,
                  const std::vector<std::string> &words) {
  if (!words.empty())
    return "_TOOL_words \"" + joined(words, " ") + "\"";
  if (isFolder(value))
    return "_TOOL_files -d";
  return isPath(value) ? "_TOOL_files -f" : ":";
}

std::string script(const Tool &tool) {
  std::vector<std::string> names;
  std::string values, switches, operands;
  auto addOptions = [&](const std::string &command,
                        const std::vector<Option> &options) {
    std::vector<std::string> all;
    for (const Option &option : options) {
      std::vector<std::string> flags = spellings(option.flags);
      all.insert(all.end(), flags.begin(), flags.end());
      if (option.value.empty())
        continue;
      std::string pattern;
      for (const std::string &flag : flags)
        pattern += (pattern.empty() ? "" : "|") + command + ":" + flag;
      values += "    " + pattern + ") " + offer(option.value, option.words) +
                "; return;;\n";
    }
    switches += "    " + command + ":-*) _TOOL_words \"" + joined(all, " ") +
                "\"; return;;\n";
  };
  if (!tool.options.empty())
    addOptions("", tool.options);
  for (const Command &command : tool.commands) {
    if (!command.name.empty())
      names.push_back(command.name);
    addOptions(command.name, command.options);
    operands += "    " + (command.name.empty() ? "''" : command.name) + ") " +
                offer(command.operand, command.words) +
                (command.leading.first.empty()
                     ? ""
                     : "; ((COMP_CWORD > 1)) || COMPREPLY+=($(compgen -W \"" +
                           command.leading.first + "\" -- \"$cur\"))") +
                ";;\n";
  }
  std::string text =
      "# bash completion of TOOL\n"
      "_TOOL_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }\n"
      "_TOOL_files() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  local IFS=$'\\n'\n"
      "  COMPREPLY=($(compgen $1 -- \"$cur\"))\n"
      "}\n"
      "_TOOL() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command= word\n"
      "  COMPREPLY=()\n"
      "  # --option=value comes as three words.\n"
      "  [[ $cur == = ]] && cur=\n"
      "  [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n";
  if (!names.empty())
    text += "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
            "    case $word in " +
            joined(names, "|") +
            ") command=$word; break;; esac\n"
            "  done\n";
  text += "  case $command:$prev in\n" + values + "  esac\n" +
          "  case $command:$cur in\n" + switches + "  esac\n" +
          "  case $command in\n" +
          (names.empty() ? ""
                         : "    '') _TOOL_words \"" + joined(names, " ") +
                               "\";;\n") +
          operands +
          "  esac\n"
          "}\n"
          "complete -F _TOOL TOOL " +
          tool.twin.first + "\n";
  for (size_t at = 0; (at = text.find("TOOL", at)) != text.npos;)
    text.replace(at, 4, tool.name);
  return text;
}

} // namespace

std::string bashCompletion(const std::vector<Tool> &tools) {
  std::string all;
  for (const Tool &tool : tools)
    all += script(tool);
  return all;
}

} // namespace ds::options
