// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsc/Doctor.h"
#include "kernels/Catalog.h"
#include "tools/dsc/Sizes.h"
#include "tools/terminal/ProgressBar.h"

namespace ds {
namespace {

std::string rateText(double bytesPerSecond) {
  return fmt::format("{:.1f} GB/s", bytesPerSecond / 1e9);
}

} // namespace

std::string_view nameOf(Verdict verdict) {
  constexpr std::string_view names[] = {"ok", "warn", "fail"};
  return names[size_t(verdict)];
}

Finding judgeCPU(const rt::CPUFeatures &features) {
  std::string missing, better;
  for (const kernels::LevelInfo &level : kernels::levels()) {
    std::vector<std::string> lacks = features.missingNames(level.features);
    if (lacks.empty()) {
      Finding finding{.check = "cpu",
                      .verdict = better.empty() ? Verdict::Ok : Verdict::Warn,
                      .found = fmt::format("runs {} kernels", level.name),
                      .advice = better.empty()
                                    ? "the best kernels there are"
                                    : fmt::format("faster kernels ({}) need {}",
                                                  better, missing),
                      .words = {{"level", std::string(level.name)}}};
      return finding;
    }
    better = level.name;
    missing = fmt::format("{}", fmt::join(lacks, ", "));
    for (const std::string &name : lacks)
      if (features.isDisabled(name)) {
        missing += "; the CPU has " + name +
                   ", but the operating system or hypervisor disables it";
        break;
      }
  }
  return {.check = "cpu",
          .verdict = Verdict::Fail,
          .found = "runs no kernels",
          .advice = fmt::format("the simplest ({}) need {}: use another "
                                "machine",
                                better, missing)};
}

Finding judgeThreads(uint32_t allowed, uint32_t present) {
  bool isLess = allowed < present;
  return {.check = "threads",
          .verdict = isLess ? Verdict::Warn : Verdict::Ok,
          .found = fmt::format("{} of {} CPUs may be used", allowed, present),
          .advice = isLess ? "affinity (taskset) or the container's quota "
                             "holds the others back"
                           : "dsrun uses all of them unless --threads says "
                             "otherwise",
          .numbers = {{"allowed", allowed}, {"present", present}}};
}

Finding judgeMemory(uint64_t available, uint64_t total, uint64_t weights) {
  constexpr uint64_t least = uint64_t(512) << 20, enough = uint64_t(4) << 30;
  Finding finding{
      .check = "memory",
      .verdict = Verdict::Ok,
      .found = fmt::format("{} of {} available", bytesText(available),
                           bytesText(total)),
      .advice = "dsc inspect PLAN says what a plan needs",
      .numbers = {{"available", double(available)}, {"total", double(total)}}};
  if (weights) {
    finding.found += fmt::format("; weights {}", bytesText(weights));
    finding.numbers.push_back({"weights", double(weights)});
  }
  if (available < least) {
    finding.verdict = Verdict::Fail;
    finding.advice = "too little for any model: end other programs, or raise "
                     "the container's limit";
  } else if (weights > available) {
    finding.verdict = Verdict::Warn;
    finding.advice = "the weights do not fit: what is not in memory is read "
                     "from the disk again for every token";
  } else if (weights) {
    finding.advice = "the weights fit, and stay in memory once they are read";
  } else if (available < enough) {
    finding.verdict = Verdict::Warn;
    finding.advice = "little: see what the plan needs with dsc inspect PLAN";
  }
  return finding;
}

Finding judgeHugePages(const std::optional<std::string> &enabled) {
  Finding finding{.check = "huge pages", .verdict = Verdict::Ok};
  bool isNever = enabled && enabled->find("[never]") != enabled->npos;
  if (enabled && !isNever) {
    bool isAlways = enabled->find("[always]") != enabled->npos;
    finding.found = isAlways ? "always" : "where a program asks (madvise)";
    finding.advice = "dsrun asks for them";
    return finding;
  }
  finding.verdict = Verdict::Warn;
  finding.found = isNever ? "never" : "the kernel has none";
  finding.advice = isNever ? "echo madvise "
                             ">/sys/kernel/mm/transparent_hugepage/enabled "
                             "makes memory access faster"
                           : "a kernel with transparent huge pages makes "
                             "memory access faster";
  return finding;
}

Finding judgeBandwidth(double bytesPerSecond, uint32_t threads) {
  constexpr double slow = 5e9;
  // Weights that one token of DeepSeek-V3 or R1 reads: 37e9 parameters, FP8.
  constexpr double activeBytes = 37e9;
  Finding finding{
      .check = "memory speed",
      .verdict = bytesPerSecond < slow ? Verdict::Warn : Verdict::Ok,
      .found = fmt::format("{} read by {} threads", rateText(bytesPerSecond),
                           threads),
      .advice = fmt::format("it bounds decoding: R1 (37 GB a token) at best "
                            "{:.2g} tokens/s",
                            bytesPerSecond / activeBytes),
      .numbers = {{"bytes_per_second", bytesPerSecond},
                  {"threads", threads}}};
  if (finding.verdict == Verdict::Warn)
    finding.advice += "; other programs may be at work, try again";
  return finding;
}

Finding judgeDisk(double bytesPerSecond, bool isDirect, uint64_t weights) {
  constexpr double slow = 300e6;
  Finding finding{
      .check = "disk",
      .verdict = bytesPerSecond < slow ? Verdict::Warn : Verdict::Ok,
      .found = fmt::format("{} read", rateText(bytesPerSecond)),
      .advice = "the first run reads the weights at this speed, later ones "
                "from memory",
      .numbers = {{"bytes_per_second", bytesPerSecond}}};
  if (!isDirect)
    finding.found += " (the system's cache may have helped)";
  if (weights)
    finding.advice = fmt::format(
        "the first run reads {} of weights in {} or more", bytesText(weights),
        terminal::timeText(double(weights) / bytesPerSecond));
  if (finding.verdict == Verdict::Warn)
    finding.advice += "; a faster disk shortens it";
  return finding;
}

// Running plans needs neither, so their absence is no fault of the machine.
Finding judgeNVRTC(const std::optional<std::string> &found) {
  return {.check = "NVRTC",
          .found = found ? *found : "not found",
          .advice = found ? "dsc compile --target=cuda makes cubins with it"
                          : "dsc compile --target=cuda is off; "
                            "tools/dev/setup --cuda brings it"};
}

Finding judgeClang(const std::string &path) {
  return {.check = "clang-22",
          .found = path.empty() ? "not found" : path,
          .advice = path.empty()
                        ? "dsc compile --target=cuda-emu is off"
                        : "dsc compile --target=cuda-emu compiles with it"};
}

Exit exitOf(const std::vector<Finding> &findings) {
  for (const Finding &finding : findings)
    if (finding.verdict == Verdict::Fail)
      return finding.exit;
  return Exit::Success;
}

} // namespace ds
