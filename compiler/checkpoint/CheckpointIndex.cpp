// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/CheckpointIndex.h"
#include "compiler/checkpoint/JsonEvents.h"
#include "compiler/checkpoint/SafetensorsHeader.h"
#include <algorithm>
#include <unordered_map>

namespace ds::checkpoint {
namespace {

class IndexEvents : public JsonEvents {
public:
  explicit IndexEvents(const std::string &file) : file_(file) {}

  bool onNull() override { return scalar("null"); }
  bool onBool(bool value) override { return scalar(value ? "true" : "false"); }
  bool onUnsigned(uint64_t value) override {
    if (depth_ == 2 && section_ == "metadata" && key_ == "total_size")
      index.totalSize = value;
    return scalar(std::to_string(value));
  }
  bool onNumber(double, std::string_view spelling) override {
    return scalar(spelling);
  }
  bool onString(std::string &value) override {
    if (!inMap())
      return scalar("\"" + value + "\"");
    if (!isPlainName(value))
      return fail(
          {.code = ErrorCode::ShardName,
           .file = file_,
           .subject = "weight_map[\"" + printable(key_) + "\"]: file name",
           .found = "\"" + value + "\"",
           .expected = "a name in this folder"});
    if (index.entries.size() == kMaxTensors)
      return limit("tensors", kMaxTensors);
    auto [at, isNew] =
        numbers_.try_emplace(std::move(value), uint32_t(numbers_.size()));
    if (numbers_.size() > kMaxShards)
      return limit("shards", kMaxShards);
    index.entries.push_back({std::move(key_), at->second});
    return true;
  }
  bool onKey(std::string &key) override {
    if (depth_ == 1) {
      section_ = std::move(key);
      bool &seen = section_ == "weight_map" ? hasMap_ : hasMetadata_;
      if ((section_ == "weight_map" || section_ == "metadata") &&
          std::exchange(seen, true))
        return fail({.code = ErrorCode::JsonKeyTwice,
                     .file = file_,
                     .subject = "key \"" + section_ + "\": appears twice"});
    } else if (depth_ == 2) {
      key_ = std::move(key);
    }
    return true;
  }
  bool onBegin(bool isObject) override {
    const char *found = isObject ? "an object" : "a list";
    if (depth_ == 0 && !isObject)
      return form("the top", found, "an object");
    if (depth_ == 1 && section_ == "weight_map" && !isObject)
      return form("weight_map", found, "an object");
    if (inMap())
      return form("weight_map[\"" + printable(key_) + "\"]", found,
                  "a file name");
    ++depth_;
    return true;
  }
  bool onEnd() override {
    --depth_;
    return true;
  }

  /// After the last event: order, duplicates, emptiness.
  Status finish() {
    if (!hasMap_ || index.entries.empty())
      form("weight_map", hasMap_ ? "an empty object" : "nothing",
           "tensor names with file names");
    index.shards.resize(numbers_.size());
    for (auto &[name, number] : numbers_)
      index.shards[number] = name;
    std::vector<std::string> sorted = index.shards;
    std::sort(sorted.begin(), sorted.end());
    std::vector<uint32_t> place(sorted.size());
    for (size_t i = 0; i < place.size(); ++i)
      place[i] = uint32_t(
          std::lower_bound(sorted.begin(), sorted.end(), index.shards[i]) -
          sorted.begin());
    index.shards = std::move(sorted);
    for (IndexEntry &entry : index.entries)
      entry.shard = place[entry.shard];
    auto byName = [](const IndexEntry &a, const IndexEntry &b) {
      return std::tie(a.tensor, a.shard) < std::tie(b.tensor, b.shard);
    };
    if (!std::is_sorted(index.entries.begin(), index.entries.end(), byName))
      std::sort(index.entries.begin(), index.entries.end(), byName);
    for (size_t i = 1; i < index.entries.size(); ++i)
      if (index.entries[i].tensor == index.entries[i - 1].tensor)
        failure.add({.code = ErrorCode::JsonKeyTwice,
                     .file = file_,
                     .subject = "weight_map: key \"" +
                                printable(index.entries[i].tensor) +
                                "\": appears twice (" +
                                index.shards[index.entries[i - 1].shard] +
                                " and " + index.shards[index.entries[i].shard] +
                                ")"});
    return std::move(failure);
  }

  CheckpointIndex index;

private:
  bool inMap() const { return depth_ == 2 && section_ == "weight_map"; }
  bool form(std::string subject, std::string found, std::string expected) {
    return fail({.code = ErrorCode::IndexForm,
                 .file = file_,
                 .subject = std::move(subject),
                 .found = std::move(found),
                 .expected = std::move(expected)});
  }
  bool limit(std::string subject, uint64_t most) {
    return fail({.code = ErrorCode::IndexLimit,
                 .file = file_,
                 .subject = std::move(subject),
                 .found = "more",
                 .expected = "at most " + std::to_string(most)});
  }
  bool scalar(std::string_view found) {
    if (depth_ == 0)
      return form("the top", std::string(found), "an object");
    if (depth_ == 1 && section_ == "weight_map")
      return form("weight_map", std::string(found), "an object");
    if (inMap())
      return form("weight_map[\"" + printable(key_) + "\"]", std::string(found),
                  "a file name");
    return true;
  }

  const std::string &file_;
  unsigned depth_ = 0;
  std::string section_, key_; // the last keys at depth 1 and 2
  bool hasMap_ = false, hasMetadata_ = false;
  std::unordered_map<std::string, uint32_t> numbers_; // of shards, as met
};

} // namespace

Result<CheckpointIndex> readIndex(const InputFile &file) {
  DS_ASSIGN(std::string text, file.readAll(kMaxIndexBytes));
  IndexEvents events(file.path());
  DS_TRY(parseJson(text, file.path(), events));
  DS_TRY(events.finish());
  return std::move(events.index);
}

} // namespace ds::checkpoint
