// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ds {

/// The public list of places to stop, in order; rows of Stages.def.
enum class Stage : uint8_t {
#define STAGE(name, dialects, promise) name,
#include "compiler/pipeline/Stages.def"
};

enum class KernelChoice : uint8_t {
  Native,    // bf16 activations, the level's own kernels
  Reference, // f32 everywhere, the slow and obvious kernels
};

/// What the projections with FP8 weights read.
enum class Activations : uint8_t {
  OfTarget, // what the target is made for: on CPUs Rows
  Rows,     // rows of bf16, of f32 for reference kernels: w8a16
  FP8,      // e4m3 codes with a scale per 128 columns: w8a8
};

/// Which form of MLA each phase uses.
enum class MLAForm : uint8_t {
  ByPhase, // expanded in prefill, absorbed in decode
  Expanded,
  Absorbed,
};

enum class TargetKind : uint8_t {
  CPU,
  CUDA,     // NVIDIA GPUs
  CUDAEmu,  // the same kernels, run by an emulation of such a GPU
};
/// "cpu", "cuda", "cuda-emu".
std::string_view nameOf(TargetKind kind);

/// What a plan's code is made for: one image per level.
struct Target {
  TargetKind kind = TargetKind::CPU;
  /// In any order: names of kernels/base/Levels.def or, for GPUs,
  /// kernels/base/Architectures.def.
  std::vector<std::string> levels;

  bool isGPU() const { return kind != TargetKind::CPU; }
};

/// What --stop-after=code writes.
enum class Emission : uint8_t {
  IR,
  CUDA,         // the translation unit of the one architecture
  PTX,          // what NVRTC makes of it
  Cubin,        // likewise
  SharedObject, // what clang makes of it, for the emulation
};

/// Tools and places outside of this program that CUDA code needs.
struct Toolchain {
  /// Files that may be NVRTC, tried in order; plain names are the loader's to
  /// find.
  std::vector<std::string> nvrtc;
  std::string clang;       // clang++-22; empty: there is none
  std::string cacheFolder; // of compiled CUDA code; empty: no cache
};

/// Everything that shapes a plan. Equal inputs and options give equal bytes.
struct CompileOptions {
  std::string input;    // checkpoint folder, or its config.json
  std::string output;   // plan, or "-" for IR on standard output
  uint32_t context = 0; // tokens of state the budget is made for; 0: the
                        // model's longest, at most kDefaultContext
  uint32_t chunk = 512; // most tokens of one prefill run
  Target target;
  KernelChoice kernels = KernelChoice::Native;
  Activations activations = Activations::OfTarget;
  std::optional<bool> fuse; // merge neighbouring calls; none: as the target is
  MLAForm mla = MLAForm::ByPhase;
  bool tapHidden = false, tapExperts = false;
  std::string chatFormat; // forced; empty: what the template says
  std::optional<Stage> stopAfter;
  Emission emission = Emission::IR; // others only with stopAfter code
  bool explain = false; // say why each kernel was chosen
  bool quantizeWeights = false; // BF16 matrices become FP8 ones, see
                                // compiler/emit/QuantizeWeights.h
  bool bundle = false; // carry the weights in the plan
  bool strict = false, strictFiles = false; // see checkpoint::ReadOptions
  bool checkWeights = false;                // read every used weight's values
  bool allowNonfinite = false; // of weights; only with checkWeights
  std::string compiler; // name and version, for the plan's provenance
  Toolchain tools;      // shapes no plan
};
inline constexpr uint32_t kDefaultContext = 4096; // tokens

} // namespace ds
