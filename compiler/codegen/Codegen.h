// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From kernels and shapes to one position-independent image of machine code.
#pragma once
#include "compiler/Options.h"
#include "kernels/LaunchTable.h"
#include "runtime/base/Status.h"
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ds {

/// One kernel row with its shape bound.
struct KernelInstance {
  std::string row;             // name in the kernel table
  std::vector<uint32_t> shape; // the fields of the family's Shape struct, in
                               // order; floats by their bits
  // For readers of CUDA code: the op of the model that it came from, and the
  // bodies and layers that call it.
  std::string op = {};
  std::vector<std::string> callers = {};
};

/// One launch of a kernel on a GPU, its numbers those of the shape.
struct BoundLaunch {
  std::string symbol; // of the image
  uint32_t threads, sharedBytes;
  TileCount tiles;
  kernels::cuda::TensorMaps maps;
};

/// For CPUs code that needs no loader: text from 0 on, zeros up to a page
/// boundary, then read-only data; every reference inside is relative and already
/// resolved. For GPUs a cubin, for the emulation of one a shared object.
struct CompiledImage {
  struct Entry {
    uint32_t run, tiles; // offsets of RunFunction and TilesFunction in the text
  };
  TargetKind kind = TargetKind::CPU;
  std::string level;    // "avx512bf16"
  std::string features; // what the machine must have, as in LevelRecord
  std::vector<uint8_t> bytes;
  // For CPUs:
  uint32_t textSize = 0;      // bytes
  uint32_t rodataOffset = 0;  // bytes, a multiple of 4096
  std::vector<Entry> entries; // one per instance, in the order given
  // For GPUs: the launches of each instance.
  std::vector<std::vector<BoundLaunch>> launches;
};

/// Links the level's kernel bitcode, binds each instance's shape as a constant,
/// inlines, optimises (O3) and lays the code out. Equal input gives equal
/// bytes. Errors (InternalError): an unknown row, a part that was not inlined,
/// an object that a loader would have to fix.
Result<CompiledImage> compileImage(kernels::Level level,
                                   std::span<const KernelInstance> instances);

} // namespace ds
