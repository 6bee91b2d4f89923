// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A small JSON file as a tree. For config files; large files are read as
// events.
#pragma once
#include "compiler/checkpoint/OpenFile.h"

namespace ds::checkpoint {

struct JsonValue {
  enum class Kind { Null, Bool, Unsigned, Number, String, Array, Object };
  Kind kind = Kind::Null;
  bool boolean = false;
  uint64_t integer = 0;  // Unsigned
  double number = 0;     // Unsigned and Number
  std::string text = {}; // String; the spelling of a Number
  // Of an array or object, in the file's order; keys: of an object's items.
  std::vector<JsonValue> items = {};
  std::vector<std::string> keys = {}; // all different

  /// Null pointer when the key is absent or this is no object.
  const JsonValue *find(std::string_view key) const;
  /// As an error shows it: `"61" (string)`, `61`, `an object`.
  std::string describe() const;
};

/// The tree of a file of at most `limit` bytes; its top must be an object.
/// FileTooLarge, JsonSyntax, JsonDepth, JsonKeyTwice.
Result<JsonValue> readJsonObject(const InputFile &file, uint64_t limit);

} // namespace ds::checkpoint
