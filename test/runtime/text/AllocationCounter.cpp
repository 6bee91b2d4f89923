// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/text/AllocationCounter.h"
#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<size_t> counter;

size_t ds::rt::numAllocations() { return counter; }

void *operator new(size_t bytes) {
  ++counter;
  if (void *memory = std::malloc(bytes ? bytes : 1))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
