// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Judgements on a machine: what was found, whether it will do, what to do.
#pragma once
#include "runtime/base/Status.h"
#include "runtime/device/CPUFeatures.h"
#include "runtime/plan/Records.h"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ds {

enum class Verdict { Ok, Warn, Fail };
std::string_view nameOf(Verdict verdict); // "ok", "warn", "fail"

struct Finding {
  std::string check; // "cpu"
  Verdict verdict = Verdict::Ok;
  Exit exit = Exit::Unfit; // of the tool, where the verdict is Fail
  std::string found = {};  // "runs avx2 kernels"
  std::string advice = {}; // one line
  /// The same for programs: words and numbers.
  std::vector<std::pair<std::string, std::string>> words = {};
  std::vector<std::pair<std::string, double>> numbers = {};
};

/// Which level of kernels/base/Levels.def runs, and what the next one lacks.
Finding judgeCPU(const rt::CPUFeatures &features);
/// CPUs this process may use, of those that are there.
Finding judgeThreads(uint32_t allowed, uint32_t present);
/// Bytes; weights: of the folder that was named, 0 where there is none.
Finding judgeMemory(uint64_t available, uint64_t total, uint64_t weights);
/// `enabled`: the text of …/transparent_hugepage/enabled; nullopt: no such
/// file.
Finding judgeHugePages(const std::optional<std::string> &enabled);
/// Bytes a second that memory is read at.
Finding judgeBandwidth(double bytesPerSecond, uint32_t threads);
/// Bytes a second of the disk; weights as for memory.
Finding judgeDisk(double bytesPerSecond, bool isDirect, uint64_t weights);

/// Whether plans for GPUs can be compiled: NVRTC's version and file, or nothing.
Finding judgeNVRTC(const std::optional<std::string> &found);
/// Whether plans for the emulation can: the path of clang++-22, or empty.
Finding judgeClang(const std::string &path);

/// Of the first check that failed.
Exit exitOf(const std::vector<Finding> &findings);

} // namespace ds
