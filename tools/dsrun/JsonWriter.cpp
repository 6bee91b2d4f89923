// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/JsonWriter.h"

namespace ds::dsrun {

void appendJsonString(std::string &out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (uint8_t(c) < 0x20 || c == 0x7F) {
      out += "\\u00";
      out += digits[uint8_t(c) >> 4];
      out += digits[uint8_t(c) & 15];
    } else
      out += c;
  }
  out += '"';
}

void JsonObject::key(std::string_view key) {
  if (members_.size() > 1)
    members_ += ", ";
  appendJsonString(members_, key);
  members_ += ": ";
}

JsonObject &JsonObject::member(std::string_view name, std::string_view text) {
  key(name);
  appendJsonString(members_, text);
  return *this;
}

JsonObject &JsonObject::member(std::string_view name, uint64_t number) {
  key(name);
  members_ += std::to_string(number);
  return *this;
}

JsonObject &JsonObject::member(std::string_view name,
                               std::span<const uint32_t> numbers) {
  key(name);
  members_ += '[';
  for (size_t i = 0; i < numbers.size(); ++i)
    members_ += (i ? ", " : "") + std::to_string(numbers[i]);
  members_ += ']';
  return *this;
}

JsonObject &JsonObject::member(std::string_view name,
                               const JsonObject &object) {
  return raw(name, object.text());
}

JsonObject &JsonObject::raw(std::string_view name, std::string_view json) {
  key(name);
  members_ += json;
  return *this;
}

} // namespace ds::dsrun
