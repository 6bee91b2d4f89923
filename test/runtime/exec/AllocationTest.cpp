// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts allocations of the whole process, so it is a binary of its own.
#include "runtime/exec/Generator.h"
#include "test/runtime/exec/TinyPlan.h"
#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <new>

namespace {
std::atomic<size_t> allocations = 0;
}

#if !__has_feature(address_sanitizer)
// Everything that asks the C library for memory, operator new included.
extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void *malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void *realloc(void *old, size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}
#else
void *operator new(size_t size) {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
#endif

using namespace ds;
using namespace ds::rt;
using namespace ds::rt::test;

namespace {

/// Allocations from the first token on to the last.
struct Watch : GenerationListener {
  size_t tokens = 0, atFirst = 0, atLast = 0;
  void onToken(size_t, uint32_t) override {
    if (tokens++ == 0)
      atFirst = allocations;
    atLast = allocations;
  }
  void onFinish(size_t, const Completion &) override {}
};

// The counter sees allocations at all.
TEST(AllocationTest, counterCounts) {
  size_t before = allocations;
  std::vector<char> *volatile memory = new std::vector<char>(10);
  delete memory;
  EXPECT_GE(allocations, before + 2);
}

// Decode, head, sampler, stop strings and logprobs allocate nothing, greedy or
// sampled, for one sequence or several.
TEST(AllocationTest, tokenLoopAllocatesNothing) {
  TinyPlan plan;
  std::vector<uint8_t> section = byteTokenizer();
  Tokenizer tokenizer = std::move(*Tokenizer::open(section));
  StopStrings stops =
      std::move(*StopStrings::create(tokenizer, {"never", "\1\2\3\4\5\6"}));
  std::unique_ptr<Session> session = std::move(*Session::create(
      plan.view(), plan.kernels(), plan.weights(), {.threads = 2}));
  Generator generator(*session);
  for (float temperature : {0.0f, 1.0f})
    for (size_t count : {1, 3}) {
      Request request{.prompt = {2, 3},
                      .maxNewTokens = 5,
                      .sampling = {.temperature = temperature,
                                   .topK = 12,
                                   .topP = 0.95f,
                                   .minP = 0.01f,
                                   .repetitionPenalty = 1.2f,
                                   .frequencyPenalty = 0.5f,
                                   .presencePenalty = 0.5f,
                                   .seed = 3},
                      .stops = {},
                      .stopStrings = &stops,
                      .logprobs = 5};
      std::vector<Request> requests(count, request);
      Watch watch;
      ASSERT_TRUE(generator.run(requests, &watch));
      EXPECT_EQ(watch.tokens, 5 * count);
      EXPECT_EQ(watch.atLast, watch.atFirst);
    }
}

} // namespace
