// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of verifyPlan(), in the order they run. Each relies on the ones
// before it. No other room includes this.
#pragma once
#include "runtime/plan/Verify.h"
#include <string>

namespace ds::rt {

/// Makes the errors of one plan.
class Refusal {
public:
  explicit Refusal(std::string_view fileName) : file_(fileName) {}

  Error operator()(ErrorCode code, std::string subject, std::string found = {},
                   std::string expected = {}) const {
    return {.code = code,
            .file = file_,
            .subject = std::move(subject),
            .found = std::move(found),
            .expected = std::move(expected)};
  }
  /// `subject` is the record ("weight 7"), `field` what is wrong in it.
  Error number(ErrorCode code, std::string subject, uint64_t found,
               std::string expected) const {
    return (*this)(code, std::move(subject), std::to_string(found),
                   std::move(expected));
  }

private:
  std::string file_;
};

/// "step", 512 gives "step 512".
inline std::string nameOfRecord(std::string_view kind, size_t index) {
  return std::string(kind) + " " + std::to_string(index);
}

// What no honest plan reaches; with these no number of a session overflows.
inline constexpr uint32_t kMaxLevels = 16;
inline constexpr uint32_t kMaxContext = 1u << 24;         // tokens
inline constexpr uint32_t kMaxRunTokens = 1u << 16;       // of a chunk, a head
inline constexpr uint32_t kMaxDecodeTokens = 1u << 12;    // sequences
inline constexpr uint64_t kMaxPageEntries = 1u << 28;     // pages x sequences
inline constexpr uint64_t kMaxMemory = uint64_t(1) << 62; // bytes

/// offset + size <= end, without overflow.
constexpr bool fits(uint64_t offset, uint64_t size, uint64_t end) {
  return offset <= end && size <= end - offset;
}

/// a + b and a * b, or the largest number, which is beyond every limit.
constexpr uint64_t sumOf(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}
constexpr uint64_t productOf(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/// Slices of one section lie in order, without holes, and cover it.
class Slices {
public:
  Slices(size_t total, ErrorCode code, std::string what, const Refusal &refuse)
      : total_(total), code_(code), what_(std::move(what)), refuse_(refuse) {}
  Status next(const std::string &owner, uint32_t first, uint32_t count) {
    if (first != next_ || !fits(first, count, total_))
      return refuse_(code_, owner + ": " + what_,
                     std::to_string(first) + " + " + std::to_string(count),
                     "from " + std::to_string(next_) + " on, an end within " +
                         std::to_string(total_));
    next_ += count;
    return {};
  }
  Status end() const {
    return next_ == total_
               ? Status()
               : refuse_.number(code_, what_ + " that belong to a record",
                                next_, std::to_string(total_));
  }

private:
  uint64_t next_ = 0, total_;
  ErrorCode code_;
  std::string what_;
  const Refusal &refuse_;
};

/// Header, table, gaps, digests, whole records.
Result<PlanView> verifyContainer(std::span<const uint8_t> bytes,
                                 uint64_t fileSize, const Refusal &refuse);
/// Levels, model, weights, states, buffers, budget, provenance.
Status verifyRecords(const PlanView &plan, const Refusal &refuse);
/// Images, kernels, steps, arguments, bodies, calls, entries.
Status verifyProgram(const PlanView &plan, const Refusal &refuse);
/// Launches, tensor maps, buckets; which of them the steps can have.
Status verifyLaunches(const PlanView &plan, const Refusal &refuse);
/// Between two barriers no step touches what another one writes.
Status verifySchedule(const PlanView &plan, const Refusal &refuse);

} // namespace ds::rt
