// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ldmatrix and mma.sync; fragments as base/Mma.cuh has them.
#include "kernels/emu/Block.h"
#include "kernels/emu/Device.h"
#include "kernels/emu/DotAdd.h"
#include "kernels/emu/MatrixModel.h"
#include "kernels/emu/Sanitizers.h"
#include <cstring>

namespace ds::emu {

void loadMatrix(uint32_t *r, const void *sharedRow, uint32_t count,
                bool transposed) {
  const Quiet quiet;
  Block &block = *currentBlock;
  if (block.running->index % kLanes < 8 * count) {
    block.sharedOffset("loadMatrix", sharedRow, 16, 16);
    noteRead(sharedRow, 16);
  }
  block.meet(
      Collective::LoadMatrix, kFullMask,
      [&](Slot &slot) {
        slot.pointer = sharedRow;
        slot.registers = r;
        slot.value = count * 2 + transposed;
      },
      [&](Slot *slots) {
        for (uint32_t lane = 0; lane < kLanes; ++lane)
          if (slots[lane].value != count * 2 + transposed)
            block.fail("loadMatrix: lanes load different counts or orders");
        for (uint32_t matrix = 0; matrix < count; ++matrix) {
          uint16_t tile[8][8];
          for (uint32_t row = 0; row < 8; ++row)
            __builtin_memcpy_inline(tile[row], slots[8 * matrix + row].pointer,
                                    16);
          for (uint32_t lane = 0; lane < kLanes; ++lane) {
            const uint32_t g = lane / 4, t = lane % 4 * 2;
            const uint32_t low = transposed ? tile[t][g] : tile[g][t];
            const uint32_t high = transposed ? tile[t + 1][g] : tile[g][t + 1];
            slots[lane].registers[matrix] = low | high << 16;
          }
        }
      });
}

namespace {

/// Takes d out of the lanes' registers, adds, and puts it back.
void multiply(Slot *slots, const Factors &factors, uint32_t products,
              const SumModel &model) {
  alignas(32) float d[16][8];
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    for (uint32_t i = 0; i < 2; ++i)
      __builtin_memcpy_inline(&d[lane / 4 + 8 * i][lane % 4 * 2],
                              slots[lane].d + 2 * i, 8);
  dotAdd(d, factors, products, model);
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    for (uint32_t i = 0; i < 2; ++i)
      __builtin_memcpy_inline(slots[lane].d + 2 * i,
                              &d[lane / 4 + 8 * i][lane % 4 * 2], 8);
}

/// Puts the words of fragments in their places: rows of a and columns of b,
/// `kElements` of type Element in a word, along k.
template <class Element>
struct Tiles {
  static constexpr uint32_t kElements = 4 / sizeof(Element);
  static constexpr uint32_t kProducts = 8 * kElements;
  Element a[16][kProducts], b[8][kProducts];

  explicit Tiles(const Slot *slots) {
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      const uint32_t g = lane / 4, t = lane % 4 * kElements;
      const Slot &slot = slots[lane];
      for (uint32_t word = 0; word < 2; ++word) {
        const uint32_t k = t + word * (kProducts / 2);
        __builtin_memcpy_inline(&a[g][k], &slot.a[2 * word], 4);
        __builtin_memcpy_inline(&a[g + 8][k], &slot.a[2 * word + 1], 4);
        __builtin_memcpy_inline(&b[g][k], &slot.b[word], 4);
      }
    }
  }
};

/// d += a b for tiles whose elements are `Code`s, `depth` of them in a row of a.
template <class Code>
void multiplyTiles(Collective collective, float *d, const uint32_t *a,
                   const uint32_t *b, uint32_t depth, const SumModel &model) {
  currentBlock->meet(
      collective, kFullMask,
      [&](Slot &slot) {
        slot.d = d;
        slot.a = a;
        slot.b = b;
      },
      [&](Slot *slots) {
        const Tiles<Code> tiles(slots);
        Factors factors;
        factors.setA(tiles.a);
        factors.setB(tiles.b);
        multiply(slots, factors, depth, model);
      });
}

} // namespace

void mmaBF16(float *d, const uint32_t *a, const uint32_t *b) {
  const Quiet quiet;
  multiplyTiles<uint16_t>(Collective::MmaBF16, d, a, b, 16,
                          sumModelBF16(*currentBlock->options));
}

void mmaF8(float *d, const uint32_t *a, const uint32_t *b) {
  const Quiet quiet;
  Block &block = *currentBlock;
  if (block.options->architecture != Architecture::SM89)
    block.fail("mmaF8: only sm_89 and sm_120 have this instruction");
  multiplyTiles<uint8_t>(Collective::MmaF8, d, a, b, 32,
                         sumModelF8(*block.options));
}

} // namespace ds::emu
