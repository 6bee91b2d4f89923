// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles that move by themselves: mbarriers, tile loads by tensor maps (TMA) and
// the matrix multiplication of a warp group (wgmma). mbarriers exist from sm_80
// on, tile loads from sm_90, wgmma on sm_90a only; elsewhere they trap.
#pragma once
#include "kernels/base/DeviceCall.h"
#include "kernels/base/Ptx.cuh"

namespace ds::kernels::cuda {

//===-- mbarrier ----------------------------------------------------------===//

/// A barrier in shared memory. Its phases have parity 0, 1, 0, …; a phase ends
/// when `count` arrivals have come and all expected bytes have been copied.
struct alignas(8) Mbarrier {
  uint64_t state;
};

/// By one thread, before any use; `count` arrivals to a phase. Others may use
/// the barrier after a syncBlock.
DS_DEVICE void init(Mbarrier *barrier, uint32_t count) {
#if DS_EMULATED
  emu::mbarrierInit(&barrier->state, count);
#else
  asm volatile(
      "mbarrier.init.shared.b64 [%0], %1;" ::"r"(sharedAddress(barrier)),
      "r"(count)
      : "memory");
#endif
}
/// After init, by the same thread: tile loads see the barriers too.
DS_DEVICE void fenceInit() {
#if DS_EMULATED
  emu::mbarrierFenceInit();
#elif __CUDA_ARCH__ >= 900
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
}
/// One arrival; orders this thread's accesses before it.
DS_DEVICE void arrive(Mbarrier *barrier) {
#if DS_EMULATED
  emu::mbarrierArrive(&barrier->state);
#else
  asm volatile(
      "{\n.reg .b64 state;\n"
      "mbarrier.arrive.shared.b64 state, [%0];\n}" ::"r"(sharedAddress(barrier))
      : "memory");
#endif
}
/// One arrival that also makes the phase wait for `bytes` of tile loads: all
/// bytes of the tiles, those out of bounds too.
DS_DEVICE void arriveExpect(Mbarrier *barrier, uint32_t bytes) {
#if DS_EMULATED
  emu::mbarrierArriveExpect(&barrier->state, bytes);
#elif __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   sharedAddress(barrier)),
               "r"(bytes)
               : "memory");
#else
  __trap();
#endif
}
/// Waits until the phase of this parity has ended; passes at once while the
/// current phase has the other parity (so does parity 1 before any phase).
DS_DEVICE void wait(Mbarrier *barrier, uint32_t parity) {
#if DS_EMULATED
  emu::mbarrierWait(&barrier->state, parity);
#else
  uint32_t done;
  do {
#if __CUDA_ARCH__ >= 900
    asm volatile("{\n.reg .pred p;\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
                 "selp.u32 %0, 1, 0, p;\n}"
                 : "=r"(done)
                 : "r"(sharedAddress(barrier)), "r"(parity)
                 : "memory");
#else
    asm volatile("{\n.reg .pred p;\n"
                 "mbarrier.test_wait.parity.shared.b64 p, [%1], %2;\n"
                 "selp.u32 %0, 1, 0, p;\n}"
                 : "=r"(done)
                 : "r"(sharedAddress(barrier)), "r"(parity)
                 : "memory");
#endif
  } while (!done);
#endif
}

/// This thread's own writes to shared memory before it are seen by tile copies
/// and wgmma after it.
DS_DEVICE void fenceProxyAsync() {
#if DS_EMULATED
  emu::fenceProxyAsync();
#elif __CUDA_ARCH__ >= 900
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

//===-- Tile loads --------------------------------------------------------===//

/// Before this thread's first use of a map that lies in global memory.
DS_DEVICE void tensorMapAcquire(const TensorMap *map) {
#if DS_EMULATED
  emu::tensorMapAcquire(map);
#elif __CUDA_ARCH__ >= 900
  asm volatile(
      "fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(map)
      : "memory");
#endif
}
DS_DEVICE void prefetchMap([[maybe_unused]] const TensorMap *map) {
#if !DS_EMULATED && __CUDA_ARCH__ >= 900
  asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
#endif
}
/// Begins to load the map's box at (row, column), in elements, and tells
/// `barrier` of all its bytes when they are there. Elements out of bounds
/// become 0. A box with the 128-byte swizzle has rows of 128 bytes, `shared`
/// is 1024-byte aligned, and 16-byte piece c of row r lies at
/// 128 r + 16 (c ^ r % 8).
DS_DEVICE void loadTile(void *shared, const TensorMap *map, Mbarrier *barrier,
                        int32_t column, int32_t row) {
#if DS_EMULATED
  emu::loadTile(shared, map, &barrier->state, column, row);
#elif __CUDA_ARCH__ >= 900
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
               "complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
                   sharedAddress(shared)),
               "l"(map), "r"(sharedAddress(barrier)), "r"(column), "r"(row)
               : "memory");
