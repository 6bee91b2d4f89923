// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of TinyPlan as CUDA kernels, for the emulation: an image of a
// plan. And some that do what no GPU allows.
#include "kernels/base/Launch.cuh"

using namespace ds;
using namespace ds::kernels::cuda;

namespace {

// As in test/runtime/exec/TinyPlan.cpp.
constexpr uint32_t kVocab = 16, kPageTokens = 4, kHidden = 2;
constexpr TileCount kTokens{TileCount::Tokens, 1, 1, 1, 0};
constexpr TileCount kRows{TileCount::HeadRows, 1, 1, 1, 0};

DS_DEVICE uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 31)) * 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9;
  return x ^ (x >> 32);
}

DS_DEVICE uint64_t &stateRow(const DeviceCall &call, uint32_t token,
                             uint32_t position) {
  const Batch &batch = *call.batch;
  uint32_t page =
      batch.pageTable[batch.sequenceOf[token] * batch.pagesPerSequence +
                      position / kPageTokens];
  return operand<uint64_t>(call,
                           1)[page * kPageTokens + position % kPageTokens];
}

/// Calls tile(t, i) for every tile t and thread i of a block.
template <class Tile>
DS_DEVICE void forThreads(const TileCount &count, const DeviceCall *call,
                          uint32_t threads, Tile &&tile) {
  forTiles(count, *call, [&](uint32_t t) {
    for (uint32_t i = threadIndex(); i < threads; i += blockThreads())
      tile(t, i);
  });
}

} // namespace

#define KERNEL extern "C" __attribute__((visibility("default"))) void

KERNEL tiny_embed(const DeviceCall *call) {
  forThreads(kTokens, call, 1, [&](uint32_t t, uint32_t) {
    operand<uint64_t>(*call, 0)[t] =
        mix(uint64_t(call->batch->tokenIds[t]) + 1);
  });
}

KERNEL tiny_append(const DeviceCall *call) {
  forThreads(kTokens, call, 1, [&](uint32_t t, uint32_t) {
    stateRow(*call, t, call->batch->positions[t]) = mix(
        operand<uint64_t>(*call, 0)[t] ^ *operand<const uint32_t>(*call, 2));
  });
}

KERNEL tiny_attend(const DeviceCall *call) {
  const uint32_t *w1 = operand<const uint32_t *>(*call, 2)[0];
  forThreads(kTokens, call, 1, [&](uint32_t t, uint32_t) {
    uint64_t sum = 0;
    for (uint32_t u = 0; u <= call->batch->positions[t]; ++u)
      sum += stateRow(*call, t, u) * (u + 1);
    operand<uint64_t>(*call, 0)[t] = mix(sum + *w1);
  });
}

KERNEL tiny_tap_hidden(const DeviceCall *call) {
  forThreads(kTokens, call, kHidden, [&](uint32_t t, uint32_t i) {
    operand<float>(*call, 1)[t * kHidden + i] =
        float((operand<uint64_t>(*call, 0)[t] >> (8 * i)) & 0xFF);
  });
}

KERNEL tiny_tap_experts(const DeviceCall *call) {
  forThreads(kTokens, call, 1, [&](uint32_t t, uint32_t) {
    operand<uint32_t>(*call, 1)[t] =
        uint32_t(operand<uint64_t>(*call, 0)[t] % 7);
  });
}

KERNEL tiny_head(const DeviceCall *call) {
  forThreads(kRows, call, kVocab, [&](uint32_t r, uint32_t v) {
    uint64_t value = operand<uint64_t>(*call, 0)[call->batch->rowIndex[r]];
    operand<float>(*call, 1)[r * kVocab + v] = float(mix(value + v) >> 44) / 64;
  });
}

/// Not all threads of the block meet.
KERNEL broken_barrier(const DeviceCall *) {
  if (threadIndex() != 3)
    syncBlock();
}

/// A copy from memory that was never allocated.
KERNEL broken_access(const DeviceCall *call) {
  copyAsync16(sharedMemory<uint8_t>(),
              operand<const uint8_t>(*call, 0) + (uint64_t(1) << 30), 16);
  copyAsyncCommit();
  copyAsyncWait<0>();
}
