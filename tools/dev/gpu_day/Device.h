// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A device through CUDA's runtime: memory, launches of rows, time. What fails
// ends the program with CUDA's words.
#pragma once
#include "kernels/LaunchTable.h"
#include "tools/dev/gpu_day/Operands.h"
#include "tools/dev/kernel_unit/Examples.h"
#include <cstddef>
#include <memory>
#include <string>

namespace ds::day {

struct DeviceInfo {
  std::string name;
  std::string architecture; // "sm_90a"
  uint32_t multiprocessors;
  size_t memory, secondLevelCache; // bytes
};
/// Of device 0.
DeviceInfo deviceInfo();

/// What the device reaches in loops of nothing else; 0 where it has none of the
/// units, or this program no instruction for them.
struct Limits {
  double copy, read;         // bytes/s: read and written; read only
  double bf16, f8;           // flop/s of the matrix units
  const char *bf16By, *f8By; // the instruction
};
Limits measureLimits();

/// A row with its operands on the device.
class DeviceRow {
public:
  DeviceRow(const kernels::KernelRow &row, const kernels::Example &example,
            const Run &run, const std::vector<Operand> &operands);
  ~DeviceRow();

  /// All its launches, once.
  void run() const;
  /// Outputs back to the operands.
  void fetch(std::vector<Operand> &operands) const;
  /// Seconds of one run: the median of several, the caches of the device
  /// flushed before each.
  double seconds() const;

private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

} // namespace ds::day
