// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs CUDA kernels on the CPU, thread by thread, and says what they do wrong.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ds::emu {

/// The architecture whose instructions and matrix arithmetic are emulated.
enum class Architecture : uint8_t { SM80, SM89, SM90a, SM100a };

/// When an asynchronous effect (copy, matrix multiplication) happens between
/// its issue and the wait for it.
enum class Completion : uint8_t {
  Earliest, // at once; the fastest
  Latest,   // when a thread waits for it, or when nothing else can run
  Random,   // either, or between, by the seed
};

/// How products are summed in a matrix multiplication.
enum class Arithmetic : uint8_t {
  Hardware, // aligned and cut as the tensor cores do (DotAdd.h)
  Exact,    // summed in double, rounded once to f32
};

/// A range of device memory that a kernel may touch.
struct MemoryRange {
  const void *begin = nullptr;
  size_t bytes = 0;
  bool writable = false;
};

struct Options {
  Architecture architecture = Architecture::SM80;
  Completion completion = Completion::Earliest;
  Arithmetic arithmetic = Arithmetic::Hardware;
  /// 0: lanes run in order, which is the fastest; any other number shuffles
  /// the order of threads and, with Completion::Random, of effects.
  uint64_t seed = 0;
  /// Where not empty, loads and stores by primitives must lie in these ranges
  /// or in shared memory. Plain C++ accesses are not seen.
  std::vector<MemoryRange> memory;
  /// Stands before every report.
  std::string name = "kernel";
};

/// Blocks `first` .. `last` - 1 of a grid of `total`.
struct Grid {
  uint32_t first = 0, last = 0, total = 0;
};

struct [[nodiscard]] Result {
  bool ok = true;
  std::string text; // what went wrong, where, and who waits on what
};

/// Runs the blocks one after another on the calling thread, `function(call)`
/// in each of `threads` threads (a multiple of 32, up to 1024) with
/// `sharedBytes` of shared memory, filled with 0xff before each block. Stops
/// at the first block that goes wrong. Different OS threads may run blocks of
/// one grid at the same time.
Result launch(void (*function)(const void *), const void *call, Grid grid,
              uint32_t threads, size_t sharedBytes, const Options &options);

/// The same for a function that takes its call by reference.
template <class Call>
Result launch(void (*function)(const Call &), const Call &call, Grid grid,
              uint32_t threads, size_t sharedBytes, const Options &options) {
  struct Bound {
    void (*function)(const Call &);
    const Call *call;
  } bound{function, &call};
  return launch(
      +[](const void *pointer) {
        const auto *bound = static_cast<const Bound *>(pointer);
        bound->function(*bound->call);
      },
      &bound, grid, threads, sharedBytes, options);
}

} // namespace ds::emu
