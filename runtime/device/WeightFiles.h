// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The weights a plan refers to, mapped read-only.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/plan/PlanFile.h"
#include <string>
#include <vector>

namespace ds::rt {

/// Every shard has been opened, and its size and the digest of its header are
/// those of the compile. The weight bytes are checked by verify() alone: who
/// changes them and keeps the header is not noticed otherwise.
class WeightFiles {
public:
  /// `folder` replaces the place that the plan stores, where it is not empty.
  /// `plan` must outlive this. Errors, all shards' together: ShardAbsent,
  /// ShardUnreadable (5), ShardChanged (7).
  static Result<WeightFiles> open(const PlanFile &plan,
                                  const std::string &folder = "");
  WeightFiles(WeightFiles &&) = default;

  /// First byte of a weight of the plan: of a shard at any address, of the
  /// plan itself at a multiple of 64.
  const void *address(const WeightRecord &weight) const;
  uint64_t mappedBytes() const;
  /// Reads all weights and compares their digests with WDIG. Errors:
  /// WeightDigestsAbsent (2), WeightChanged (7), all weights' together.
  Status verify() const;

private:
  /// A whole file, or the rest of a file from a page boundary on.
  class Mapping {
  public:
    Mapping() = default;
    Mapping(const uint8_t *data, uint64_t size) : data_(data), size_(size) {}
    Mapping(Mapping &&other) noexcept { *this = std::move(other); }
    Mapping &operator=(Mapping &&other) noexcept {
      std::swap(data_, other.data_);
      std::swap(size_, other.size_);
      return *this;
    }
    ~Mapping();
    const uint8_t *data() const { return data_; }
    uint64_t size() const { return size_; }

  private:
    const uint8_t *data_ = nullptr;
    uint64_t size_ = 0;
  };

  explicit WeightFiles(const PlanFile &plan) : plan_(&plan) {}
  static Result<Mapping> mapShard(const PlanView &plan,
                                  const ShardRecord &shard,
                                  const std::string &folder);
  static Result<Mapping> map(int descriptor, uint64_t offset, uint64_t size,
                             const std::string &path);

  const PlanFile *plan_;
  std::vector<Mapping> shards_; // by index in SHRD
  Mapping data_;                // DATA of the plan
};

} // namespace ds::rt
