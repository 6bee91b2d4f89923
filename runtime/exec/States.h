// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What sequences remember: pages of a pool, and who owns which.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/device/Memory.h"
#include "runtime/plan/PlanView.h"
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ds::rt {

/// A sequence of a session; its number is free again once it is removed.
using SequenceId = uint32_t;

/// All states of a session. A state is [layers][pages][pageTokens][rowBytes];
/// page p belongs to the same sequence in every state and layer. A freed page
/// keeps its bytes, and no row is read before its new owner has written it.
class States {
public:
  /// Allocates exactly the budget's `state` bytes.
  static Result<States> create(const PlanView &plan);
  /// For `memory` of so many bytes, a device's, that outlives this.
  static States in(std::byte *memory, const PlanView &plan);

  /// Pages that `tokens` rows need.
  uint32_t pagesFor(uint32_t tokens) const;
  uint32_t freePages() const { return uint32_t(freePages_.size()); }
  uint32_t numPages() const { return numPages_; }
  uint32_t maxSequences() const { return maxSequences_; }
  /// Sequences that can still be added, whatever their pages.
  uint32_t freeSequences() const { return uint32_t(freeIds_.size()); }

  /// Reserves the pages of a sequence of up to `maxTokens` tokens. Errors:
  /// more than the plan's context, too few free pages or sequences (status 6).
  Result<SequenceId> add(uint32_t maxTokens);
  void remove(SequenceId id);

  /// Tokens that the sequence has, and can have.
  uint32_t length(SequenceId id) const { return sequences_[id].length; }
  uint32_t maxTokens(SequenceId id) const { return sequences_[id].maxTokens; }
  void advance(SequenceId id, uint32_t tokens) {
    sequences_[id].length += tokens;
  }
  /// In order of position: token t lies in page pages(id)[t / pageTokens].
  std::span<const uint32_t> pages(SequenceId id) const;

  /// Page 0 of layer 0, and the bytes from one layer to the next.
  std::byte *data(uint32_t state) const { return first_ + at_[state]; }
  uint64_t layerBytes(uint32_t state) const { return layerBytes_[state]; }
  uint64_t bytes() const { return bytes_; }

private:
  struct Sequence {
    uint32_t length = 0, maxTokens = 0, pages = 0;
  };
  uint32_t context_ = 0, pageTokens_ = 0, numPages_ = 0, maxSequences_ = 0;
  Memory memory_;              // none with memory from elsewhere
  std::byte *first_ = nullptr; // of the states' bytes
  uint64_t bytes_ = 0;
  std::vector<uint64_t> at_, layerBytes_; // by state
  std::vector<uint32_t> freePages_;       // a stack, lowest page on top
  std::vector<SequenceId> freeIds_;       // likewise
  std::vector<Sequence> sequences_;       // by id
  std::vector<uint32_t> table_;           // [maxSequences][numPages]
};

} // namespace ds::rt
