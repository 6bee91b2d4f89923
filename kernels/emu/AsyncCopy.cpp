// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cp.async: copies that a thread begins, groups, and waits for. A copy writes
// its target at any time between its issue and the wait for its group; both
// ends are noted as writes of the issuing thread.
#include "kernels/emu/Block.h"
#include "kernels/emu/Device.h"
#include "kernels/emu/Sanitizers.h"

namespace ds::emu {

static void perform(const Copy &copy) {
  char *to = static_cast<char *>(copy.shared);
  const char *from = static_cast<const char *>(copy.global);
  if (copy.validBytes == 16) {
    __builtin_memcpy_inline(to, from, 16);
    return;
  }
  for (uint32_t i = 0; i < 16; ++i)
    to[i] = i < copy.validBytes ? from[i] : 0;
}

void copyAsync16(void *shared, const void *global, uint32_t validBytes) {
  const Quiet quiet;
  Block &block = *currentBlock;
  block.sharedOffset("copyAsync16", shared, 16, 16);
  if (validBytes > 16)
    block.fail("copyAsync16: ", validBytes, " valid bytes of 16");
  if (reinterpret_cast<uintptr_t>(global) % 16 != 0)
    block.fail("copyAsync16: source ", global, " is not aligned to 16 bytes");
  if (validBytes)
    block.checkGlobal("copyAsync16", global, validBytes, false);
  noteRead(global, validBytes);
  noteWrite(shared, 16);
  Thread &self = *block.running;
  ++self.open.copies;
  const Copy copy{shared, global, validBytes};
  if (block.atOnce())
    perform(copy);
  else
    self.open.undone.push_back(copy);
}

void copyAsyncCommit() {
  const Quiet quiet;
  Thread &self = *currentBlock->running;
  if (self.groups.size() == self.oldestGroup) { // all are done with
    self.groups.clear();
    self.oldestGroup = 0;
  }
  self.groups.push_back(std::move(self.open));
  self.open = {};
}

void copyAsyncWait(uint32_t groups) {
  const Quiet quiet;
  Block &block = *currentBlock;
  block.maybeYield();
  Thread &self = *block.running;
  while (self.groups.size() - self.oldestGroup > groups) {
    CopyGroup &group = self.groups[self.oldestGroup++];
    for (const Copy &copy : group.undone) {
      perform(copy);
      noteRead(copy.global, copy.validBytes);
      noteWrite(copy.shared, 16);
    }
  }
}

} // namespace ds::emu
