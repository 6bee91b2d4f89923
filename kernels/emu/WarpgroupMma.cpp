// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// wgmma. The four warps of a warp group compute 16 rows each and do not wait
// for each other; that all did the same is checked when the block ends. With
// effects that are late, operands are read and sums are written in
// warpgroupWait; until then the registers hold NaN.
#include "kernels/emu/Block.h"
#include "kernels/emu/Device.h"
#include "kernels/emu/MatrixModel.h"
#include "kernels/emu/Sanitizers.h"
#include <algorithm>
#include <cstring>
#include <limits>

namespace ds::emu {

constexpr uint32_t kWarpsOfGroup = 4;
constexpr uint32_t kStepBytes = 32; // of k that one instruction takes

namespace {

/// A matrix descriptor (PTX ISA, "Matrix descriptor format").
struct Matrix {
  uint32_t start;  // shared address
  uint32_t stride; // bytes from 8 rows to the next 8
  uint32_t swizzle;

  explicit Matrix(uint64_t bits)
      : start(uint32_t(bits & 0x3fff) << 4),
        stride(uint32_t(bits >> 32 & 0x3fff) << 4), swizzle(bits >> 62) {}
  /// Where 16 bytes at `k` of a row lie: the swizzle mixes address bits 7 .. 9
  /// into bits 4 .. 6.
  uint32_t at(uint32_t row, uint32_t k) const {
    const uint32_t address = start + row / 8 * stride + row % 8 * 128 + k;
    return address ^ (address >> 3 & 0x70);
  }
};

void check(Block &block, const Matrix &matrix, uint32_t rows) {
  if (matrix.swizzle != 1)
    block.fail("warpgroupMma: only the 128-byte swizzle is emulated");
  const size_t end =
      matrix.start / 128 * 128 + (rows / 8 - 1) * matrix.stride + 1024;
  if (end > block.sharedBytes)
    block.fail("warpgroupMma: the tile of ", rows, " rows at shared memory + ",
               matrix.start, " ends outside its ", block.sharedBytes, " bytes");
}

/// Tells sanitizers that the rows of a tile are read.
void noteTile(const Block &block, const Matrix &matrix, uint32_t firstRow,
              uint32_t rows) {
  for (uint32_t row = firstRow; row < firstRow + rows; ++row)
    for (uint32_t k = 0; k < kStepBytes; k += 16)
      noteRead(block.shared + matrix.at(row, k), 16);
}

void noteOperands(const Block &block, uint32_t warp, const WarpMma &mma) {
#ifdef DS_EMU_TSAN
  noteTile(block, Matrix(mma.a), warp % kWarpsOfGroup * 16, 16);
  noteTile(block, Matrix(mma.b), 0, mma.registers * 2);
#else
  (void)block, (void)warp, (void)mma, (void)noteTile;
#endif
}

template <class Code>
void multiply(const Block &block, uint32_t warp, const WarpMma &mma,
              float *values) {
  constexpr uint32_t kProducts = kStepBytes / sizeof(Code);
  const char *memory =
      block.asyncView.empty() ? block.shared : block.asyncView.data();
  const Matrix a(mma.a), b(mma.b);
  const auto read = [&](Code *to, const Matrix &matrix, uint32_t row) {
    for (uint32_t k = 0; k < kStepBytes; k += 16)
      std::memcpy(reinterpret_cast<char *>(to) + k, memory + matrix.at(row, k),
                  16);
  };
  Factors factors;
  Code rows[16][kProducts], columns[8][kProducts];
  for (uint32_t row = 0; row < 16; ++row)
    read(rows[row], a, warp % kWarpsOfGroup * 16 + row);
  factors.setA(rows);
  const bool steepA = factors.steep;
  const SumModel model =
      mma.f8 ? sumModelF8(*block.options) : sumModelBF16(*block.options);
  for (uint32_t block8 = 0; block8 < mma.registers / 4; ++block8) {
    for (uint32_t column = 0; column < 8; ++column)
      read(columns[column], b, block8 * 8 + column);
    factors.steep = steepA;
    factors.setB(columns);
    alignas(32) float d[16][8];
    // Value i of a lane's four: row lane / 4 + 8 (i / 2), column as in mma.
    const auto place = [&](uint32_t lane, uint32_t i) -> float & {
      return d[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
    };
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      for (uint32_t i = 0; i < 4; ++i)
        place(lane, i) =
            mma.accumulate ? values[lane * mma.registers + block8 * 4 + i] : 0;
    dotAdd(d, factors, kProducts, model);
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      for (uint32_t i = 0; i < 4; ++i)
        values[lane * mma.registers + block8 * 4 + i] = place(lane, i);
  }
}

/// Counts an instruction for the comparison of the four warps.
void remember(WarpgroupState &state, Collective kind, uint64_t what) {
  ++state.instructions;
  state.history = (state.history ^ uint64_t(kind) ^ what) * 0x100000001b3;
}

WarpgroupState &begin(Block &block, const char *name) {
  const uint32_t warp = block.running->index / kLanes;
  if (block.options->architecture != Architecture::SM90a)
    block.fail(name, ": only sm_90a has this instruction");
  if (warp / kWarpsOfGroup * kWarpsOfGroup + kWarpsOfGroup >
      block.threadCount / kLanes)
    block.fail(name, ": warp ", warp, " belongs to no whole warp group");
  return block.warps[warp].warpgroup;
}

} // namespace

void Block::perform(Warp &warp, uint32_t warpIndex, const WarpMma &mma) {
  Sums &sums = warp.warpgroup.sums[mma.sums];
  if (mma.f8)
    multiply<uint8_t>(*this, warpIndex, mma, sums.values.data());
  else
    multiply<uint16_t>(*this, warpIndex, mma, sums.values.data());
  if (--sums.users != 0)
    return;
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    std::memcpy(sums.d[lane], sums.values.data() + lane * mma.registers,
                mma.registers * sizeof(float));
}

/// The sums that the lanes' registers belong to; makes them if nothing is in
/// flight there.
static uint32_t findSums(WarpgroupState &state, const Slot *slots,
                         uint32_t registers) {
  size_t index = 0;
  for (; index < state.sums.size(); ++index)
    if (state.sums[index].users && state.sums[index].d[0] == slots[0].d)
      return uint32_t(index);
  for (index = 0; index < state.sums.size(); ++index)
    if (!state.sums[index].users)
      break;
  if (index == state.sums.size())
    state.sums.emplace_back();
  Sums &sums = state.sums[index];
  sums.values.resize(size_t(kLanes) * registers);
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    sums.d[lane] = slots[lane].d;
    float *d = slots[lane].d;
    std::memcpy(sums.values.data() + size_t(lane) * registers, d,
                registers * sizeof(float));
    std::fill_n(d, registers, std::numeric_limits<float>::quiet_NaN());
  }
  return uint32_t(index);
}

void warpgroupMma(float *d, uint32_t registers, uint64_t a, uint64_t b,
                  bool accumulate, bool f8) {
  const Quiet quiet;
  Block &block = *currentBlock;
  WarpgroupState &state = begin(block, "warpgroupMma");
  const uint32_t index = block.running->index / kLanes;
  // The lanes of a warp issue together: what each wrote before is seen.
  release(&state.edges[0]);
  block.meet(
      Collective::WarpgroupMma, kFullMask,
      [&](Slot &slot) {
        slot.d = d;
        slot.value = registers << 2 | uint32_t(accumulate) << 1 | f8;
        slot.descriptors[0] = a;
        slot.descriptors[1] = b;
      },
      [&](Slot *slots) {
        for (uint32_t lane = 1; lane < kLanes; ++lane)
          if (slots[lane].value != slots[0].value ||
              std::memcmp(slots[lane].descriptors, slots[0].descriptors, 16))
            block.fail("warpgroupMma: lanes disagree about the operands");
        if (!state.fenced)
          block.fail("warpgroupMma: no warpgroupFence since the registers "
                     "could be touched");
        check(block, Matrix(a), 64);
        check(block, Matrix(b), registers * 2);
        remember(state, Collective::WarpgroupMma,
                 a * 31 ^ b ^ uint64_t(slots[0].value) << 40);
        WarpMma mma{a, b, registers, accumulate, f8, 0, false};
        mma.sums = findSums(state, slots, registers);
        ++state.sums[mma.sums].users;
        acquire(&state.edges[0]);
        noteOperands(block, index, mma);
        // Order among multiplications of the same sums is kept.
        const bool late = state.sums[mma.sums].users > 1;
        if (!late && block.atOnce()) {
          block.perform(block.warps[index], index, mma);
          mma.done = true;
        }
        state.open.push_back(mma);
      });
}

void warpgroupFence() {
  const Quiet quiet;
  WarpgroupState &state = begin(*currentBlock, "warpgroupFence");
  currentBlock->meet(
      Collective::WarpgroupFence, kFullMask, [](Slot &) {},
      [&](Slot *) {
        state.fenced = true;
        remember(state, Collective::WarpgroupFence, 0);
      });
}

void warpgroupCommit() {
  const Quiet quiet;
  WarpgroupState &state = begin(*currentBlock, "warpgroupCommit");
  currentBlock->meet(
      Collective::WarpgroupCommit, kFullMask, [](Slot &) {},
      [&](Slot *) {
        state.groups.push_back(std::move(state.open));
        state.open.clear();
        remember(state, Collective::WarpgroupCommit, 0);
      });
}

void warpgroupWait(uint32_t groups) {
  const Quiet quiet;
  Block &block = *currentBlock;
  WarpgroupState &state = begin(block, "warpgroupWait");
  const uint32_t index = block.running->index / kLanes;
  block.maybeYield();
  block.meet(
      Collective::WarpgroupWait, kFullMask,
      [&](Slot &slot) { slot.value = groups; },
      [&](Slot *) {
        while (state.groups.size() > groups) {
          for (const WarpMma &mma : state.groups.front()) {
            // Until here the tiles may be read, even if they have been.
            noteOperands(block, index, mma);
            if (!mma.done)
              block.perform(block.warps[index], index, mma);
          }
          state.groups.pop_front();
        }
        state.fenced = false;
        remember(state, Collective::WarpgroupWait, groups);
        release(&state.edges[1]);
      });
  // The reads of all lanes' multiplications are over.
  acquire(&state.edges[1]);
}

void registers(uint32_t perThread) {
  const Quiet quiet;
  Block &block = *currentBlock;
  WarpgroupState &state = block.warps[block.running->index / kLanes].warpgroup;
  block.meet(
      Collective::Registers, kFullMask, [](Slot &) {},
      [&](Slot *) { remember(state, Collective::Registers, perThread); });
}

} // namespace ds::emu
