// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Byte-pair encoding of one piece: bytes become tokens, then the adjacent pair
// of lowest rank, the leftmost of them, is merged until no pair has a rank.
#pragma once
#include "runtime/plan/TokenizerRecords.h"
#include "runtime/text/MergeQueue.h"
#include <span>
#include <string_view>
#include <vector>

namespace ds::rt {

class BytePairEncoder {
public:
  /// Memory that encode() works in, kept between pieces; one per caller.
  class Scratch {
    friend class BytePairEncoder;
    struct Symbol {
      uint32_t id;
      uint32_t rank;           // of the pair that begins here
      uint32_t previous, next; // by index; kNone at the ends
    };
    std::vector<Symbol> symbols_;
    MergeQueue queue_;
  };

  BytePairEncoder() = default;
  /// Borrows both tables; every id in them is below kMaxTokens.
  BytePairEncoder(std::span<const uint32_t> byteTokens,
                  std::span<const MergeRecord> merges);

  /// False when two merges are of one pair: the tables are then unusable.
  bool isUnambiguous() const { return isUnambiguous_; }

  /// Appends the ids of a piece below 4 GiB. O(n log n) for n bytes.
  void encode(std::string_view piece, Scratch &scratch,
              std::vector<uint32_t> &ids) const;

private:
  static constexpr uint32_t kNone = 0xffffffff;
  struct Slot {
    uint32_t left = kNone, right = kNone, rank = kNone;
  };

  Slot &slotOf(uint32_t left, uint32_t right);
  uint32_t rankOf(uint32_t left, uint32_t right) const;
  void rankPair(Scratch &scratch, uint32_t at) const;

  std::span<const uint32_t> byteTokens_;
  std::span<const MergeRecord> merges_;
  std::vector<Slot> slots_; // open addressing, a power of two, half full
  uint32_t shift_ = 63;     // a hash's top bits are a slot
  bool isUnambiguous_ = true;
};

} // namespace ds::rt