#else
  __trap();
#endif
}

//===-- Matrix multiplication of a warp group (wgmma) ---------------------===//

/// Rows of 128 bytes along k in shared memory, as loadTile swizzles them (PTX
/// ISA, "Matrix descriptor format"). Groups of 8 rows follow each other every
/// 1024 bytes.
struct SharedDescriptor {
  uint64_t bits;

  /// The tile that begins at `tile`, 1024-byte aligned.
  DS_DEVICE static SharedDescriptor at(const void *tile) {
    const uint64_t address = sharedAddress(tile);
    return {(address & 0x3ffff) >> 4 | uint64_t(1) << 16 |
            uint64_t(1024 >> 4) << 32 | uint64_t(1) << 62};
  }
  /// `bytes` on along k, a multiple of 16 within the 128, or a multiple of
  /// 1024 to another group of rows.
  DS_DEVICE SharedDescriptor advance(uint32_t bytes) const {
    return {bits + (bytes >> 4)};
  }
};

/// Before the first warpgroupMma, and again when registers of d were touched.
DS_DEVICE void warpgroupFence() {
#if DS_EMULATED
  emu::warpgroupFence();
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}
/// Makes a group of the multiplications since the last commit.
DS_DEVICE void warpgroupCommit() {
#if DS_EMULATED
  emu::warpgroupCommit();
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}
/// Waits until at most the youngest `kGroups` groups are under way. Until then
/// their d must not be touched, nor their tiles be written.
template <uint32_t kGroups>
DS_DEVICE void warpgroupWait() {
#if DS_EMULATED
  emu::warpgroupWait(kGroups);
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kGroups) : "memory");
#endif
}
/// Keeps a CUDA compiler from moving uses of d across this place: put it
/// between warpgroupWait and the first use.
template <uint32_t kRegisters>
DS_DEVICE void pinRegisters([[maybe_unused]] float (&d)[kRegisters]) {
#if !DS_EMULATED
#pragma unroll
  for (uint32_t i = 0; i < kRegisters; ++i)
    asm volatile("" : "+f"(d[i])::"memory");
#endif
}

} // namespace ds::kernels::cuda

#if !DS_EMULATED
#include "kernels/base/WarpgroupMma.cuh"
#endif

namespace ds::kernels::cuda {

/// Begins d = a b (+ d where `accumulate`): a 64 rows, b N = 2 kRegisters
/// columns, both along k; k 32 of f8e4m3fn or 16 of bf16, 32 bytes. All four
/// warps of the warp group call it. With g = lane / 4, t = lane % 4, of warp w
/// d[4j], d[4j + 1] are row 16 w + g, columns 8 j + 2 t and the next,
/// d[4j + 2], d[4j + 3] the same of 8 rows on.
/// N is 16, 32, 64, 128 or 256.
template <class Element, uint32_t kRegisters>
DS_DEVICE void warpgroupMma(float (&d)[kRegisters], SharedDescriptor a,
                            SharedDescriptor b, bool accumulate) {
  [[maybe_unused]] constexpr bool f8 = sizeof(Element) == 1;
#if DS_EMULATED
  emu::warpgroupMma(d, kRegisters, a.bits, b.bits, accumulate, f8);
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
  if constexpr (f8)
    warpgroupMmaF8(d, a.bits, b.bits, accumulate);
  else
    warpgroupMmaBF16(d, a.bits, b.bits, accumulate);
#else
  __trap();
#endif
}

} // namespace ds::kernels::cuda
