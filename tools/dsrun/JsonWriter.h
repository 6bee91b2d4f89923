// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON text on one line, written front to back.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ds::dsrun {

/// Appends `text` as a JSON string; control characters are escaped. `text` is
/// UTF-8.
void appendJsonString(std::string &out, std::string_view text);

/// An object's members in the order of the calls.
class JsonObject {
public:
  JsonObject &member(std::string_view key, std::string_view text);
  JsonObject &member(std::string_view key, uint64_t number);
  JsonObject &member(std::string_view key, float number); // finite
  JsonObject &member(std::string_view key, std::span<const uint32_t> numbers);
  JsonObject &member(std::string_view key, std::span<const std::string> texts);
  JsonObject &member(std::string_view key, std::span<const JsonObject> objects);
  JsonObject &member(std::string_view key, const JsonObject &object);
  /// `json` is JSON already.
  JsonObject &raw(std::string_view key, std::string_view json);
  /// "{…}".
  std::string text() const { return members_ + '}'; }

private:
  void key(std::string_view key);
  template <class Item, class Append>
  JsonObject &array(std::string_view key, std::span<const Item> items,
                    Append append);
  std::string members_ = "{";
};

} // namespace ds::dsrun
