// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/terminal/Color.h"
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ds::terminal {
namespace {

std::string_view variable(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}
bool isSet(const char *name) {
  return !variable(name).empty() && variable(name) != "0";
}
bool isDumb() { return variable("TERM") == "dumb"; }

/// Colours `mark` where the line begins with `before` and it.
std::string marked(std::string_view line, size_t begin, size_t end,
                   Style style) {
  std::string out(line.substr(0, begin));
  out += styled(line.substr(begin, end - begin), style, true);
  return out += line.substr(end);
}

} // namespace

std::optional<ColorChoice> colorChoice(std::string_view word) {
  if (word == "auto")
    return ColorChoice::Auto;
  if (word == "always")
    return ColorChoice::Always;
  if (word == "never")
    return ColorChoice::Never;
  return std::nullopt;
}

bool usesColor(ColorChoice choice, int descriptor) {
  if (choice != ColorChoice::Auto)
    return choice == ColorChoice::Always;
  if (!variable("NO_COLOR").empty())
    return false;
  if (isSet("CLICOLOR_FORCE") || isSet("FORCE_COLOR"))
    return true;
  return !isDumb() && ::isatty(descriptor);
}

bool canRedraw(int descriptor) { return !isDumb() && ::isatty(descriptor); }

unsigned columns(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col)
    return size.ws_col;
  return 80;
}

std::string styled(std::string_view text, Style style, bool color) {
  constexpr const char *codes[] = {"1", "2", "1;31", "32", "33", "36"};
  if (!color)
    return std::string(text);
  return "\x1b[" + std::string(codes[size_t(style)]) + "m" +
         std::string(text) + "\x1b[0m";
}

std::string statusText(const Status &status, std::string_view tool,
                       bool color) {
  std::string text = status.text(tool);
  if (!color)
    return text;
  std::string out;
  std::string begin = std::string(tool) + ": error[";
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    std::string_view line = std::string_view(text).substr(at, end - at);
    if (line.starts_with(begin))
      out += marked(line, tool.size() + 2, line.find("]:") + 2, Style::Red);
    else if (line.starts_with("note:") || line.starts_with("help:"))
      out += marked(line, 0, 5, Style::Cyan);
    else
      out += line;
    at = end;
  }
  return out;
}

} // namespace ds::terminal
