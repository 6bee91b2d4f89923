// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/JsonWriter.h"
#include <charconv>

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

JsonObject &JsonObject::member(std::string_view name, float number) {
  key(name);
  char text[32];
  members_.append(text,
                  std::to_chars(std::begin(text), std::end(text), number).ptr);
  return *this;
}

/// An array whose items `append(item)` appends.
template <class Item, class Append>
JsonObject &JsonObject::array(std::string_view name,
                              std::span<const Item> items, Append append) {
  key(name);
  members_ += '[';
  for (const Item &item : items) {
    if (&item != items.data())
      members_ += ", ";
    append(item);
  }
  members_ += ']';
  return *this;
}

JsonObject &JsonObject::member(std::string_view name,
                               std::span<const uint32_t> numbers) {
  return array(name, numbers,
               [&](uint32_t number) { members_ += std::to_string(number); });
}

JsonObject &JsonObject::member(std::string_view name,
                               std::span<const std::string> texts) {
  return array(name, texts, [&](const std::string &text) {
    appendJsonString(members_, text);
  });
}

JsonObject &JsonObject::member(std::string_view name,
                               std::span<const JsonObject> objects) {
  return array(name, objects,
               [&](const JsonObject &object) { members_ += object.text(); });
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
