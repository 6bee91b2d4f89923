// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/States.h"
#include <algorithm>
#include <cassert>

namespace ds::rt {

Result<States> States::create(const PlanView &plan) {
  DS_ASSIGN(Memory memory, Memory::allocate(plan.budget[0].state));
  States states = in(memory.data(), plan);
  states.memory_ = std::move(memory);
  return states;
}

States States::in(std::byte *memory, const PlanView &plan) {
  const ModelRecord &model = plan.model[0];
  States states;
  states.context_ = model.context;
  states.pageTokens_ = model.pageTokens;
  states.numPages_ = states.pagesFor(model.context);
  states.maxSequences_ = std::min(model.decodeTokens, states.numPages_);
  states.first_ = memory;
  for (const StateRecord &state : plan.states) {
    uint64_t layer =
        uint64_t(states.numPages_) * model.pageTokens * state.rowBytes;
    states.at_.push_back(states.bytes_);
    states.layerBytes_.push_back(layer);
    states.bytes_ += layer * state.layers;
  }
  for (uint32_t page = states.numPages_; page-- > 0;)
    states.freePages_.push_back(page);
  for (SequenceId id = states.maxSequences_; id-- > 0;)
    states.freeIds_.push_back(id);
  states.sequences_.resize(states.maxSequences_);
  states.table_.resize(size_t(states.maxSequences_) * states.numPages_);
  return states;
}

uint32_t States::pagesFor(uint32_t tokens) const {
  return uint32_t((uint64_t(tokens) + pageTokens_ - 1) / pageTokens_);
}

Result<SequenceId> States::add(uint32_t maxTokens) {
  auto full = [](ErrorCode code, std::string subject, uint32_t found,
                 uint32_t limit) {
    return Error{.code = code,
                 .subject = std::move(subject),
                 .found = std::to_string(found),
                 .expected = "at most " + std::to_string(limit)};
  };
  if (maxTokens > context_)
    return full(ErrorCode::ContextExceeded, "tokens of a sequence", maxTokens,
                context_);
  uint32_t pages = pagesFor(maxTokens);
  if (pages > freePages())
    return full(ErrorCode::StateExhausted, "pages of a sequence", pages,
                freePages());
  if (freeIds_.empty())
    return full(ErrorCode::StateExhausted, "sequences at once",
                maxSequences_ + 1, maxSequences_);
  SequenceId id = freeIds_.back();
  freeIds_.pop_back();
  sequences_[id] = {.length = 0, .maxTokens = maxTokens, .pages = pages};
  for (uint32_t i = 0; i < pages; ++i) {
    table_[size_t(id) * numPages_ + i] = freePages_.back();
    freePages_.pop_back();
  }
  return id;
}

void States::remove(SequenceId id) {
  for (uint32_t page : pages(id))
    freePages_.push_back(page);
  assert(freePages_.size() <= numPages_ && "a sequence was removed twice");
  sequences_[id] = {};
  freeIds_.push_back(id);
}

std::span<const uint32_t> States::pages(SequenceId id) const {
  return {table_.data() + size_t(id) * numPages_, sequences_[id].pages};
}

} // namespace ds::rt
