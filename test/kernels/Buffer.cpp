// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/Buffer.h"
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace ds::kernels::test {
namespace {

/// The end of every live buffer, by its first byte.
std::map<const char *, const char *> &liveBuffers() {
  static std::map<const char *, const char *> buffers;
  return buffers;
}

} // namespace

Buffer::Buffer(size_t bytes, size_t shift) : bytes_(bytes) {
  size_t page = size_t(sysconf(_SC_PAGESIZE));
  size_t used = (bytes + shift + page - 1) / page * page;
  mapped_ = used + page;
  mapping_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED ||
      mprotect(static_cast<char *>(mapping_) + used, page, PROT_NONE) != 0) {
    std::perror("guarded memory");
    std::abort();
  }
  data_ = static_cast<char *>(mapping_) + used - shift - bytes;
  liveBuffers()[as<char>()] = as<char>() + bytes;
  poison();
}

Buffer::Buffer(Buffer &&other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)), mapped_(other.mapped_),
      data_(other.data_), bytes_(other.bytes_) {}

Buffer::~Buffer() {
  if (!mapping_)
    return;
  liveBuffers().erase(as<char>());
  munmap(mapping_, mapped_);
}

size_t Buffer::bytesFrom(const void *address) {
  auto *at = static_cast<const char *>(address);
  auto next = liveBuffers().upper_bound(at);
  if (next == liveBuffers().begin() || at > std::prev(next)->second) {
    std::fprintf(stderr, "an operand lies in no buffer of the test\n");
    std::abort();
  }
  return size_t(std::prev(next)->second - at);
}

void Buffer::poison() { std::memset(data_, 0xff, bytes_); }

std::string Buffer::snapshot() const {
  return {static_cast<const char *>(data_), bytes_};
}

uint32_t Random::bits() {
  // xorshift64*
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return uint32_t((state_ * 0x2545f4914f6cdd1d) >> 32);
}

float Random::uniform(float scale) {
  return (float(bits() >> 8) * 0x1p-23f - 1.0f) * scale;
}

Buffer randomF32(size_t count, Random &random, float scale, size_t shift) {
  Buffer buffer(count * sizeof(float), shift);
  for (size_t i = 0; i < count; ++i)
    buffer.set(i, random.uniform(scale));
  return buffer;
}

Buffer randomBF16(size_t count, Random &random, float scale, size_t shift) {
  Buffer buffer(count * sizeof(bf16), shift);
  for (size_t i = 0; i < count; ++i)
    buffer.set(i, toBF16(random.uniform(scale)));
  return buffer;
}

Buffer randomActivations(Activation type, size_t count, Random &random,
                         float scale) {
  return type == Activation::BF16 ? randomBF16(count, random, scale)
                                  : randomF32(count, random, scale);
}

std::vector<double> values(const Buffer &buffer, Activation type) {
  std::vector<double> list(buffer.bytes() / elementBytes(type));
  for (size_t i = 0; i < list.size(); ++i)
    list[i] = type == Activation::BF16 ? toFloat(buffer.get<bf16>(i))
                                       : buffer.get<float>(i);
  return list;
}

size_t elementBytes(Activation type) {
  return type == Activation::BF16 ? sizeof(bf16) : sizeof(float);
}

double unitRoundoff(Activation type) {
  return type == Activation::BF16 ? 0x1p-8 : 0x1p-24;
}

} // namespace ds::kernels::test
