// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/Dump.h"
#include <iterator>

namespace ds::rt {
namespace {

template <class Enum, size_t n>
std::string_view pick(const std::string_view (&names)[n], Enum value) {
  return size_t(value) < n ? names[size_t(value)] : "unknown";
}

} // namespace

std::string_view nameOf(LevelKind kind) {
  static constexpr std::string_view names[] = {"cpu", "cuda", "cuda_emulation"};
  return pick(names, kind);
}
std::string_view nameOf(LaunchRows rows) {
  static constexpr std::string_view names[] = {"one", "tokens", "head_rows"};
  return pick(names, rows);
}
std::string_view nameOf(Encoding encoding) {
  static constexpr std::string_view names[] = {"f32", "bf16", "f8e4m3fn"};
  return pick(names, encoding);
}
std::string_view nameOf(WeightSource source) {
  static constexpr std::string_view names[] = {"shard", "constant", "data"};
  return pick(names, source);
}
std::string_view nameOf(ShardPlace place) {
  static constexpr std::string_view names[] = {"weights_folder", "beside_plan"};
  return pick(names, place);
}
std::string_view nameOf(StateRole role) {
  static constexpr std::string_view names[] = {"latent"};
  return pick(names, role);
}
std::string_view nameOf(Storage storage) {
  static constexpr std::string_view names[] = {"scratch", "host"};
  return pick(names, storage);
}
std::string_view nameOf(ArgKind kind) {
  static constexpr std::string_view names[] = {
      "buffer", "buffer_of_layer", "buffer_of_ordinal",
      "slot",   "slot_list",       "state"};
  return pick(names, kind);
}
std::string_view nameOf(EntryKind kind) {
  static constexpr std::string_view names[] = {"prefill", "decode", "extend",
                                               "head"};
  return pick(names, kind);
}

} // namespace ds::rt
