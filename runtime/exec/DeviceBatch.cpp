// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/exec/DeviceBatch.h"
#include <algorithm>
#include <cstring>

namespace ds::rt {
namespace {

constexpr uint64_t kUnit = 16; // bytes; arrays begin at multiples

constexpr uint64_t arrayBytes(uint64_t count) {
  return (count * sizeof(uint32_t) + kUnit - 1) / kUnit * kUnit;
}
constexpr uint64_t kHeader = (sizeof(Batch) + kUnit - 1) / kUnit * kUnit;

} // namespace

uint64_t DeviceBatch::bytesFor(uint32_t maxTokens, uint32_t maxSequences,
                               uint32_t maxPages, uint32_t maxRows) {
  return kHeader + 3 * arrayBytes(maxTokens) +
         arrayBytes(uint64_t(maxSequences) + 1) +
         arrayBytes(uint64_t(maxSequences) * maxPages) + arrayBytes(maxRows);
}

Result<DeviceBatch> DeviceBatch::create(Device &device, uint64_t bytes) {
  DeviceBatch batch;
  DS_ASSIGN(batch.place_, device.allocate(bytes));
  for (std::byte *&staging : batch.staging_) {
    DS_ASSIGN(staging, device.allocateHost(bytes));
  }
  return batch;
}

Status DeviceBatch::upload(Device &device, const Batch &batch,
                           uint32_t pageTokens) {
  uint32_t slot = next_++ % staging_.size();
  if (!isRead_[slot]) {
    DS_TRY(device.synchronize());
    allRead();
  }
  std::byte *staging = staging_[slot];
  uint64_t end = kHeader;
  Batch copy = batch;
  // Where an array is put, and what kernels are told of it.
  auto place = [&](const uint32_t *&array, uint64_t count) {
    auto *to = reinterpret_cast<uint32_t *>(staging + end);
    array = reinterpret_cast<const uint32_t *>(place_ + end);
    end += arrayBytes(count);
    return to;
  };
  auto append = [&](const uint32_t *&array, uint64_t count) {
    const uint32_t *from = array;
    std::copy_n(from, count, place(array, count));
  };
  append(copy.tokenIds, batch.tokens);
  append(copy.positions, batch.tokens);
  append(copy.sequenceOf, batch.tokens);
  append(copy.firstToken, uint64_t(batch.sequences) + 1);
  append(copy.rowIndex, batch.rows);

  uint32_t reached = 1; // pages of the longest sequence
  for (uint32_t s = 0; s < batch.sequences; ++s)
    reached = std::max(
        reached, batch.positions[batch.firstToken[s + 1] - 1] / pageTokens + 1);
  copy.pagesPerSequence = reached;
  uint32_t *table = place(copy.pageTable, uint64_t(batch.sequences) * reached);
  for (uint32_t s = 0; s < batch.sequences; ++s)
    std::copy_n(batch.pageTable + uint64_t(s) * batch.pagesPerSequence, reached,
                table + uint64_t(s) * reached);
  std::memcpy(staging, &copy, sizeof copy);
  isRead_[slot] = false;
  return device.copyIn(place_, staging, end);
}

} // namespace ds::rt
