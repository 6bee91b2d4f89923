// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checks the finished schedule by replaying it: who wrote which bytes last, and
// which steps nothing keeps apart. Shares no code with the passes it checks.
#include "passes/plan/Passes.h"
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/SetOperations.h>

using namespace mlir;

namespace ds::plan {
#define GEN_PASS_DEF_VERIFYSCHEDULEPASS
#include "passes/plan/Passes.h.inc"

namespace {

/// Bytes of one storage, or a state, that a step touches.
struct Touch {
  StepOp step;
  Attribute name; // of the buffer or the state
  bool writes, isState;
  Storage storage;
  uint64_t begin, end;

  bool meets(const Touch &other) const {
    if (isState || other.isState)
      return isState && other.isState && name == other.name;
    return storage == other.storage && begin < other.end && other.begin < end;
  }
};

struct VerifySchedule : impl::VerifySchedulePassBase<VerifySchedule> {
  void runOnOperation() override {
    if (failed(checkBuffers()))
      return signalPassFailure();
    for (auto body : getOperation().getOps<BodyOp>())
      if (failed(checkBody(body)))
        return signalPassFailure();
    if (failed(checkEntries()))
      signalPassFailure();
  }

  LogicalResult checkBuffers() {
    BudgetOp budget;
    for (auto op : getOperation().getOps<BudgetOp>())
      budget = op;
    if (!budget)
      return getOperation().emitError("the plan has no budget");
    buffers_.clear();
    for (auto buffer : getOperation().getOps<BufferOp>()) {
      buffers_[FlatSymbolRefAttr::get(buffer.getSymNameAttr())] = buffer;
      if (!buffer.getOffset())
        return buffer.emitOpError("has no offset");
      uint64_t limit = buffer.getStorage() == Storage::Host
                           ? budget.getHost()
                           : budget.getScratch();
      if (*buffer.getOffset() % kBufferAlignment)
        return buffer.emitOpError("starts at ")
               << *buffer.getOffset() << ", expected a multiple of "
               << kBufferAlignment;
      if (buffer.getSize() > limit ||
          *buffer.getOffset() > limit - buffer.getSize())
        return buffer.emitOpError("ends beyond its memory of ")
               << limit << " bytes";
    }
    for (auto buffer : getOperation().getOps<BufferOp>()) {
      if (buffer.getPlace()) {
        BufferOp where = buffers_.lookup(buffer.getPlaceAttr());
        if (!where || !where.getPinned() ||
            where.getOffset() != buffer.getOffset() ||
            where.getSize() < buffer.getSize())
          return buffer.emitOpError("does not lie in ") << buffer.getPlaceAttr();
      } else if (failed(checkApart(buffer))) {
        return failure();
      }
    }
    return success();
  }

  /// What outlives a body, pinned or in host memory, shares its bytes with
  /// nothing but its own next values.
  LogicalResult checkApart(BufferOp buffer) {
    for (auto lasting : getOperation().getOps<BufferOp>())
      if (lasting != buffer && lasting.getStorage() == buffer.getStorage() &&
          (lasting.getPinned() || lasting.getStorage() == Storage::Host) &&
          *lasting.getOffset() < *buffer.getOffset() + buffer.getSize() &&
          *buffer.getOffset() < *lasting.getOffset() + lasting.getSize())
        return buffer.emitOpError("takes bytes of ")
               << lasting.getSymNameAttr() << ", which outlives bodies";
    return success();
  }

  FailureOr<SmallVector<Touch>> touchesOf(StepOp step) {
    SmallVector<Touch> touches;
    for (auto arg : step.getArguments().getAsRange<ArgAttr>()) {
      if (arg.isSlot())
        continue;
      Touch touch{step, arg.getSymbol(), arg.getAccess() == Access::Write,
                  arg.isState(), Storage::Scratch, 0, 0};
      if (!arg.isState()) {
        BufferOp buffer = buffers_.lookup(arg.getSymbol());
        if (!buffer)
          return step.emitOpError("uses no buffer: ") << arg.getSymbol();
        touch.storage = buffer.getStorage();
        touch.begin = *buffer.getOffset();
        touch.end = touch.begin + buffer.getSize();
      }
      touches.push_back(touch);
    }
    return touches;
  }

