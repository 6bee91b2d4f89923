// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/text/ReasoningSplitter.h"
#include <algorithm>
#include <utility>

namespace ds::rt {
namespace {
constexpr std::string_view kMark = "</think>";
}

ReasoningSplitter::Parts ReasoningSplitter::push(std::string_view text) {
  if (!reasons_)
    return {{}, false, std::string(text)};
  std::string all = std::exchange(held_, {}).append(text);
  if (size_t at = all.find(kMark); at != std::string::npos) {
    reasons_ = false;
    return {all.substr(0, at), true, all.substr(at + kMark.size())};
  }
  size_t wait = std::min(all.size(), kMark.size() - 1);
  while (!all.ends_with(kMark.substr(0, wait)))
    --wait;
  held_ = all.substr(all.size() - wait);
  all.resize(all.size() - wait);
  return {std::move(all), false, {}};
}

ReasoningSplitter::Parts ReasoningSplitter::finish() {
  return {std::exchange(held_, {}), false, {}};
}

} // namespace ds::rt
