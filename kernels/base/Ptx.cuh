// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The instructions that CUDA kernels use beyond plain C++, one function each:
// PTX or an intrinsic for a CUDA compiler (nvcc, NVRTC), a call into the
// emulation for any other. No PTX anywhere but here, in Arithmetic.cuh, Mma.cuh,
// Tile.cuh and WarpgroupMma.cuh.
// Blocks and grids have one dimension.
#pragma once
#include "kernels/base/Arithmetic.cuh"

namespace ds::kernels::cuda {

constexpr uint32_t kWarpLanes = 32;
constexpr uint32_t kAllLanes = 0xffffffff;

//===-- Identity ----------------------------------------------------------===//

DS_DEVICE uint32_t threadIndex() {
#if DS_EMULATED
  return emu::threadIndex();
#else
  return threadIdx.x;
#endif
}
DS_DEVICE uint32_t laneIndex() { return threadIndex() % kWarpLanes; }
DS_DEVICE uint32_t warpIndex() { return threadIndex() / kWarpLanes; }
DS_DEVICE uint32_t blockIndex() {
#if DS_EMULATED
  return emu::blockIndex();
#else
  return blockIdx.x;
#endif
}
DS_DEVICE uint32_t gridBlocks() {
#if DS_EMULATED
  return emu::gridBlocks();
#else
  return gridDim.x;
#endif
}
DS_DEVICE uint32_t blockThreads() {
#if DS_EMULATED
  return emu::blockThreads();
#else
  return blockDim.x;
#endif
}

/// The block's dynamic shared memory, 1024-byte aligned (a 128-byte swizzle
/// repeats every 1024 bytes). Its contents are undefined.
template <class T = uint8_t>
DS_DEVICE T *sharedMemory() {
#if DS_EMULATED
  return static_cast<T *>(emu::sharedMemory());
#else
  extern __shared__ __align__(1024) uint8_t dsSharedMemory[];
  return reinterpret_cast<T *>(dsSharedMemory);
#endif
}
/// A pointer into shared memory as instructions take it.
DS_DEVICE uint32_t sharedAddress(const void *pointer) {
#if DS_EMULATED
  return emu::sharedAddress(pointer);
#else
  return uint32_t(__cvta_generic_to_shared(pointer));
#endif
}

//===-- Block and warp ----------------------------------------------------===//

/// All threads of the block; orders their accesses to memory.
DS_DEVICE void syncBlock() {
#if DS_EMULATED
  emu::syncBlock();
#else
  __syncthreads();
#endif
}
/// The lanes of `mask`, which holds the caller; orders their accesses.
DS_DEVICE void syncWarp(uint32_t mask = kAllLanes) {
#if DS_EMULATED
  emu::syncWarp(mask);
#else
  __syncwarp(mask);
#endif
}
/// Barrier 1 .. 15 (0 is syncBlock) of `threads` threads, whole warps.
DS_DEVICE void namedBarrier(uint32_t id, uint32_t threads) {
#if DS_EMULATED
  emu::namedBarrier(id, threads);
#else
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}
/// Counts towards the barrier without waiting.
DS_DEVICE void namedBarrierArrive(uint32_t id, uint32_t threads) {
#if DS_EMULATED
  emu::namedBarrierArrive(id, threads);
#else
  asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

/// How a shuffle finds the lane that it reads.
enum class ShuffleKind : uint32_t { Index, Up, Down, Xor };

/// All shuffles are of the whole warp and of 4-byte values; a source lane out
/// of range gives the caller's own value. They order no memory.
template <ShuffleKind kind, class T>
DS_DEVICE T shuffleAs(T value, uint32_t lane) {
  static_assert(sizeof(T) == 4);
  uint32_t bits = __builtin_bit_cast(uint32_t, value);
#if DS_EMULATED
  bits = emu::shuffle(uint32_t(kind), bits, lane);
#else
  if constexpr (kind == ShuffleKind::Index)
    bits = __shfl_sync(kAllLanes, bits, lane);
  else if constexpr (kind == ShuffleKind::Up)
    bits = __shfl_up_sync(kAllLanes, bits, lane);
  else if constexpr (kind == ShuffleKind::Down)
    bits = __shfl_down_sync(kAllLanes, bits, lane);
  else
    bits = __shfl_xor_sync(kAllLanes, bits, lane);
#endif
  return __builtin_bit_cast(T, bits);
}
template <class T>
DS_DEVICE T shuffle(T value, uint32_t lane) {
  return shuffleAs<ShuffleKind::Index>(value, lane);
}
template <class T>
DS_DEVICE T shuffleXor(T value, uint32_t mask) {
  return shuffleAs<ShuffleKind::Xor>(value, mask);
}
/// The value of lane - by.
template <class T>
DS_DEVICE T shuffleUp(T value, uint32_t by) {
  return shuffleAs<ShuffleKind::Up>(value, by);
}
/// The value of lane + by.
template <class T>
DS_DEVICE T shuffleDown(T value, uint32_t by) {
  return shuffleAs<ShuffleKind::Down>(value, by);
}
/// Bit i is lane i's predicate.
DS_DEVICE uint32_t ballot(bool predicate) {
#if DS_EMULATED
  return emu::ballot(predicate);
#else
  return __ballot_sync(kAllLanes, predicate);
#endif
}

//===-- Memory ------------------------------------------------------------===//

/// A load of 16 bytes, aligned to them, from global or shared memory.
DS_DEVICE Vector16 load16(const void *from) {
#if DS_EMULATED
  emu::checkAccess(from, 16, false);
#endif
  return *static_cast<const Vector16 *>(from);
}
DS_DEVICE Vector8 load8(const void *from) {
#if DS_EMULATED
  emu::checkAccess(from, 8, false);
#endif
  return *static_cast<const Vector8 *>(from);
}
DS_DEVICE uint32_t load4(const void *from) {
#if DS_EMULATED
  emu::checkAccess(from, 4, false);
#endif
  return *static_cast<const uint32_t *>(from);
}
DS_DEVICE void store16(void *to, Vector16 value) {
#if DS_EMULATED
  emu::checkAccess(to, 16, true);
#endif
  *static_cast<Vector16 *>(to) = value;
}
DS_DEVICE void store8(void *to, Vector8 value) {
#if DS_EMULATED
  emu::checkAccess(to, 8, true);
#endif
  *static_cast<Vector8 *>(to) = value;
}
DS_DEVICE void store4(void *to, uint32_t value) {
#if DS_EMULATED
  emu::checkAccess(to, 4, true);
#endif
  *static_cast<uint32_t *>(to) = value;
}

/// Loads from global memory that nothing writes during the kernel and that is
/// used once, weights above all: they take no place in the first-level cache.
DS_DEVICE Vector16 loadReadOnly16(const void *from) {
#if DS_EMULATED
  return load16(from);
#else
  Vector16 value;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(value.word[0]), "=r"(value.word[1]), "=r"(value.word[2]),
                 "=r"(value.word[3])
               : "l"(__cvta_generic_to_global(from)));
  return value;
#endif
}
DS_DEVICE Vector8 loadReadOnly8(const void *from) {
#if DS_EMULATED
  return load8(from);
#else
  Vector8 value;
  asm volatile("ld.global.nc.L1::no_allocate.v2.u32 {%0, %1}, [%2];"
               : "=r"(value.word[0]), "=r"(value.word[1])
               : "l"(__cvta_generic_to_global(from)));
  return value;
#endif
}
DS_DEVICE uint32_t loadReadOnly4(const void *from) {
#if DS_EMULATED
  return load4(from);
#else
  uint32_t value;
  asm volatile("ld.global.nc.L1::no_allocate.u32 %0, [%1];"
               : "=r"(value)
               : "l"(__cvta_generic_to_global(from)));
  return value;
#endif
}

//===-- Asynchronous copies of a thread (cp.async) ------------------------===//

/// Begins to copy 16 bytes, aligned to them, from global to shared memory;
/// bytes from `validBytes` (0 .. 16) on become 0 and are not read.
DS_DEVICE void copyAsync16(void *shared, const void *global,
                           uint32_t validBytes = 16) {
#if DS_EMULATED
  emu::copyAsync16(shared, global, validBytes);
#else
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(
                   sharedAddress(shared)),
               "l"(__cvta_generic_to_global(global)), "r"(validBytes)
               : "memory");
#endif
}
/// Makes a group of this thread's copies since the last commit.
DS_DEVICE void copyAsyncCommit() {
#if DS_EMULATED
  emu::copyAsyncCommit();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
/// Waits until at most the youngest `kGroups` of this thread's groups are
/// under way. Other threads see the bytes after a barrier.
template <uint32_t kGroups>
DS_DEVICE void copyAsyncWait() {
#if DS_EMULATED
  emu::copyAsyncWait(kGroups);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(kGroups) : "memory");
#endif
}

