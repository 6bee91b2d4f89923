// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/plan/Placement.h"
#include <algorithm>
#include <llvm/ADT/STLExtras.h>
#include <numeric>

using namespace llvm;

namespace ds::plan {
namespace {

using Order = SmallVector<uint32_t>; // indices of buffers

uint64_t endOf(const PlacedBuffer &buffer) {
  return buffer.offset + buffer.size;
}
uint64_t lifeOf(const PlacedBuffer &buffer) {
  return uint64_t(buffer.last) - buffer.first + 1;
}

class Placement {
public:
  explicit Placement(ArrayRef<PlacedBuffer> buffers) : buffers_(buffers) {}

  /// Places in this order; returns the end of the highest buffer.
  uint64_t run(ArrayRef<uint32_t> order) {
    byOffset_.clear();
    uint64_t end = 0;
    for (uint32_t index : order) {
      buffers_[index].offset = bestFit(buffers_[index]);
      byOffset_.insert(upper_bound(byOffset_, index,
                                   [&](uint32_t a, uint32_t b) {
                                     return buffers_[a].offset <
                                            buffers_[b].offset;
                                   }),
                       index);
      end = std::max(end, endOf(buffers_[index]));
    }
    return end;
  }

  /// Of the last run; the first in its order among equals.
  uint32_t highest(ArrayRef<uint32_t> order) const {
    return *std::max_element(order.begin(), order.end(),
                             [&](uint32_t a, uint32_t b) {
                               return endOf(buffers_[a]) < endOf(buffers_[b]);
                             });
  }
  ArrayRef<PlacedBuffer> buffers() const { return buffers_; }

private:
  uint64_t bestFit(const PlacedBuffer &buffer) const {
    uint64_t best = 0, bestGap = UINT64_MAX, free = 0;
    for (uint32_t index : byOffset_) {
      const PlacedBuffer &other = buffers_[index];
      if (other.last < buffer.first || buffer.last < other.first)
        continue;
      if (other.offset > free && other.offset - free >= buffer.size &&
          other.offset - free < bestGap) {
        best = free;
        bestGap = other.offset - free;
      }
      free = std::max(free, endOf(other));
    }
    return bestGap == UINT64_MAX ? free : best;
  }

  SmallVector<PlacedBuffer> buffers_;
  SmallVector<uint32_t> byOffset_; // those placed so far
};

/// By falling `key`, the earlier buffer first among equals.
template <class Key>
Order ordered(ArrayRef<PlacedBuffer> buffers, const Key &key) {
  Order order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](uint32_t a, uint32_t b) {
    auto keyA = key(buffers[a]), keyB = key(buffers[b]);
    return keyA != keyB ? keyA > keyB : a < b;
  });
  return order;
}

} // namespace

uint64_t peakOf(ArrayRef<PlacedBuffer> buffers) {
  SmallVector<uint64_t> live;
  for (const PlacedBuffer &buffer : buffers) {
    if (live.size() <= buffer.last)
      live.resize(buffer.last + 1);
    for (uint32_t time = buffer.first; time <= buffer.last; ++time)
      live[time] += buffer.size;
  }
  return live.empty() ? 0 : *max_element(live);
}

uint64_t place(MutableArrayRef<PlacedBuffer> buffers) {
  using Buffer = const PlacedBuffer &;
  Order best = ordered(buffers, [](Buffer b) { return b.size; });
  const Order others[] = {
      ordered(buffers, lifeOf),
      ordered(buffers, [](Buffer b) { return b.size * lifeOf(b); }),
      ordered(buffers, [](Buffer b) { return UINT32_MAX - b.first; })};
  const uint64_t peak = peakOf(buffers);
  Placement placement(buffers);
  uint64_t end = placement.run(best);
  auto attempt = [&](const Order &order) {
    uint64_t found = placement.run(order);
    if (found < end) {
      end = found;
      best = order;
    }
  };
  for (const Order &order : others)
    if (end > peak)
      attempt(order);
  Order order = best;
  for (size_t i = 0; i < buffers.size() && end > peak; ++i) {
    placement.run(order);
    auto highest = llvm::find(order, placement.highest(order));
    std::rotate(order.begin(), highest, highest + 1);
    attempt(order);
  }
  placement.run(best);
  llvm::copy(placement.buffers(), buffers.begin());
  return end;
}

} // namespace ds::plan
