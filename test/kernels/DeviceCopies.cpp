// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/DeviceCopies.h"
#include <algorithm>

namespace ds::kernels::test {
namespace {
constexpr size_t kDeviceAlignment = 256;
}

DeviceCopies::DeviceCopies(const std::vector<Operand> &operands,
                           const std::vector<void *> &pointers) {
  copies_.reserve(pointers.size());
  for (size_t i = 0; i < pointers.size(); ++i)
    addresses_.push_back(
        operands[i].entries
            ? nullptr
            : copy(pointers[i], Buffer::bytesFrom(pointers[i])));
  plain_ = copies_.size();
  for (size_t i = 0; i < pointers.size(); ++i) {
    if (!operands[i].entries)
      continue;
    auto list = std::make_unique<std::vector<void *>>();
    auto *entries = static_cast<void *const *>(pointers[i]);
    for (size_t e = 0; e < operands[i].entries; ++e)
      list->push_back(entries[e]
                          ? copy(entries[e], Buffer::bytesFrom(entries[e]))
                          : nullptr);
    addresses_[i] = list->data();
    lists_.push_back(std::move(list));
  }
}

void *DeviceCopies::copy(void *host, size_t bytes) {
  size_t rounded =
      (bytes + kDeviceAlignment - 1) / kDeviceAlignment * kDeviceAlignment;
  copies_.push_back({host, bytes, Buffer(rounded)});
  std::memcpy(copies_.back().memory.data(), host, bytes);
  return copies_.back().memory.data();
}

void DeviceCopies::copyBack() {
  for (size_t i = 0; i < plain_; ++i) {
    const Copy &copy = copies_[i];
    std::memcpy(copy.host, copy.memory.data(), copy.bytes);
    for (size_t at = copy.bytes; at < copy.memory.bytes(); ++at)
      ASSERT_EQ(copy.memory.get<uint8_t>(at), 0xff)
          << "operand " << i << ": a byte behind its end was written";
  }
}

} // namespace ds::kernels::test
