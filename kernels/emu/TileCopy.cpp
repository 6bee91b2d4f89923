// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tile loads by tensor maps, and what of shared memory they and wgmma see.
#include "kernels/emu/Block.h"
#include "kernels/emu/Device.h"
#include "kernels/emu/Sanitizers.h"
#include <algorithm>
#include <cstring>

namespace ds::emu {

constexpr uint32_t kMaxBox = 256;     // elements along a side
constexpr uint32_t kSwizzleRow = 128; // bytes
constexpr uint32_t kPiece = 16;       // bytes that a swizzle moves together
constexpr uint32_t kSwizzleAlign = 1024;

std::string encodeTensorMap(TensorMap &to, EmulatedMap map) {
  const uint64_t boxBytes = uint64_t(map.boxColumns) * map.elementBytes;
  if (reinterpret_cast<uintptr_t>(map.base) % 16 != 0)
    return "the matrix is not aligned to 16 bytes";
  if (map.pitch % 16 != 0 || map.pitch < map.columns * map.elementBytes)
    return "a pitch of " + std::to_string(map.pitch) + " bytes";
  if (map.columns == 0 || map.rows == 0 || map.columns >> 32 || map.rows >> 32)
    return "a matrix of " + std::to_string(map.rows) + " x " +
           std::to_string(map.columns);
  if (map.boxColumns == 0 || map.boxColumns > kMaxBox || map.boxRows == 0 ||
      map.boxRows > kMaxBox || boxBytes % kPiece != 0 ||
      (map.swizzled && boxBytes != kSwizzleRow))
    return "a box of " + std::to_string(map.boxRows) + " x " +
           std::to_string(map.boxColumns);
  map.mark = kMapMark;
  std::memset(&to, 0, sizeof to);
  std::memcpy(&to, &map, sizeof map);
  return {};
}

void tensorMapAcquire(const void *map) {
  const Quiet quiet;
  Block &block = *currentBlock;
  auto &known = block.running->acquiredMaps;
  if (std::find(known.begin(), known.end(), map) == known.end())
    known.push_back(map);
}

void loadTile(void *shared, const void *map, uint64_t *barrier, int32_t column,
              int32_t row) {
  const Quiet quiet;
  Block &block = *currentBlock;
  if (block.options->architecture < Architecture::SM90a)
    block.fail("loadTile: not on this architecture");
  TileCopy copy;
  std::memcpy(&copy.map, map, sizeof copy.map);
  if (reinterpret_cast<uintptr_t>(map) % 64 != 0 || copy.map.mark != kMapMark)
    block.fail("loadTile: there is no tensor map at ", map);
  const auto &known = block.running->acquiredMaps;
  if (std::find(known.begin(), known.end(), map) == known.end())
    block.fail("loadTile: this thread has not acquired the tensor map");
  const uint32_t rowBytes = copy.map.boxColumns * copy.map.elementBytes;
  block.sharedOffset("loadTile", shared, size_t(rowBytes) * copy.map.boxRows,
                     copy.map.swizzled ? kSwizzleAlign : 128);
  copy.shared = static_cast<char *>(shared);
  copy.barrier = block.findMbarrier("loadTile", barrier);
  const MbarrierState &state = block.mbarriers[copy.barrier];
  if (!state.fenced)
    block.fail("loadTile: no fenceInit after init of the mbarrier at shared "
               "memory + ",
               state.offset);
  copy.phase = state.phase;
  copy.column = column;
  copy.row = row;
  // From here on the tile may be written, in the name of this thread.
  noteWrite(shared, size_t(rowBytes) * copy.map.boxRows);
  release(&state.edges[state.phase & 1]);
  if (block.options->completion == Completion::Earliest)
    block.perform(copy);
  else
    block.copies.push_back(copy);
  block.maybeYield();
}

void Block::perform(const TileCopy &copy) {
  const EmulatedMap &map = copy.map;
  const uint32_t rowBytes = map.boxColumns * map.elementBytes;
  for (uint32_t r = 0; r < map.boxRows; ++r) {
    const int64_t row = int64_t(copy.row) + r;
    const bool inRows = row >= 0 && row < int64_t(map.rows);
    const char *from = static_cast<const char *>(map.base) + row * map.pitch;
    for (uint32_t begin = 0; begin < rowBytes; begin += kPiece) {
      char piece[kPiece];
      for (uint32_t i = 0; i < kPiece; ++i) {
        const int64_t at = int64_t(copy.column) * map.elementBytes + begin + i;
        const bool inside =
            inRows && at >= 0 && at < int64_t(map.columns * map.elementBytes);
        piece[i] = inside ? from[at] : 0;
      }
      const uint32_t place =
          map.swizzled ? (begin / kPiece ^ r % 8) * kPiece : begin;
      char *to = copy.shared + r * rowBytes + place;
      std::memcpy(to, piece, kPiece);
      if (!asyncView.empty())
        std::memcpy(asyncView.data() + (to - shared), piece, kPiece);
    }
  }
  MbarrierState &state = mbarriers[copy.barrier];
  if (state.phase != copy.phase)
    fail("a tile load ends in a later phase of the mbarrier at shared "
         "memory + ",
         state.offset,
         " than it began in: the bytes expected are fewer than are loaded");
  state.bytes -= int64_t(rowBytes) * map.boxRows;
  if (state.pending == 0 && state.bytes < 0)
    fail("tile loads brought ", -state.bytes,
         " bytes more than the mbarrier at shared memory + ", state.offset,
         " expects");
  endPhase(state);
}

bool Block::progress() {
  if (copies.empty())
    return false;
  // The youngest first is what code that trusts in order does not expect.
  const size_t which = options->completion == Completion::Random
                           ? random.next() % copies.size()
                           : copies.size() - 1;
  const TileCopy copy = copies[which];
  copies.erase(copies.begin() + ptrdiff_t(which));
  perform(copy);
  return true;
}

/// Tile copies and wgmma see a thread's writes after its fence only.
void fenceProxyAsync() {
  const Quiet quiet;
  Block &block = *currentBlock;
  if (!block.asyncView.empty())
    std::memcpy(block.asyncView.data(), block.shared, block.sharedBytes);
}

} // namespace ds::emu
