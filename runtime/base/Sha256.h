// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256 (FIPS 180-4). Uses the SHA instructions of the CPU where it has them.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ds {

using Digest = std::array<uint8_t, 32>;

/// One digest over any number of updates. After finish() the object is spent.
class Sha256 {
public:
  Sha256();
  void update(const void *data, size_t bytes);
  void update(std::string_view text) { update(text.data(), text.size()); }
  Digest finish();

  /// Off: the portable code runs whatever the CPU has (for tests).
  static void allowInstructions(bool allowed);

private:
  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> block_; // the first bytes_ % 64 are waiting
  uint64_t bytes_ = 0;
};

/// Lower-case hexadecimal, 64 characters.
std::string hexOf(const Digest &digest);

} // namespace ds
