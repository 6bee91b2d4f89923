// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Collects a safetensors header's entries from JSON events: the form of every
// entry is checked here, ranges and sizes by the caller. Private to
// SafetensorsHeader.cpp.
#pragma once
#include "compiler/checkpoint/JsonEvents.h"
#include "compiler/checkpoint/SafetensorsHeader.h"

namespace ds::checkpoint {

class HeaderEvents : public JsonEvents {
public:
  explicit HeaderEvents(const std::string &file) : file_(file) {}

  bool onNull() override { return refuse("null"); }
  bool onBool(bool value) override { return refuse(value ? "true" : "false"); }
  bool onUnsigned(uint64_t value) override;
  bool onNumber(double, std::string_view spelling) override {
    return refuse(std::string(spelling));
  }
  bool onString(std::string &value) override;
  bool onKey(std::string &key) override;
  bool onBegin(bool isObject) override;
  bool onEnd() override;

  /// Offsets are still relative to the data; `bytes` holds end - begin.
  std::vector<HeaderTensor> tensors;

private:
  enum class At { Top, Entries, Metadata, Entry, Shape, Offsets };
  enum Field : unsigned { kDType = 1, kShape = 2, kOffsets = 4 };

  /// The value just seen is of a wrong type for its place.
  bool refuse(const std::string &found);
  bool failEntry(ErrorCode code, std::string what, std::string found,
                 std::string expected);
  bool finishEntry();

  const std::string &file_;
  At at_ = At::Top;
  std::string entry_;                 // key of the entry being read
  HeaderTensor tensor_;               // the entry being read
  std::vector<uint64_t> numbers_;     // of the shape or offsets being read
  std::vector<std::string> metadata_; // its keys, to find duplicates
  bool hasMetadata_ = false;
  unsigned seen_ = 0; // fields of the entry
  Field field_ = kDType;
};

} // namespace ds::checkpoint
