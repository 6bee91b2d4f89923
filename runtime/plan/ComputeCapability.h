// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a GPU can do, as a number, and what code asks for.
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

} // namespace ds::rt
