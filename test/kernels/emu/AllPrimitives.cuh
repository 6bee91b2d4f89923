// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Uses every primitive, for compilers only: nothing runs it.
#pragma once
#include "kernels/base/Abi.h"
#include "kernels/base/Matrix.h"
#include "kernels/base/Mma.cuh"
#include "kernels/base/Pages.h"
#include "kernels/base/Shape.h"
#include "kernels/base/Tile.cuh"
#include "kernels/base/Work.h"

namespace ds::kernels::cuda {

DS_DEVICE void useThreads(const float *in, float *out) {
  float *shared = sharedMemory<float>();
  float value = in[blockIndex() * blockThreads() + threadIndex()];
  value = shuffle(value, 3) + shuffleXor(value, 16) + shuffleUp(value, 1) +
          shuffleDown(value, 2);
  syncWarp();
  syncWarp(0xffff);
  namedBarrierArrive(2, 64);
  namedBarrier(1, 64);
  value = blockSum(value, shared) + warpMax(value) + warpSum(value);
  out[gridBlocks() + ballot(value > 0)] = value;
  syncBlock();
}

DS_DEVICE void useArithmetic(const float *in, float *out) {
  float x = in[laneIndex()], y = in[warpIndex()];
  x = fma(x, y, divide(add(x, y), sub(mul(x, x), y)));
  y = reciprocalSquareRoot(x) + squareRoot(y) + exp2Approx(x) + exponential(y);
  if (isNaN(x))
    y = maximum(absolute(x), y);
  const Vector8 codes = decode4(encode4(x, y, x + 1, y + 1));
  store8(out, codes);
  store4(out + 2, decode2(codes.word[0]) + packBF16(x, y));
  out[3] = lowBF16(codes.word[0]) + highBF16(codes.word[1]);
  out[4] = toFloat(toBF16(x)) + toFloat(toF8E4M3(y));
  const SinCos angle = sincos(x);
  out[5] = silu(angle.sin) + sigmoid(angle.cos);
  out[6] = unaligned<float>(in, 3);
}

DS_DEVICE void useMemory(const void *in, void *out) {
  const char *from = static_cast<const char *>(in);
  uint32_t sum = load4(from) + loadReadOnly4(from + 4) +
                 load8(from + 8).word[0] + loadReadOnly8(from + 16).word[1];
  Vector16 value = load16(from + 32);
  value.word[0] += loadReadOnly16(from + 48).word[3] + sum;
  store16(out, value);
  char *shared = sharedMemory<char>();
  copyAsync16(shared + 16 * threadIndex(), from, 16);
  copyAsync16(shared + 16 * threadIndex(), from, 7);
  copyAsyncCommit();
  copyAsyncWait<1>();
  copyAsyncWait<0>();
  registersIncrease<232>();
  registersDecrease<40>();
}

DS_DEVICE void useMatrices(float *out) {
  const char *row = sharedMemory<char>() + 16 * laneIndex();
  uint32_t a[4], b[2], c[1], d[4], e[2], f[1];
  loadMatrix4(a, row);
  loadMatrix2(b, row);
  loadMatrix1(c, row);
  loadMatrix4Transposed(d, row);
  loadMatrix2Transposed(e, row);
  loadMatrix1Transposed(f, row);
  float sums[4] = {};
  mmaBF16(sums, a, b);
  mmaBF16(sums, d, e);
  for (int i = 0; i < 4; ++i)
    out[i] = sums[i] + float(c[0] + f[0] + sharedAddress(row));
}

template <class Element, uint32_t kRegisters>
DS_DEVICE void useWidth(SharedDescriptor a, float *out) {
  float d[kRegisters] = {};
  warpgroupFence();
  warpgroupMma<Element>(d, a, a.advance(32), true);
  warpgroupMma<Element>(d, a.advance(64), a, false);
  warpgroupCommit();
  warpgroupWait<1>();
  warpgroupWait<0>();
  pinRegisters(d);
  for (uint32_t i = 0; i < kRegisters; ++i)
    out[i * blockThreads() + threadIndex()] = d[i];
}

DS_DEVICE void useF8(const float *in, float *out) {
  uint32_t a[4], b[2];
  loadMatrix4(a, sharedMemory<char>() + 16 * laneIndex());
  loadMatrix2(b, sharedMemory<char>() + 16 * laneIndex());
  float sums[4] = {in[0], in[1], in[2], in[3]};
  mmaF8(sums, a, b);
  for (int i = 0; i < 4; ++i)
    out[i] = sums[i];
}

template <class Element, uint32_t kRegisters>
DS_DEVICE void useTiles(const TensorMap *map, float *out) {
  auto *barrier = sharedMemory<Mbarrier>();
  char *tile = sharedMemory<char>() + 1024;
  if (threadIndex() == 0) {
    init(barrier, 1);
    init(barrier + 1, blockThreads());
    fenceInit();
    tensorMapAcquire(map);
    prefetchMap(map);
    arriveExpect(barrier, 8192);
    loadTile(tile, map, barrier, 128, -8);
  }
  syncBlock();
  arrive(barrier + 1);
  wait(barrier, 0);
  fenceProxyAsync();
  useWidth<Element, kRegisters>(SharedDescriptor::at(tile), out);
}

} // namespace ds::kernels::cuda
