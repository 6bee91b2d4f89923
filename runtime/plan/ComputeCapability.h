// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a GPU can do, as a number, and what code for CUDA asks for.
#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ds::rt {

struct ComputeCapability {
  uint32_t major = 0, minor = 0;
  bool isExact = false; // code with an `a` runs on this capability alone

  /// "8.0", "9.0a"; nothing for another spelling.
  static std::optional<ComputeCapability> of(std::string_view text) {
    ComputeCapability result;
    if (text.ends_with('a')) {
      result.isExact = true;
      text.remove_suffix(1);
    }
    size_t dot = text.find('.');
    if (dot == text.npos || !number(text.substr(0, dot), result.major) ||
        !number(text.substr(dot + 1), result.minor))
      return std::nullopt;
    return result;
  }

  /// Code for this runs on a GPU of that capability.
  bool runsOn(const ComputeCapability &gpu) const {
    return major == gpu.major &&
           (isExact ? minor == gpu.minor : minor <= gpu.minor);
  }
  /// "sm_89", "sm_90a".
  std::string name() const {
    return "sm_" + std::to_string(major) + std::to_string(minor) +
           (isExact ? "a" : "");
  }

private:
  /// One or two decimal digits, none in front for nothing.
  static bool number(std::string_view text, uint32_t &value) {
    if (text.empty() || text.size() > 2 ||
        (text.size() > 1 && text.front() == '0'))
      return false;
    auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
  }
};

/// The features of a CUDA level: "9.0a", or "9.0a 13.0" where the driver must
/// be for CUDA 13.0 or later.
struct CUDANeeds {
  ComputeCapability capability;
  int driver = 0; // as drivers count: 13000 is 13.0; 0: any

  /// Nothing for another spelling.
  static std::optional<CUDANeeds> of(std::string_view features) {
    size_t space = features.find(' ');
    auto capability = ComputeCapability::of(features.substr(0, space));
    if (!capability)
      return std::nullopt;
    CUDANeeds needs{*capability};
    if (space == features.npos)
      return needs;
    auto driver = ComputeCapability::of(features.substr(space + 1));
    if (!driver || driver->isExact)
      return std::nullopt;
    needs.driver = int(1000 * driver->major + 10 * driver->minor);
    return needs;
  }
};

} // namespace ds::rt
