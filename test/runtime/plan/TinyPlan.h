// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan made by hand: two layers, every kind of record and argument, code of a
// few bytes for any x86-64. Tests damage it.
#pragma once
#include "runtime/plan/Writer.h"
#include <cstdint>
#include <string>
#include <vector>

namespace ds::rt::test {

/// What lies in the shard "weights.safetensors": a header, then the data.
std::vector<uint8_t> tinyShard();
/// Bytes of the header.
uint64_t tinyShardHeader();

struct TinyOptions {
  std::string weightsFolder = "model";
  bool hasTokenizer = true;
  bool hasData = false; // a weight in DATA
  // Not CPU: the same plan with launches, tensor maps and buckets, and images
  // that are no more than an ELF header.
  LevelKind kind = LevelKind::CPU;
};
PlanWriter tinyWriter(const TinyOptions &options = {});
/// tinyWriter().finish(), which must succeed.
std::vector<uint8_t> tinyPlan(const TinyOptions &options = {});

/// Record `index` of a plan, to be changed; sealPlan() makes the digests right
/// again.
template <class Record>
Record &recordIn(std::vector<uint8_t> &plan, uint32_t index = 0);
/// The section's entry in the table.
SectionEntry &entryIn(std::vector<uint8_t> &plan, std::string_view tag);
/// The plan with one more section at the end, sealed. 64-byte aligned.
std::vector<uint8_t> withSection(std::vector<uint8_t> plan,
                                 std::string_view tag, uint32_t flags,
                                 std::span<const uint8_t> bytes);

template <class Record>
Record &recordIn(std::vector<uint8_t> &plan, uint32_t index) {
  SectionEntry &entry =
      entryIn(plan, kSections[uint32_t(sectionOf<Record>())].tag);
  return reinterpret_cast<Record *>(plan.data() + entry.offset)[index];
}

} // namespace ds::rt::test
