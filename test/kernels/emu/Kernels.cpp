// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/emu/Kernels.h"
#include "kernels/base/Mma.cuh"
#include "kernels/base/Tile.cuh"

namespace ds::kernels::test {

using namespace ds::kernels::cuda;

//===-- reduceRow: shuffles and barriers ----------------------------------===//

constexpr uint32_t kReduceThreads = 128;
constexpr uint32_t kReduceShared = kReduceThreads / kWarpLanes * sizeof(float);

void reduceRow(const SmallCall &call) {
  const Mistake mistake = call.mistake;
  float *partial = sharedMemory<float>();
  const auto *row = reinterpret_cast<const char *>(call.a);
  float sum = 0;
  for (uint32_t i = threadIndex() * 8; i < call.k; i += kReduceThreads * 8) {
    const Vector16 values =
        load16(row + i * sizeof(bf16) +
               (mistake == Mistake::MisalignedLoad && i == 64 ? 4 : 0));
    for (uint32_t word : values.word)
      sum = add(sum, add(lowBF16(word), highBF16(word)));
  }
  for (uint32_t mask = 16; mask != 0; mask /= 2)
    if (mistake != Mistake::LaneMask || mask != 8 || laneIndex() < 16)
      sum = add(sum, shuffleXor(sum, mask));
  syncWarp(mistake == Mistake::ForeignLaneMask ? 0xffff : kAllLanes);
  if (mistake == Mistake::BarrierDivergence && threadIndex() == 5)
    return;
  if (mistake == Mistake::SharedMemoryOverrun && threadIndex() == 0)
    partial[kReduceShared / sizeof(float)] = sum;
  if (laneIndex() == 0 &&
      (mistake != Mistake::UninitialisedRead || warpIndex() != 2))
    partial[warpIndex()] = sum;
  if (mistake != Mistake::ReadBeforeBarrier &&
      (mistake != Mistake::DivergentBranch || laneIndex() < 16))
    syncBlock();
  if (threadIndex() == 0) {
    float total = partial[0];
    for (uint32_t warp = 1; warp < kReduceThreads / kWarpLanes; ++warp)
      total = add(total, partial[warp]);
    call.d[0] = total;
  }
  namedBarrier(1, mistake == Mistake::BarrierCount ? 96 : kReduceThreads);
}

//===-- ampereTile: cp.async, ldmatrix, mma.sync --------------------------===//

constexpr uint32_t kAmpereThreads = 128;
constexpr uint32_t kAmpereK = 64; // of a stage: rows of 128 bytes
constexpr uint32_t kAmpereStage = 2 * kTile * kAmpereK * sizeof(bf16);

/// Where piece `piece` (16 bytes) of a row lies in a swizzled tile.
static uint32_t swizzled(uint32_t row, uint32_t piece) {
  return row * 128 + (piece ^ row % 8) * 16;
}

static void loadAmpere(const SmallCall &call, char *stage, uint32_t k) {
  for (uint32_t i = threadIndex(); i < kTile * 8; i += kAmpereThreads) {
    const uint32_t row = i / 8, piece = i % 8;
    const size_t at = size_t(row) * call.k + k + piece * 8;
    // Rows beyond a become 0 and are not read.
    const bool valid =
        row < call.rows || call.mistake == Mistake::OutOfBoundsTile;
    copyAsync16(stage + swizzled(row, piece), call.a + (valid ? at : 0),
                valid ? 16 : 0);
    copyAsync16(stage + kAmpereStage / 2 + swizzled(row, piece), call.b + at);
  }
}

static void multiplyAmpere(const SmallCall &call, const char *stage,
                           float (&d)[8][4]) {
  const uint32_t lane = laneIndex();
  const auto place = [&](uint32_t row, uint32_t piece) {
    if (call.mistake == Mistake::WrongSwizzle)
      return row * 128 + (piece ^ row % 4) * 16;
    return swizzled(row, piece);
  };
  for (uint32_t step = 0; step < kAmpereK / 16; ++step) {
    uint32_t a[4];
    const uint32_t row = warpIndex() * 16 + lane % 16;
    loadMatrix4(a, stage + place(row, step * 2 + lane / 16));
    for (uint32_t n = 0; n < 8; ++n) {
      uint32_t b[2];
      const uint32_t column =
          n * 8 + lane % 8 +
          (call.mistake == Mistake::MatrixOutOfBounds ? kTile : 0);
      loadMatrix2(b, stage + kAmpereStage / 2 +
                         place(column, step * 2 + lane / 8 % 2));
      mmaBF16(d[n], a, b);
    }
  }
}

/// d[4 j + i] of a thread's rows and columns, as mma and wgmma lay them out.
static void storeSums(const SmallCall &call, const float *d) {
  const uint32_t row = warpIndex() * 16 + laneIndex() / 4;
  for (uint32_t i = 0; i < 32; ++i)
    call.d[(row + i / 2 % 2 * 8) * kTile + i / 4 * 8 + laneIndex() % 4 * 2 +
           i % 2] = d[i];
}

void ampereTile(const SmallCall &call) {
  const Mistake mistake = call.mistake;
  char *tiles = sharedMemory<char>();
  float d[8][4] = {};
  const uint32_t blocks = call.k / kAmpereK;
  loadAmpere(call, tiles, 0);
  if (mistake != Mistake::MissingCopyCommit)
    copyAsyncCommit();
  for (uint32_t block = 0; block < blocks; ++block) {
    if (block + 1 < blocks)
      loadAmpere(call, tiles + (block + 1) % 2 * kAmpereStage,
                 (block + 1) * kAmpereK);
    copyAsyncCommit();
    if (mistake != Mistake::MissingCopyWait)
      copyAsyncWait<1>();
    if (mistake != Mistake::MissingCopyBarrier)
      syncBlock();
    multiplyAmpere(call, tiles + block % 2 * kAmpereStage, d);
    if (mistake != Mistake::SharedMemoryRace)
      syncBlock();
  }
  if (mistake == Mistake::ForgottenCommit)
    loadAmpere(call, tiles, 0);
  copyAsyncWait<0>();
  storeSums(call, d[0]);
}

//===-- hopperTile: TMA, mbarriers, wgmma ---------------------------------===//

constexpr uint32_t kHopperThreads = 256; // a warp group multiplies, one loads
constexpr uint32_t kStages = 2;
constexpr uint32_t kTileBytes = kTile * 128;
constexpr uint32_t kHopperShared =
    kStages * 2 * kTileBytes + kStages * 2 * sizeof(Mbarrier);

struct Ring {
  char *tiles;
  Mbarrier *full, *empty;
  char *a(uint32_t stage) const { return tiles + stage * 2 * kTileBytes; }
  char *b(uint32_t stage) const { return a(stage) + kTileBytes; }
};

static void produce(const SmallCall &call, const Ring &ring) {
  const Mistake mistake = call.mistake;
  const TensorMap *maps =
      call.maps + (mistake == Mistake::UnswizzledTile ? 2 : 0);
  if (mistake != Mistake::MissingMapAcquire) {
    tensorMapAcquire(maps);
    tensorMapAcquire(maps + 1);
  }
  for (uint32_t block = 0; block < call.k / 128; ++block) {
    const uint32_t stage = block % kStages, parity = block / kStages % 2;
    const bool planted = block == 1;
    wait(&ring.empty[stage], parity ^ 1);
    uint32_t bytes = 2 * kTileBytes;
    if (mistake == Mistake::TooManyExpectedBytes && planted)
      bytes += kTileBytes;
    if (mistake == Mistake::TooFewExpectedBytes && planted)
      bytes -= kTileBytes;
    arriveExpect(&ring.full[stage], bytes);
    loadTile(ring.a(stage), maps, &ring.full[stage], int32_t(block * 128), 0);
    if (mistake != Mistake::MissingTile || !planted)
      loadTile(ring.b(stage), maps + 1, &ring.full[stage], int32_t(block * 128),
               0);
  }
}

static void multiplyTiles(const Mistake mistake, const char *a, const char *b,
                          float (&d)[32], bool accumulate) {
  if (mistake != Mistake::MissingMmaFence)
    warpgroupFence();
  const auto first = SharedDescriptor::at(a), second = SharedDescriptor::at(b);
  for (uint32_t step = 0; step < 4; ++step)
    warpgroupMma<f8e4m3fn>(d, first.advance(step * 32),
                           second.advance(step * 32), accumulate || step != 0);
  if (mistake != Mistake::MissingMmaCommit)
    warpgroupCommit();
}

static void consume(const SmallCall &call, const Ring &ring) {
  const Mistake mistake = call.mistake;
  float d[32] = {}, touched = 0;
  for (uint32_t block = 0; block < call.k / 128; ++block) {
    const uint32_t stage = block % kStages, parity = block / kStages % 2;
    if (mistake != Mistake::MissingFullWait)
      wait(&ring.full[stage],
           parity ^ uint32_t(mistake == Mistake::WrongParity && block == 0));
    multiplyTiles(mistake, ring.a(stage), ring.b(stage), d, block != 0);
    if (mistake == Mistake::EarlySlotRelease)
      arrive(&ring.empty[stage]);
    if (mistake == Mistake::TouchedSums && block == 1)
      touched = d[0];
    if (mistake != Mistake::MissingMmaWait)
      warpgroupWait<0>();
    if (mistake != Mistake::EarlySlotRelease)
      arrive(&ring.empty[stage]);
  }
  d[0] = add(d[0], sub(touched, touched));
  storeSums(call, d);
}

void hopperTile(const SmallCall &call) {
  const Mistake mistake = call.mistake;
  Ring ring{sharedMemory<char>(), nullptr, nullptr};
  ring.full = reinterpret_cast<Mbarrier *>(ring.a(kStages));
  ring.empty = ring.full + kStages;
  if (threadIndex() == 0) {
    for (uint32_t stage = 0; stage < kStages; ++stage) {
      init(&ring.full[stage], 1);
      init(&ring.empty[stage], 128);
    }
    if (mistake != Mistake::MissingInitFence)
      fenceInit();
  }
  if (mistake != Mistake::MissingInitBarrier)
    syncBlock();
  if (warpIndex() < 4) {
    registersIncrease<232>();
    consume(call, ring);
  } else {
    registersDecrease<40>();
    if (threadIndex() == 128)
      produce(call, ring);
  }
}

//===-- stagedTile: threads store what wgmma reads ------------------------===//

constexpr uint32_t kStagedThreads = 128;

void stagedTile(const SmallCall &call) {
  char *a = sharedMemory<char>(), *b = a + kTileBytes;
  float d[32] = {};
  for (uint32_t k = 0; k < call.k; k += 128) {
    for (uint32_t i = threadIndex(); i < kTile * 8; i += kStagedThreads) {
      const uint32_t row = i / 8, piece = i % 8;
      const size_t at = size_t(row) * call.k + k + piece * 16;
      store16(a + swizzled(row, piece),
              row < call.rows ? load16(call.a8 + at) : Vector16{});
      store16(b + swizzled(row, piece), load16(call.b8 + at));
    }
    if (call.mistake != Mistake::MissingProxyFence)
      fenceProxyAsync();
    syncBlock();
    multiplyTiles(Mistake::None, a, b, d, k != 0);
    warpgroupWait<0>();
    syncBlock();
  }
  storeSums(call, d);
}

const SmallKernel kSmallKernels[4] = {
    {"reduceRow", reduceRow, kReduceThreads, kReduceShared,
     emu::Architecture::SM80},
    {"ampereTile", ampereTile, kAmpereThreads, 2 * kAmpereStage,
     emu::Architecture::SM80},
    {"hopperTile", hopperTile, kHopperThreads, kHopperShared,
     emu::Architecture::SM90a},
    {"stagedTile", stagedTile, kStagedThreads, 2 * kTileBytes,
     emu::Architecture::SM90a}};

} // namespace ds::kernels::test
