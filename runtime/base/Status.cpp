// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/base/Status.h"
#include <array>

namespace ds {
namespace {

struct ErrorRow {
  ErrorCode code;
  Exit exit;
  std::string_view summary;
};
constexpr ErrorRow kRows[] = {
#define ERROR(number, name, exit, summary)                                     \
  {ErrorCode::name, Exit::exit, summary},
#include "runtime/base/Errors.def"
};

const ErrorRow &rowOf(ErrorCode code) {
  for (const ErrorRow &row : kRows)
    if (row.code == code)
      return row;
  return kRows[0];
}

/// Length of the well-formed UTF-8 character at the start of `text` (Unicode
/// 15, table 3-7), or 0.
size_t characterLength(std::string_view text) {
  auto byte = [&](size_t i) { return uint8_t(text[i]); };
  auto tail = [&](size_t i, uint8_t low = 0x80, uint8_t high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  uint8_t first = byte(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    uint8_t low = first == 0xE0 ? 0xA0 : 0x80;
    uint8_t high = first == 0xED ? 0x9F : 0xBF;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    uint8_t low = first == 0xF0 ? 0x90 : 0x80;
    uint8_t high = first == 0xF4 ? 0x8F : 0xBF;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// Marks that reorder or hide text: U+200B-200F, U+202A-202E, U+2060-206F,
/// U+FEFF, and the C1 controls.
bool isHidden(std::string_view character) {
  if (character.size() == 2) // C1 controls, the Arabic letter mark
    return (character[0] == '\xC2' && uint8_t(character[1]) < 0xA0) ||
           character == "\xD8\x9C";
  if (character == "\xEF\xBB\xBF")
    return true;
  if (character.size() != 3 || character[0] != '\xE2')
    return false;
  uint8_t second = uint8_t(character[1]), third = uint8_t(character[2]);
  return (second == 0x80 && ((third >= 0x8B && third <= 0x8F) ||
                             (third >= 0xAA && third <= 0xAE))) ||
         (second == 0x81 && third >= 0xA0 && third <= 0xAF);
}

void appendEscaped(std::string &out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (char c : bytes) {
    out += "\\x";
    out += digits[uint8_t(c) >> 4];
    out += digits[uint8_t(c) & 15];
  }
}

} // namespace

Exit exitOf(ErrorCode code) { return rowOf(code).exit; }
std::string_view summaryOf(ErrorCode code) { return rowOf(code).summary; }
std::string nameOf(ErrorCode code) {
  return "E" + std::to_string(unsigned(code));
}

std::string printable(std::string_view text, size_t limit) {
  std::string out;
  size_t characters = 0;
  while (!text.empty()) {
    if (characters++ == limit)
      return out + "…";
    size_t length = characterLength(text);
    std::string_view character = text.substr(0, length ? length : 1);
    text.remove_prefix(character.size());
    if (character == "\n")
      out += "\\n";
    else if (!length || uint8_t(character[0]) < 0x20 || character[0] == 0x7F ||
             isHidden(character))
      appendEscaped(out, character);
    else
      out += character;
  }
  return out;
}

std::string Error::message() const {
  std::string line = "error[" + nameOf(code) + "]: ";
  if (!file.empty())
    line += printable(file, 1024);
  if (!where.empty())
    line += (file.empty() ? "" : ":") + printable(where, 1024);
  if (!file.empty() || !where.empty())
    line += ": ";
  if (!subject.empty())
    line += printable(subject, 400);
  if (!found.empty())
    line += (subject.empty() ? "found " : ": found ") + printable(found);
  if (!expected.empty())
    line += ", expected " + printable(expected);
  return line;
}

void Status::add(Error error) {
  if (!errors_)
    errors_ = std::make_unique<std::vector<Error>>();
  errors_->push_back(std::move(error));
}

void Status::add(Status other) {
  if (other.errors_)
    for (Error &error : *other.errors_)
      add(std::move(error));
}

const std::vector<Error> &Status::errors() const {
  static const std::vector<Error> none;
  return errors_ ? *errors_ : none;
}

Exit Status::exit() const {
  return errors_ ? exitOf(errors_->front().code) : Exit::Success;
}

std::string Status::text(std::string_view tool) const {
  constexpr size_t shown = 20;
  std::string out;
  for (size_t i = 0; i < errors().size(); ++i) {
    if (i == shown) {
      out += std::string(tool) + ": and " +
             std::to_string(errors().size() - shown) + " more\n";
      break;
    }
    const Error &error = errors()[i];
    out += std::string(tool) + ": " + error.message() + "\n";
    for (const std::string &note : error.notes)
      out += "note: " + printable(note, 400) + "\n";
    if (!error.help.empty())
      out += "help: " + printable(error.help, 400) + "\n";
  }
  return out;
}

} // namespace ds
