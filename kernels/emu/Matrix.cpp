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
    for (uint32_t i = 0; i < 4; ++i)
      d[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2] = slots[lane].d[i];
  dotAdd(d, factors, products, model);
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    for (uint32_t i = 0; i < 4; ++i)
      slots[lane].d[i] = d[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
}

/// Runs `decode(bits, index in the word)` over all elements of a and b, of
/// which `kElements` are in a word.
template <uint32_t kElements, class Decode>
void gather(const Slot *slots, Factors &factors, Decode decode) {
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    const uint32_t g = lane / 4, t = lane % 4;
    for (uint32_t word = 0; word < 2; ++word)
      for (uint32_t i = 0; i < kElements; ++i) {
        const uint32_t k = kElements * (4 * word + t) + i;
        for (uint32_t half = 0; half < 2; ++half) {
          const Decoded a = decode(slots[lane].a[2 * word + half], i);
          factors.setA(g + 8 * half, k, a.value, a.exponent);
          factors.steep |= a.steep;
        }
        const Decoded b = decode(slots[lane].b[word], i);
        factors.setB(k, g, b.value, b.exponent);
        factors.steep |= b.steep;
      }
  }
}

} // namespace

void mmaBF16(float *d, const uint32_t *a, const uint32_t *b) {
  Block &block = *currentBlock;
  block.meet(
      Collective::MmaBF16, kFullMask,
      [&](Slot &slot) {
        slot.d = d;
        slot.a = a;
        slot.b = b;
      },
      [&](Slot *slots) {
        Factors factors;
        gather<2>(slots, factors, [](uint32_t word, uint32_t i) {
          return decodeBF16(uint16_t(word >> 16 * i));
        });
        multiply(slots, factors, 16, sumModelBF16(*block.options));
      });
}

void mmaF8(float *d, const uint32_t *a, const uint32_t *b) {
  Block &block = *currentBlock;
  if (block.options->architecture != Architecture::SM89)
    block.fail("mmaF8: only sm_89 and sm_120 have this instruction");
  block.meet(
      Collective::MmaF8, kFullMask,
      [&](Slot &slot) {
        slot.d = d;
        slot.a = a;
        slot.b = b;
      },
      [&](Slot *slots) {
        Factors factors;
        gather<4>(slots, factors, [](uint32_t word, uint32_t i) {
          return decodeF8(uint8_t(word >> 8 * i));
        });
        multiply(slots, factors, 32, sumModelF8(*block.options));
      });
}

} // namespace ds::emu
