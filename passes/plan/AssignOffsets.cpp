// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gives every buffer its place in the arena. Bodies do not see each other: only
// pinned buffers outlive one, so each body's others are placed behind them anew.
#include "passes/plan/BufferLifetimes.h"
#include "passes/plan/Passes.h"
#include "passes/plan/Placement.h"
#include <llvm/Support/MathExtras.h>
#include <mlir/IR/Builders.h>

using namespace mlir;

namespace ds::plan {
#define GEN_PASS_DEF_ASSIGNOFFSETSPASS
#include "passes/plan/Passes.h.inc"

namespace {

uint64_t alignedSize(BufferOp buffer) {
  return llvm::alignTo(buffer.getSize(), kBufferAlignment);
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
      SmallVector<PlacedBuffer> buffers = buffersOf(lifetimes, body);
      lowerBound = std::max(lowerBound, pinned + peakOf(buffers));
      scratch = std::max(scratch, pinned + place(buffers));
      for (auto [buffer, placed] :
           llvm::zip_equal(lifetimes.buffersOf(body), buffers))
        BufferOp(buffer).setOffset(pinned + placed.offset);
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

  SmallVector<PlacedBuffer> buffersOf(const BufferLifetimes &lifetimes,
                                      BodyOp body) {
    SmallVector<PlacedBuffer> buffers; // by first use
    for (BufferOp buffer : lifetimes.buffersOf(body)) {
      BufferLifetimes::Lifetime lifetime = lifetimes.of(buffer);
      buffers.push_back({alignedSize(buffer), lifetime.first, lifetime.last});
    }
    return buffers;
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