//===-- Reductions, in a fixed order --------------------------------------===//

/// The sum over the lanes in every lane: butterfly by 16, 8, 4, 2, 1.
DS_DEVICE float warpSum(float value) {
#if DS_EMULATED
  return emu::warpSum(value);
#else
  for (uint32_t mask = kWarpLanes / 2; mask != 0; mask /= 2)
    value = add(value, shuffleXor(value, mask));
  return value;
#endif
}
/// The largest of the lanes in every lane; NaN only where all are.
DS_DEVICE float warpMax(float value) {
#if DS_EMULATED
  return emu::warpMax(value);
#else
  for (uint32_t mask = kWarpLanes / 2; mask != 0; mask /= 2)
    value = maximum(value, shuffleXor(value, mask));
  return value;
#endif
}
/// The sum over the block in every thread: each warp's butterfly, then the
/// warps in ascending order. `shared` holds one float per warp and is free
/// again when the function returns.
DS_DEVICE float blockSum(float value, float *shared) {
  value = warpSum(value);
  if (laneIndex() == 0)
    shared[warpIndex()] = value;
  syncBlock();
  float sum = shared[0];
  for (uint32_t warp = 1; warp < blockThreads() / kWarpLanes; ++warp)
    sum = add(sum, shared[warp]);
  syncBlock();
  return sum;
}

//===-- Registers of a warp group (sm_90a) --------------------------------===//

/// setmaxnreg: all warps of the warp group, registers per thread a multiple of
/// 8 from 24 to 256. Has no effect on other architectures.
template <uint32_t kRegisters>
DS_DEVICE void registersIncrease() {
  static_assert(kRegisters % 8 == 0 && kRegisters >= 24 && kRegisters <= 256);
#if DS_EMULATED
  emu::registers(kRegisters);
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
#endif
}
template <uint32_t kRegisters>
DS_DEVICE void registersDecrease() {
  static_assert(kRegisters % 8 == 0 && kRegisters >= 24 && kRegisters <= 256);
#if DS_EMULATED
  emu::registers(kRegisters);
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
#endif
}

} // namespace ds::kernels::cuda
