// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/BytePairEncoder.h"
#include <algorithm>

namespace ds::rt {

BytePairEncoder::BytePairEncoder(std::span<const uint32_t> byteTokens,
                                 std::span<const MergeRecord> merges)
    : byteTokens_(byteTokens), merges_(merges) {
  uint32_t bits = 1;
  while ((size_t(1) << bits) < 2 * merges.size())
    ++bits;
  slots_.resize(size_t(1) << bits);
  shift_ = 64 - bits;
  for (uint32_t rank = 0; rank < merges.size(); ++rank) {
    Slot &slot = slotOf(merges[rank].left, merges[rank].right);
    isUnambiguous_ &= slot.rank == kNone;
    slot = {merges[rank].left, merges[rank].right, rank};
  }
}

/// The slot of a pair, or the empty one where it belongs.
BytePairEncoder::Slot &BytePairEncoder::slotOf(uint32_t left, uint32_t right) {
  uint64_t key = uint64_t(left) << 32 | right;
  size_t at = key * 0x9e3779b97f4a7c15u >> shift_; // Fibonacci hashing
  while (slots_[at].rank != kNone &&
         (slots_[at].left != left || slots_[at].right != right))
    at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

uint32_t BytePairEncoder::rankOf(uint32_t left, uint32_t right) const {
  return const_cast<BytePairEncoder *>(this)->slotOf(left, right).rank;
}

/// Looks up the pair that begins at a symbol and queues it if it can merge.
void BytePairEncoder::rankPair(Scratch &scratch, uint32_t at) const {
  Scratch::Symbol &symbol = scratch.symbols_[at];
  symbol.rank = symbol.next == kNone
                    ? kNone
                    : rankOf(symbol.id, scratch.symbols_[symbol.next].id);
  if (symbol.rank != kNone)
    scratch.queue_.push({symbol.rank, at});
}

void BytePairEncoder::encode(std::string_view piece, Scratch &scratch,
                             std::vector<uint32_t> &ids) const {
  auto &symbols = scratch.symbols_;
  auto size = uint32_t(piece.size());
  symbols.resize(std::max<size_t>(symbols.size(), size));
  scratch.queue_.restart();
  for (uint32_t i = 0; i < size; ++i)
    symbols[i] = {byteTokens_[uint8_t(piece[i])], kNone, i == 0 ? kNone : i - 1,
                  i + 1 == size ? kNone : i + 1};
  for (uint32_t i = 0; i + 1 < size; ++i)
    rankPair(scratch, i);

  while (!scratch.queue_.empty()) {
    auto [rank, at] = scratch.queue_.pop();
    Scratch::Symbol &symbol = symbols[at];
    if (symbol.rank != rank) // the pair is gone; a pair never comes back
      continue;
    Scratch::Symbol &absorbed = symbols[symbol.next];
    symbol.id = merges_[rank].result;
    symbol.next = absorbed.next;
    absorbed.rank = kNone;
    if (symbol.next != kNone)
      symbols[symbol.next].previous = at;
    rankPair(scratch, at);
    if (symbol.previous != kNone)
      rankPair(scratch, symbol.previous);
  }
  for (uint32_t at = 0; size != 0 && at != kNone; at = symbols[at].next)
    ids.push_back(symbols[at].id);
}

} // namespace ds::rt
