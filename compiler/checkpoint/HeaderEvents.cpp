// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/HeaderEvents.h"
#include <algorithm>

namespace ds::checkpoint {
namespace {

struct DTypeRow {
  std::string_view name;
  unsigned bits;
};
constexpr DTypeRow kDTypes[] = {
#define DTYPE(name, bits) {#name, bits},
#include "compiler/checkpoint/DTypes.def"
};

std::string allDTypes() {
  std::string names;
  for (const DTypeRow &row : kDTypes)
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

} // namespace

std::string_view nameOf(DType dtype) { return kDTypes[size_t(dtype)].name; }
unsigned bitsOf(DType dtype) { return kDTypes[size_t(dtype)].bits; }

bool HeaderEvents::failEntry(ErrorCode code, std::string what,
                             std::string found, std::string expected) {
  return fail({.code = code,
               .file = file_,
               .subject = (entry_ == "__metadata__" ? "" : "tensor ") +
                          printable(entry_) + (what.empty() ? "" : ": " + what),
               .found = std::move(found),
               .expected = std::move(expected)});
}

bool HeaderEvents::refuse(const std::string &found) {
  switch (at_) {
  case At::Top: // the first byte was '{'
  case At::Entries:
    return failEntry(ErrorCode::HeaderForm, "", found, "an object");
  case At::Metadata:
    return failEntry(ErrorCode::HeaderForm, "key \"" + metadata_.back() + "\"",
                     found, "a string");
  case At::Entry:
    if (field_ == kDType)
      return failEntry(ErrorCode::HeaderForm, "dtype", found, "a string");
    return failEntry(ErrorCode::HeaderForm,
                     field_ == kShape ? "shape" : "data_offsets", found,
                     "a list of unsigned integers");
  case At::Shape:
    return failEntry(ErrorCode::HeaderForm, "shape", found, "unsigned integer");
  case At::Offsets:
    return failEntry(ErrorCode::HeaderForm, "data_offsets", found,
                     "unsigned integer");
  }
  return false;
}

bool HeaderEvents::onUnsigned(uint64_t value) {
  if (at_ != At::Shape && at_ != At::Offsets)
    return refuse(std::to_string(value));
  if (at_ == At::Offsets && numbers_.size() == 2)
    return failEntry(ErrorCode::HeaderForm, "data_offsets",
                     "more than two numbers", "begin and end");
  if (at_ == At::Shape && numbers_.size() == kMaxRank)
    return failEntry(ErrorCode::HeaderLimit, "rank", "more dimensions",
                     "at most " + std::to_string(kMaxRank));
  numbers_.push_back(value);
  return true;
}

bool HeaderEvents::onString(std::string &value) {
  if (at_ == At::Metadata)
    return true;
  if (at_ != At::Entry || field_ != kDType)
    return refuse("\"" + value + "\" (string)");
  for (size_t i = 0; i < std::size(kDTypes); ++i)
    if (kDTypes[i].name == value) {
      tensor_.dtype = DType(i);
      return true;
    }
  return failEntry(ErrorCode::DTypeUnknown, "dtype", "\"" + value + "\"",
                   "one of " + allDTypes());
}

bool HeaderEvents::onKey(std::string &key) {
  if (at_ == At::Metadata) {
    metadata_.push_back(std::move(key));
    return true;
  }
  if (at_ == At::Entries) {
    entry_ = std::move(key);
    if (entry_.size() > kMaxNameBytes)
      return failEntry(ErrorCode::HeaderLimit, "name length",
                       std::to_string(entry_.size()),
                       "at most " + std::to_string(kMaxNameBytes));
    if (entry_.empty() || printable(entry_, entry_.size()) != entry_)
      return failEntry(ErrorCode::HeaderForm, "name",
                       entry_.empty() ? "nothing" : "a control or hidden character",
                       "printable text");
    return true;
  }
  Field field = key == "dtype"          ? kDType
                : key == "shape"        ? kShape
                : key == "data_offsets" ? kOffsets
                                        : Field(0);
  if (!field)
    return failEntry(ErrorCode::HeaderForm, "", "field \"" + key + "\"",
                     "dtype, shape and data_offsets");
  if (seen_ & field)
    return failEntry(ErrorCode::HeaderForm,
                     "field \"" + key + "\" appears twice", "", "");
  seen_ |= field;
  field_ = field;
  return true;
}

bool HeaderEvents::onBegin(bool isObject) {
  if (isObject && at_ == At::Top) {
    at_ = At::Entries;
    return true;
  }
  if (isObject && at_ == At::Entries && entry_ == "__metadata__") {
    if (std::exchange(hasMetadata_, true))
      return failEntry(ErrorCode::HeaderForm, "appears twice", "", "");
    at_ = At::Metadata;
    return true;
  }
  if (isObject && at_ == At::Entries) {
    if (tensors.size() == kMaxTensors)
      return fail({.code = ErrorCode::HeaderLimit,
                   .file = file_,
                   .subject = "tensors",
                   .found = "more",
                   .expected = "at most " + std::to_string(kMaxTensors)});
    at_ = At::Entry;
    seen_ = 0;
    return true;
  }
  if (!isObject && at_ == At::Entry && field_ != kDType) {
    at_ = field_ == kShape ? At::Shape : At::Offsets;
    numbers_.clear();
    return true;
  }
  return refuse(isObject ? "an object" : "a list");
}

bool HeaderEvents::onEnd() {
  switch (at_) {
  case At::Shape:
    tensor_.shape = numbers_;
    at_ = At::Entry;
    return true;
  case At::Offsets:
    at_ = At::Entry;
    if (numbers_.size() != 2)
      return failEntry(ErrorCode::HeaderForm, "data_offsets",
                       std::to_string(numbers_.size()) + " numbers",
                       "begin and end");
    if (numbers_[0] > numbers_[1])
      return failEntry(ErrorCode::TensorExtent, "data_offsets",
                       textOf(numbers_), "begin at or before end");
    tensor_.offset = numbers_[0];
    tensor_.bytes = numbers_[1] - numbers_[0];
    return true;
  case At::Entry:
    at_ = At::Entries;
    return finishEntry();
  case At::Metadata: {
    at_ = At::Entries;
    std::sort(metadata_.begin(), metadata_.end());
    auto twice = std::adjacent_find(metadata_.begin(), metadata_.end());
    return twice == metadata_.end() ||
           failEntry(ErrorCode::HeaderForm,
                     "key \"" + *twice + "\" appears twice", "", "");
  }
  case At::Entries:
  case At::Top:
    return true;
  }
  return true;
}

bool HeaderEvents::finishEntry() {
  for (auto [field, name] : {std::pair(kDType, "dtype"),
                             {kShape, "shape"},
                             {kOffsets, "data_offsets"}})
    if (!(seen_ & field))
      return failEntry(ErrorCode::HeaderForm,
                       std::string("field \"") + name + "\" is missing", "",
                       "");
  tensor_.name = std::move(entry_);
  tensors.push_back(std::move(tensor_));
  return true;
}

} // namespace ds::checkpoint
