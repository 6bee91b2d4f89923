// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A strict JSON reader as a stream of events: valid UTF-8 without a byte-order
// mark, nothing after the value, depth at most 64, no numbers beyond double.
// Duplicate keys are visible to the receiver, which has to refuse them.
#pragma once
#include "runtime/base/Status.h"
#include <optional>
#include <string>
#include <string_view>

namespace ds::checkpoint {

constexpr unsigned kMaxJsonDepth = 64;

/// Receives one JSON value. An event returns false to stop; it has then set
/// `failure`.
class JsonEvents {
public:
  virtual ~JsonEvents() = default;
  virtual bool onNull() = 0;
  virtual bool onBool(bool value) = 0;
  /// Digits only, at most 2^64 - 1.
  virtual bool onUnsigned(uint64_t value) = 0;
  /// Every other number: negative, with point or exponent, or too large.
  virtual bool onNumber(double value, std::string_view spelling) = 0;
  virtual bool onString(std::string &value) = 0;
  virtual bool onKey(std::string &key) = 0;
  virtual bool onBegin(bool isObject) = 0; // an object or array opens
  virtual bool onEnd() = 0;                // the innermost one closes

  Status failure;

protected:
  bool fail(Error error) {
    failure.add(std::move(error));
    return false;
  }
};

/// Sends `text` to `events`. `file` is named in errors; a syntax error's place
/// is line and column, or with `firstByte` the byte `firstByte` + position.
Status parseJson(std::string_view text, const std::string &file,
                 JsonEvents &events, std::optional<uint64_t> firstByte = {});

} // namespace ds::checkpoint
