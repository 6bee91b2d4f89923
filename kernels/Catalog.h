// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels exist: families, their shape fields, and the table of rows.
// Contracts only; whoever links this gets no kernel code.
#pragma once
#include "kernels/base/Work.h"
#include <span>
#include <string_view>

namespace ds::kernels {

/// What code is made for. Generic rows are part of every CPU level's code, CUDA
/// rows of every architecture's.
enum class Level {
  Generic,
  AVX2,
  AVX512,
  AVX512BF16,
  CUDA,
  SM80,
  SM89,
  SM90A,
  SM100A
};
enum class Processor { CPU, GPU };
/// The A of a contract; None where the family has no A. F8E4M3Group128: codes,
/// and one f32 scale per row and 128 columns (base/Quantize.h).
enum class Activation { None, BF16, F32, F8E4M3Group128 };
/// How the matrices are stored; None where the family has no matrix.
enum class Weights { None, BF16, F8E4M3Block128 };

/// Of the names of architectures: "90a" is short for "sm_90a".
inline constexpr std::string_view kArchitecturePrefix = "sm_";

/// A level that code is made for: a CPU level, or a CUDA architecture.
struct LevelInfo {
  Level level;
  std::string_view name; // "avx2", also the stem of its bitcode file; "sm_90a"
  uint32_t rank;         // higher is preferred
  std::string_view flags;    // the compiler's, separated by spaces; GPU: none
  std::string_view features; // what a CPU must have, as in /proc/cpuinfo; the
                             // compute capability that a GPU must have: "9.0"
  Processor processor = Processor::CPU;
  bool hasFP8 = false; // matrix units for e4m3
};

/// One 4-byte member of a family's shape, in the order of the struct.
struct ShapeField {
  std::string_view name; // as in IR: inStride is "in_stride"
  bool isFloat;          // f32, else u32
};

struct Family {
  std::string_view name; // "rms_norm"
  std::span<const ShapeField> fields;
  /// Bytes of workspace per worker. `shape` is the family's struct.
  uint64_t (*workspace)(const void *shape);
  /// Cost of a call on `rows` tokens (or rows of the head).
  Work (*work)(const void *shape, uint64_t rows);
};

/// A function in the bitcode, its tile counter being `name` + "_tiles"; or CUDA
/// code, see LaunchTable.h.
struct KernelRow {
  std::string_view name;
  const Family *family;
  Activation activation;
  Weights weights;
  Level level;
};

/// Families by name, levels by falling rank, rows in the order of Rows.def.
std::span<const Family> families();
std::span<const LevelInfo> levels(); // of CPUs
std::span<const LevelInfo> architectures(); // of GPUs
std::span<const KernelRow> kernelRows();

/// Null where there is none. A level's name is a CPU's or a GPU's.
const Family *findFamily(std::string_view name);
const KernelRow *findRow(std::string_view name);
const LevelInfo *findLevel(std::string_view name);

/// Whether the code of `level` can hold the row.
bool isIn(const KernelRow &row, Level level);

/// "generic", "bf16", "f8e4m3fn_bs128", …; "none" for None.
std::string_view nameOf(Level level);
std::string_view nameOf(Activation activation);
std::string_view nameOf(Weights weights);

} // namespace ds::kernels
