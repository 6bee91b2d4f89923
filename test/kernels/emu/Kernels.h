// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small kernels of each sort for the emulation, which make a mistake when told
// to. Problem owns the operands of all of them.
#pragma once
#include "kernels/base/DeviceCall.h"
#include "kernels/base/Types.h"
#include "kernels/emu/Launch.h"
#include <string>
#include <vector>

namespace ds::kernels::test {

enum class Mistake {
  None,
#define MISTAKE(name, kernel, by, text) name,
#include "test/kernels/emu/Mistakes.def"
};

/// A kernel's parameter.
struct SmallCall {
  Mistake mistake;
  uint32_t rows, k;        // of a; rows up to kTile
  const bf16 *a, *b;       // [rows, k], [kTile, k]
  const f8e4m3fn *a8, *b8; // the same in f8e4m3fn
  const TensorMap *maps;   // of a8, b8; then of both without swizzle
  float *d;                // [kTile, kTile]; reduceRow: [1]
};
constexpr uint32_t kTile = 64;

void reduceRow(const SmallCall &call);  // d[0] = sum of a's first row
void ampereTile(const SmallCall &call); // d = a b^T: cp.async, ldmatrix, mma
void hopperTile(const SmallCall &call); // d = a8 b8^T: TMA, mbarrier, wgmma
void stagedTile(const SmallCall &call); // the same, tiles stored by threads

/// A kernel and how it is launched.
struct SmallKernel {
  const char *name;
  void (*function)(const SmallCall &);
  uint32_t threads;
  size_t sharedBytes;
  emu::Architecture architecture;
};
extern const SmallKernel kSmallKernels[4];
const SmallKernel &smallKernel(const std::string &name);

class Problem {
public:
  /// Values from a fixed seed; k is a multiple of 128.
  Problem(uint32_t rows, uint32_t k);
  /// Runs two blocks, which compute the same. The result is in d().
  emu::Result run(const SmallKernel &kernel, Mistake mistake,
                  emu::Completion completion, uint64_t seed);
  const std::vector<float> &d() const { return sums; }
  /// What `kernel` should find, and its largest error.
  std::vector<double> wanted(const SmallKernel &kernel) const;
  double tolerance(const SmallKernel &kernel) const;

  const uint32_t rows, k;

private:
  template <class T>
  struct Aligned { // 16 bytes, as device memory is
    std::vector<T> storage;
    T *data = nullptr;
    size_t count = 0;
    void resize(size_t n);
  };
  Aligned<bf16> a, b;
  Aligned<f8e4m3fn> a8, b8;
  TensorMap maps[4];
  std::vector<float> sums;
};

} // namespace ds::kernels::test
