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

} // namespace ds::emu
