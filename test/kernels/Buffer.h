// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory that traps whoever reads or writes past its end.
#pragma once
#include "kernels/Catalog.h"
#include "kernels/base/Types.h"
#include <cstring>
#include <string>
#include <vector>

namespace ds::kernels::test {

/// Lies directly before an inaccessible page. `shift` bytes are left free
/// between the two, so that weights can start at any byte; a shifted buffer
/// traps only what goes further than that. New memory is poisoned.
class Buffer {
public:
  explicit Buffer(size_t bytes, size_t shift = 0);
  ~Buffer();
  Buffer(Buffer &&other) noexcept;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;

  void *data() const { return data_; }
  size_t bytes() const { return bytes_; }
  template <class T>
  T *as() const {
    return static_cast<T *>(data_);
  }
  template <class T>
  void set(size_t index, T value) {
    std::memcpy(static_cast<char *>(data_) + index * sizeof(T), &value,
                sizeof(T));
  }
  template <class T>
  T get(size_t index) const {
    return unaligned<T>(data_, index);
  }

  /// Bytes from an address in some live Buffer to that one's end.
  static size_t bytesFrom(const void *address);

  /// 0xff everywhere: a NaN in f32, bf16 and f8e4m3fn, and no valid index.
  void poison();
  std::string snapshot() const;

private:
  void *mapping_ = nullptr;
  size_t mapped_ = 0;
  void *data_ = nullptr;
  size_t bytes_ = 0;
};

/// Deterministic values. `scale` is the largest magnitude.
class Random {
public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
  uint32_t bits();
  uint32_t below(uint32_t limit) { return bits() % limit; }
  /// Uniform in [-scale, scale].
  float uniform(float scale);

private:
  uint64_t state_;
};

/// Buffers of `count` random elements.
Buffer randomF32(size_t count, Random &random, float scale, size_t shift = 0);
Buffer randomBF16(size_t count, Random &random, float scale, size_t shift = 0);
/// Elements of activations as a row wants them: f32 or bf16.
Buffer randomActivations(Activation type, size_t count, Random &random,
                         float scale);

/// The elements of `type` (None counts as f32), widened.
std::vector<double> values(const Buffer &buffer, Activation type);
/// Bytes of one element; None counts as f32.
size_t elementBytes(Activation type);
/// Largest relative error of one rounding to `type`.
double unitRoundoff(Activation type);

} // namespace ds::kernels::test
