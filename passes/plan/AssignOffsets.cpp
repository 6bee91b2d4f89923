// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Places buffers larger first, each into the smallest gap that holds it. Large
// buffers are few and decide the size of the arena; small ones then fill what
// is left between them. Bodies do not see each other: only pinned buffers
// outlive one.
#include "passes/plan/BufferLifetimes.h"
#include "passes/plan/Passes.h"
#include <llvm/Support/MathExtras.h>
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds::plan {
#define GEN_PASS_DEF_ASSIGNOFFSETSPASS
#include "passes/plan/Passes.h.inc"

namespace {

struct Placed {
  BufferLifetimes::Lifetime lifetime;
  uint64_t begin, end;
};

uint64_t alignedSize(BufferOp buffer) {
  return llvm::alignTo(buffer.getSize(), kBufferAlignment);
}

/// Where `size` bytes fit best among `placed`, sorted by begin.
uint64_t bestFit(const SmallVectorImpl<Placed> &placed,
                 const BufferLifetimes::Lifetime &lifetime, uint64_t base,
                 uint64_t size) {
  uint64_t best = 0, bestGap = UINT64_MAX, free = base;
  for (const Placed &other : placed) {
    if (other.lifetime.last < lifetime.first ||
        lifetime.last < other.lifetime.first)
      continue;
    if (other.begin > free && other.begin - free >= size &&
        other.begin - free < bestGap) {
      best = free;
      bestGap = other.begin - free;
    }
    free = std::max(free, other.end);
  }
  return bestGap == UINT64_MAX ? free : best;
}

struct AssignOffsets : impl::AssignOffsetsPassBase<AssignOffsets> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    const auto &lifetimes = getAnalysis<BufferLifetimes>();
    if (BufferOp buffer = lifetimes.shared()) {
      buffer.emitOpError("is used by two bodies and not pinned");
      return signalPassFailure();
    }
    uint64_t pinned = 0, host = 0;
    for (auto buffer : module.getOps<BufferOp>()) {
      uint64_t &end = buffer.getStorage() == Storage::Host ? host : pinned;
      if (buffer.getStorage() != Storage::Host && !buffer.getPinned())
        continue;
      buffer.setOffset(end);
      end += alignedSize(buffer);
    }
    uint64_t scratch = pinned, lowerBound = pinned;
    for (auto body : module.getOps<BodyOp>()) {
      scratch = std::max(scratch, place(lifetimes, body, pinned));
      lowerBound = std::max(lowerBound, pinned + peak(lifetimes, body));
    }
    for (auto buffer : module.getOps<BufferOp>()) {
      if (buffer.getPlace()) {
        auto where = module.lookupSymbol<BufferOp>(*buffer.getPlace());
        if (!where || !where.getPinned()) {
          buffer.emitOpError("lies in no pinned buffer: ") << *buffer.getPlace();
          return signalPassFailure();
        }
        buffer.setOffsetAttr(where.getOffsetAttr());
      } else if (!buffer.getOffset()) {
        buffer.setOffset(pinned); // no step uses it
      }
    }
    record(scratch, lowerBound, host);
  }

  /// Returns the end of the last buffer.
  uint64_t place(const BufferLifetimes &lifetimes, BodyOp body, uint64_t base) {
    SmallVector<std::pair<uint32_t, BufferOp>> buffers; // by first use
    for (BufferOp buffer : lifetimes.buffersOf(body))
      buffers.push_back({buffers.size(), buffer});
    llvm::sort(buffers, [](auto &a, auto &b) {
      uint64_t sizeA = a.second.getSize(), sizeB = b.second.getSize();
      return sizeA != sizeB ? sizeA > sizeB : a.first < b.first;
    });
    SmallVector<Placed> placed;
    uint64_t end = base;
    for (auto [number, buffer] : buffers) {
      BufferLifetimes::Lifetime lifetime = lifetimes.of(buffer);
      uint64_t size = alignedSize(buffer);
      uint64_t begin = bestFit(placed, lifetime, base, size);
      buffer.setOffset(begin);
      Placed entry{lifetime, begin, begin + size};
      placed.insert(llvm::upper_bound(placed, entry,
                                      [](const Placed &a, const Placed &b) {
                                        return a.begin < b.begin;
                                      }),
                    entry);
      end = std::max(end, entry.end);
    }
    return end;
  }

  /// Most bytes of a body that live at once.
  uint64_t peak(const BufferLifetimes &lifetimes, BodyOp body) {
    SmallVector<uint64_t> live;
    for (BufferOp buffer : lifetimes.buffersOf(body)) {
      BufferLifetimes::Lifetime lifetime = lifetimes.of(buffer);
      if (live.size() <= lifetime.last)
        live.resize(lifetime.last + 1);
      for (uint32_t time = lifetime.first; time <= lifetime.last; ++time)
        live[time] += alignedSize(buffer);
    }
    return live.empty() ? 0 : *llvm::max_element(live);
  }

  void record(uint64_t scratch, uint64_t lowerBound, uint64_t host) {
    ModuleOp module = getOperation();
    for (auto budget : llvm::make_early_inc_range(module.getOps<BudgetOp>()))
      budget.erase();
    OpBuilder builder(module.getContext());
    builder.setInsertionPointToStart(module.getBody());
    for (auto model : module.getOps<ModelOp>())
      builder.setInsertionPointAfter(model);
    BudgetOp::create(builder, module.getLoc(), scratch, lowerBound, host);
  }
};

} // namespace
} // namespace ds::plan
