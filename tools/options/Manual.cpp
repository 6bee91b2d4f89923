// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/options/Manual.h"
#include "tools/options/ExitMeaning.h"
#include "tools/options/NearMiss.h"
#include <algorithm>

namespace ds::options {
namespace {

/// Those that the tools have today.
constexpr Exit kStatuses[] = {
    Exit::Success,     Exit::Internal,    Exit::Usage, Exit::Invalid,
    Exit::Unsupported, Exit::InputOutput, Exit::Limit, Exit::Rejected,
    Exit::Unfit,       Exit::Numerical};

/// Text that roff leaves alone: no line begins with a control character.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
      out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + plain(text) + "\\fR";
}

void appendItem(std::string &page, const std::string &tag,
                std::string_view text) {
  page += ".TP\n" + tag + "\n" + plain(text) + "\n";
}

void appendOptions(std::string &page, const std::vector<Option> &list) {
  for (const Option &option : list) {
    std::string tag;
    for (const std::string &spelling : spellings(option.flags))
      tag += (tag.empty() ? "" : ", ") + bold(spelling);
    if (!option.value.empty())
      tag += " \\fI" + plain(option.value) + "\\fR";
    appendItem(page, tag, option.help);
  }
}

std::string synopsis(const Tool &tool, const Command &command) {
  std::string line = bold(tool.name);
  if (!command.name.empty())
    line += " " + bold(command.name);
  if (!command.operand.empty())
    line += " \\fI" + plain(command.operand) + "\\fR";
  return line + " [\\fIoptions\\fR]";
}

/// The same with the word that may lead it.
std::string leadingSynopsis(const Tool &tool, Command command) {
  command.name = command.leading.first;
  return synopsis(tool, command);
}

} // namespace

std::string manualPage(const Tool &tool) {
  std::string upper = tool.name;
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
  });
  std::string page = ".TH " + upper + " 1 \"\" \"" + tool.name + " " +
                     tool.version + "\" \"User commands\"\n.SH NAME\n" +
                     plain(tool.name) + " \\- " + plain(tool.summary) +
                     "\n.SH SYNOPSIS\n";
  for (const Command &command : tool.commands) {
    page += synopsis(tool, command) + "\n.br\n";
    if (!command.leading.first.empty())
      page += leadingSynopsis(tool, command) + "\n.br\n";
  }
  for (const Command &command : tool.commands) {
    if (command.name.empty()) {
      page += ".SH OPTIONS\n";
    } else {
      page += command.name == tool.commands[0].name ? ".SH COMMANDS\n" : "";
      page += ".SS " + synopsis(tool, command) + "\n" +
              plain(command.summary) + "\n";
    }
    if (!command.operand.empty())
      appendItem(page, "\\fI" + plain(command.operand) + "\\fR",
                 command.operandText);
    if (!command.leading.first.empty())
      appendItem(page, bold(command.leading.first), command.leading.second);
    appendOptions(page, command.options);
  }
  if (!tool.options.empty()) {
    page += ".SH OPTIONS WITHOUT A COMMAND\n";
    appendOptions(page, tool.options);
  }
  page += ".SH EXIT STATUS\n";
  for (Exit status : kStatuses)
    appendItem(page, bold(std::to_string(unsigned(status))),
               meaningOf(status));
  appendItem(page, bold("130, 143"), "stopped by SIGINT or SIGTERM");
  page += ".SH ENVIRONMENT\n";
  for (auto &[name, text] : tool.environment)
    appendItem(page, bold(name), text);
  page += ".SH EXAMPLES\n";
  for (auto &[line, text] : tool.examples)
    page += plain(text) + "\n.PP\n.EX\n  " + plain(line) + "\n.EE\n.PP\n";
  page += ".SH SEE ALSO\n" +
          std::string(tool.name == "dsc" ? "\\fBdsrun\\fR(1)"
                                         : "\\fBdsc\\fR(1)") +
          "; \\fBdsc explain\\fR \\fICODE\\fR says what an error means\n";
  if (!tool.twin.first.empty())
    page += ".PP\n" + bold(tool.twin.first) + ": " + plain(tool.twin.second) +
            "\n";
  return page;
}

} // namespace ds::options