  LogicalResult checkBody(BodyOp body) {
    SmallVector<Touch> before; // of the body's steps so far
    size_t sinceBarrier = 0;
    for (auto step : body.getSteps().getOps<StepOp>()) {
      if (before.empty() && !step.getBarrier())
        return step.emitOpError("is first and has no barrier");
      if (step.getBarrier())
        sinceBarrier = before.size();
      FailureOr<SmallVector<Touch>> touches = touchesOf(step);
      if (failed(touches))
        return failure();
      for (size_t i = 0; i < touches->size(); ++i) {
        const Touch &touch = (*touches)[i];
        for (size_t j = 0; j < i; ++j)
          if ((*touches)[j].meets(touch) &&
              ((*touches)[j].writes || touch.writes))
            return step.emitOpError("touches ")
                   << touch.name << " and " << (*touches)[j].name
                   << " in the same place and writes";
        for (const Touch &other : ArrayRef(before).drop_front(sinceBarrier))
          if (other.meets(touch) && (other.writes || touch.writes))
            return conflict(step, other, touch, "no barrier stands between");
        if (!touch.writes && failed(checkRead(touch, before)))
          return failure();
      }
      before.append(*touches);
    }
    return success();
  }

  /// What a step reads is what was written under that name, and last.
  LogicalResult checkRead(Touch read, ArrayRef<Touch> before) {
    for (const Touch &other : llvm::reverse(before)) {
      if (!other.writes || !other.meets(read))
        continue;
      if (other.name == read.name)
        return success();
      return conflict(read.step, other, read, "its bytes were taken by then");
    }
    // The places that bodies share are what checkEntries() looks at.
    if (read.isState || buffers_.lookup(read.name).getPinned())
      return success();
    return read.step.emitOpError("reads ") << read.name
                                           << ", which nothing wrote";
  }

  LogicalResult conflict(StepOp step, Touch other, const Touch &touch,
                         const char *what) {
    auto diagnostic = step.emitOpError(touch.writes ? "writes " : "reads ")
                      << touch.name << ": " << what;
    diagnostic.attachNote(other.step.getLoc())
        << (other.writes ? "written as " : "read as ") << other.name << " here";
    return diagnostic;
  }

  /// Every pinned buffer that a body reads was left by a call before it, in the
  /// head by every entry that leaves one behind.
  LogicalResult checkEntries() {
    llvm::SmallDenseSet<Attribute> leftByAll;
    bool isFirst = true;
    SmallVector<EntryOp> heads;
    for (auto entry : getOperation().getOps<EntryOp>()) {
      if (entry.getKind() == EntryKind::Head) {
        heads.push_back(entry);
        continue;
      }
      llvm::SmallDenseSet<Attribute> left;
      if (failed(checkEntry(entry, left)))
        return failure();
      if (isFirst)
        leftByAll = left;
      else
        llvm::set_intersect(leftByAll, left);
      isFirst = false;
    }
    for (EntryOp head : heads)
      if (llvm::SmallDenseSet<Attribute> left = leftByAll;
          failed(checkEntry(head, left)))
        return failure();
    return success();
  }

  LogicalResult checkEntry(EntryOp entry,
                           llvm::SmallDenseSet<Attribute> &left) {
    for (auto call : entry.getCalls().getOps<CallOp>()) {
      auto body = getOperation().lookupSymbol<BodyOp>(call.getBody());
      if (!body)
        return call.emitOpError("calls no body: ") << call.getBody();
      llvm::SmallDenseSet<Attribute> written;
      for (auto step : body.getSteps().getOps<StepOp>())
        for (auto arg : step.getArguments().getAsRange<ArgAttr>()) {
          if (!arg.isBuffer())
            continue;
          BufferOp buffer = buffers_.lookup(arg.getSymbol());
          bool writes = arg.getAccess() == Access::Write;
          if (writes && buffer.getPinned())
            written.insert(arg.getSymbol());
          else if (writes && buffer.getPlace())
            written.insert(buffer.getPlaceAttr());
          else if (buffer.getPinned() && !left.contains(arg.getSymbol()))
            return call.emitOpError("finds nothing in ") << arg.getSymbol();
        }
      left.insert(written.begin(), written.end());
    }
    return success();
  }

  llvm::DenseMap<Attribute, BufferOp> buffers_;
};

} // namespace
} // namespace ds::plan
