// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A plan, as it is and with its digests made right; what verifyPlan() accepts
// is read through, its tokenizer and chat format opened.
#include "runtime/plan/ChatRecord.h"
#include "runtime/plan/Verify.h"
#include "runtime/text/ChatFormat.h"
#include "runtime/text/Tokenizer.h"
#include "test/fuzz/Check.h"
#include "test/fuzz/PlanParts.h"
#include "test/fuzz/PlanWalk.h"
#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

using namespace ds;
using fuzz::PlanParts;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

static void openText(const rt::PlanView &plan) {
  auto tokenizer = rt::Tokenizer::open(plan.tokenizer);
  if (!tokenizer)
    return fuzz::checkRefusal(tokenizer.takeStatus());
  auto ids =
      tokenizer->encode("<think>abcab 12\n", rt::ControlTokens::Recognise);
  FUZZ_CHECK(ids);
  (void)tokenizer->decode(*ids);
  rt::ChatRecord record{};
  if (plan.chat.size() >= sizeof record)
    std::memcpy(&record, plan.chat.data(), sizeof record);
  auto chat = rt::ChatRenderer::open(*tokenizer, record);
  if (!chat)
    return fuzz::checkRefusal(chat.takeStatus());
  std::vector<rt::Message> messages = {{rt::Role::User, "abc"}};
  FUZZ_CHECK(chat->ids(messages, true));
}

static bool verify(std::span<const uint8_t> bytes) {
  Result<rt::PlanView> plan = rt::verifyPlan(bytes, "plan");
  if (!plan) {
    fuzz::checkRefusal(plan.takeStatus());
    return false;
  }
  fuzz::walkPlan(*plan);
  openText(*plan);
  return true;
}

/// Some of the plans that were accepted. Most inputs are refused, and what is
/// changed in a refused plan is rarely reached.
static std::vector<std::vector<uint8_t>> accepted;

static void remember(std::span<const uint8_t> plan) {
  constexpr size_t most = 64;
  static size_t count = 0;
  std::vector<uint8_t> copy(plan.begin(), plan.end());
  if (accepted.size() < most)
    accepted.push_back(std::move(copy));
  else
    accepted[count++ % most] = std::move(copy);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
  std::copy_n(data, size, bytes.get());
  verify({bytes.get(), size});
  fuzz::seal({bytes.get(), size});
  if (verify({bytes.get(), size}))
    remember({bytes.get(), size});
  return 0;
}

namespace {

using Random = std::minstd_rand;

/// A number that is likely to matter: small, at a border, or one that stands
/// somewhere else in the plan.
uint64_t interesting(const PlanParts &plan, Random &random) {
  constexpr uint64_t borders[] = {0,
                                  1,
                                  2,
                                  63,
                                  64,
                                  4096,
                                  0x7FFFFFFF,
                                  0x80000000,
                                  UINT32_MAX,
                                  UINT64_MAX,
                                  uint64_t(1) << 63,
                                  UINT64_MAX - 63};
  const std::vector<uint8_t> &from =
      plan.parts[random() % plan.parts.size()].bytes;
  uint64_t number = 0;
  if (random() % 2 && from.size() >= 8)
    std::memcpy(&number, from.data() + random() % (from.size() / 4 - 1) * 4,
                random() % 2 ? 4 : 8); // little-endian
  else
    number = borders[random() % std::size(borders)];
  return number + random() % 3 - 1;
}

void changeNumber(PlanParts &plan, std::vector<uint8_t> &bytes,
                  Random &random) {
  size_t width = random() % 3 ? 4 : 8;
  if (bytes.size() < width)
    return;
  uint64_t number = interesting(plan, random);
  std::memcpy(bytes.data() + random() % (bytes.size() / width) * width, &number,
              width);
}

void changeBytes(std::vector<uint8_t> &bytes) {
  size_t size = bytes.size();
  if (!size)
    return;
  LLVMFuzzerMutate(bytes.data(), size, size);
}

/// Repeats or removes a record.
void changeCount(PlanParts::Part &part, Random &random) {
  size_t width = part.recordSize(), count = part.bytes.size() / width;
  if (!count)
    return;
  auto at = part.bytes.begin() + ptrdiff_t(random() % count * width);
  std::vector<uint8_t> record(at, at + ptrdiff_t(width));
  if (random() % 2)
    part.bytes.insert(at, record.begin(), record.end());
  else
    part.bytes.erase(at, at + ptrdiff_t(width));
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  Random random(seed);
  std::span<const uint8_t> from{data, size};
  if (!accepted.empty() && random() % 4)
    from = accepted[random() % accepted.size()];
  auto plan = PlanParts::of(from);
  if (!plan || random() % 16 == 0) // the container itself
    return LLVMFuzzerMutate(data, size, maxSize);
  for (unsigned changes = 1 + random() % 3; changes; --changes) {
    PlanParts::Part &part = plan->parts[random() % plan->parts.size()];
    unsigned kind = random() % 16;
    if (kind < 10)
      changeNumber(*plan, part.bytes, random);
    else if (kind < 14)
      changeBytes(part.bytes);
    else
      changeCount(part, random);
  }
  std::vector<uint8_t> changed = plan->plan(); // sealed when it is run
  if (changed.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::copy(changed.begin(), changed.end(), data);
  return changed.size();
}
