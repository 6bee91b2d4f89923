// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an emulated kernel calls in place of instructions; only base/*.cuh call
// these. All are valid only inside a kernel that emu::launch runs. Code in a
// shared object resolves them from the program that loads it.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define DS_EMU_ENTRY __attribute__((visibility("default")))

namespace ds::emu {

// Identity.
DS_EMU_ENTRY uint32_t threadIndex();
DS_EMU_ENTRY uint32_t blockIndex();
DS_EMU_ENTRY uint32_t gridBlocks();
DS_EMU_ENTRY uint32_t blockThreads();
DS_EMU_ENTRY void *sharedMemory();
DS_EMU_ENTRY uint32_t sharedAddress(const void *pointer);

// Barriers.
DS_EMU_ENTRY void syncBlock();
DS_EMU_ENTRY void syncWarp(uint32_t mask);
DS_EMU_ENTRY void namedBarrier(uint32_t id, uint32_t threads);
DS_EMU_ENTRY void namedBarrierArrive(uint32_t id, uint32_t threads);

// Exchange within a warp. `kind` is a kernels::cuda::ShuffleKind.
DS_EMU_ENTRY uint32_t shuffle(uint32_t kind, uint32_t value, uint32_t lane);
DS_EMU_ENTRY uint32_t ballot(bool predicate);
DS_EMU_ENTRY float warpSum(float value);
DS_EMU_ENTRY float warpMax(float value);

/// Fails unless `bytes` at `pointer` are aligned to `bytes` and lie in the
/// block's shared memory or in memory that the launch declared.
DS_EMU_ENTRY void checkAccess(const void *pointer, uint32_t bytes, bool write);
DS_EMU_ENTRY float exp2(float x);
DS_EMU_ENTRY void registers(uint32_t perThread);

// cp.async.
DS_EMU_ENTRY void copyAsync16(void *shared, const void *global,
                              uint32_t validBytes);
DS_EMU_ENTRY void copyAsyncCommit();
DS_EMU_ENTRY void copyAsyncWait(uint32_t groups);

// Matrices of a warp; fragments as in base/Mma.cuh.
DS_EMU_ENTRY void loadMatrix(uint32_t *r, const void *sharedRow, uint32_t count,
                             bool transposed);
DS_EMU_ENTRY void mmaBF16(float *d, const uint32_t *a, const uint32_t *b);
DS_EMU_ENTRY void mmaF8(float *d, const uint32_t *a, const uint32_t *b);

// mbarriers: 8 bytes of shared memory.
DS_EMU_ENTRY void mbarrierInit(uint64_t *barrier, uint32_t count);
DS_EMU_ENTRY void mbarrierFenceInit();
DS_EMU_ENTRY void mbarrierArrive(uint64_t *barrier);
DS_EMU_ENTRY void mbarrierArriveExpect(uint64_t *barrier, uint32_t bytes);
DS_EMU_ENTRY void mbarrierWait(uint64_t *barrier, uint32_t parity);
DS_EMU_ENTRY void fenceProxyAsync();

// Tile loads; `map` is a TensorMap that encodeTensorMap has made.
DS_EMU_ENTRY void tensorMapAcquire(const void *map);
DS_EMU_ENTRY void loadTile(void *shared, const void *map, uint64_t *barrier,
                           int32_t column, int32_t row);

// wgmma, with descriptors as the hardware takes them.
DS_EMU_ENTRY void warpgroupFence();
DS_EMU_ENTRY void warpgroupCommit();
DS_EMU_ENTRY void warpgroupWait(uint32_t groups);
DS_EMU_ENTRY void warpgroupMma(float *d, uint32_t registers, uint64_t a,
                               uint64_t b, bool accumulate, bool f8);

} // namespace ds::emu
