// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/CPUFeatures.h"
#include <cstdint>
#if defined(__x86_64__)
#include <cpuid.h>
#else
#include <sys/utsname.h>
#endif

namespace ds::rt {
namespace {

std::vector<std::string> wordsOf(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    size_t end = text.find(' ');
    if (end != 0)
      words.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return words;
}

#if defined(__x86_64__)
enum Register { EAX, EBX, ECX, EDX };
enum class Saved { None, XSave, YMM, ZMM };

struct FeatureRow {
  const char *name;
  uint32_t leaf, subleaf;
  Register reg;
  uint32_t bit;
  Saved saved;
};
constexpr FeatureRow kFeatures[] = {
#define FEATURE(name, leaf, subleaf, reg, bit, saved)                          \
  {#name, leaf, subleaf, reg, bit, Saved::saved},
#include "runtime/device/CPUFeatures.def"
};

bool cpuidBit(const FeatureRow &row) {
  uint32_t registers[4] = {};
  // Subleaf 0 of a leaf names its last subleaf in eax.
  if (row.subleaf &&
      (!__get_cpuid_count(row.leaf, 0, &registers[0], &registers[1],
                          &registers[2], &registers[3]) ||
       registers[EAX] < row.subleaf))
    return false;
  return __get_cpuid_count(row.leaf, row.subleaf, &registers[0], &registers[1],
                           &registers[2], &registers[3]) &&
         (registers[row.reg] >> row.bit & 1);
}

/// XCR0, the register sets the operating system saves; 0 without xgetbv.
uint64_t savedSets() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
    return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

/// Bits of XCR0: 0 x87, 1 XMM, 2 high YMM, 5 mask registers, 6 and 7 ZMM.
uint64_t setsNeeded(Saved saved) {
  switch (saved) {
  case Saved::None:
    return 0;
  case Saved::XSave:
    return 0x01;
  case Saved::YMM:
    return 0x06;
  case Saved::ZMM:
    return 0xE6;
  }
  return ~uint64_t(0);
}
#endif

} // namespace

CPUFeatures::CPUFeatures(std::string_view usable, std::string_view disabled,
                         std::string_view architecture)
    : architecture_(architecture) {
  for (std::string &word : wordsOf(usable))
    usable_.insert(std::move(word));
  for (std::string &word : wordsOf(disabled))
    disabled_.insert(std::move(word));
}

CPUFeatures CPUFeatures::host() {
  CPUFeatures features("");
#if defined(__x86_64__)
  uint64_t sets = savedSets();
  for (const FeatureRow &row : kFeatures) {
    if (!cpuidBit(row))
      continue;
    uint64_t needed = setsNeeded(row.saved);
    bool isSaved = (sets & needed) == needed;
    (isSaved ? features.usable_ : features.disabled_).insert(row.name);
  }
#else
  struct utsname system;
  features.architecture_ =
      ::uname(&system) == 0 ? system.machine : "unknown to this program";
#endif
  return features;
}

std::vector<std::string>
CPUFeatures::missingNames(std::string_view needed) const {
  std::vector<std::string> words = wordsOf(needed);
  std::erase_if(words, [&](const std::string &word) { return has(word); });
  return words;
}

std::string CPUFeatures::missing(std::string_view needed) const {
  std::string text;
  for (const std::string &word : missingNames(needed))
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

} // namespace ds::rt
