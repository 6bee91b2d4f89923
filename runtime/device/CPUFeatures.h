// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What this CPU can do, in the words of /proc/cpuinfo, which are also those of
// kernels/base/Levels.def and of a plan's levels.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ds::rt {

class CPUFeatures {
public:
  /// Asks the CPU (cpuid) and the operating system (xgetbv: which registers it
  /// saves). Knows the names that a level may need; any other is missing.
  static CPUFeatures host();
  /// Space-separated names, for tests: what the CPU has and may be used, and
  /// what it has but the operating system disables.
  explicit CPUFeatures(std::string_view usable, std::string_view disabled = "",
                       std::string_view architecture = "x86-64");

  /// "x86-64", or what the system calls another one.
  const std::string &architecture() const { return architecture_; }
  bool has(std::string_view name) const { return usable_.contains(name); }
  /// The CPU has it, the operating system or hypervisor has switched it off.
  bool isDisabled(std::string_view name) const {
    return disabled_.contains(name);
  }
  /// Those of a space-separated list that cannot be used, in its order, with
  /// ", " between; empty: all can.
  std::string missing(std::string_view needed) const;
  std::vector<std::string> missingNames(std::string_view needed) const;
  const std::set<std::string, std::less<>> &usable() const { return usable_; }

private:
  std::string architecture_;
  std::set<std::string, std::less<>> usable_, disabled_;
};

} // namespace ds::rt
