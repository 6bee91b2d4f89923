// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operands of a call as a GPU has them: each in memory of its own, at a
// multiple of 256 bytes, with an untouchable page behind its last 256.
#pragma once
#include "test/kernels/KernelTest.h"
#include <memory>

namespace ds::kernels::test {

class DeviceCopies {
public:
  /// Copies what `pointers` point to, from there to the end of the Buffer, or
  /// the entries of a weight list. `operands` says which are lists.
  DeviceCopies(const std::vector<Operand> &operands,
               const std::vector<void *> &pointers);
  const std::vector<void *> &operands() const { return addresses_; }
  /// Copies all operands but lists back. Fails the test where a byte between an
  /// operand's end and its page has changed.
  void copyBack();

private:
  struct Copy {
    void *host;
    size_t bytes;
    Buffer memory;
  };
  void *copy(void *host, size_t bytes);

  std::vector<Copy> copies_;
  std::vector<std::unique_ptr<std::vector<void *>>> lists_;
  std::vector<void *> addresses_;
  size_t plain_ = 0; // copies that are operands themselves
};

} // namespace ds::kernels::test
