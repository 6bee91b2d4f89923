// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_PASSES_PLAN
#define DS_PASSES_PLAN

include "mlir/Pass/PassBase.td"

def ConvertKernelToPlanPass
    : Pass<"convert-kernel-to-plan", "::mlir::ModuleOp"> {
  let summary = "Values become buffers, calls become steps of bodies";
  let description = [{
    Every function becomes a body, every entry function (`kernel.entry`) a list
    of calls: what stands before its `kernel.layers` is the body `ENTRY_begin`,
    what stands behind them `ENTRY_end`. Residual, delta and angles, the tensor
    arguments of a layer body, are pinned buffers that all bodies of all entries
    share: a layer body leaves its results where it found its arguments. Logits
    and taps are host buffers. Sizes are those of the largest run.

    Afterwards no `kernel` op and no function is left. Steps stand in program
    order, each behind a barrier; no buffer has an offset.

    Example: test/passes/plan/convert-kernel-to-plan.mlir
  }];
  let options = [
    Option<"chunk", "chunk", "uint32_t", "512",
           "Most tokens of one prefill run">,
    Option<"decodeTokens", "decode-tokens", "uint32_t", "64",
           "Most sequences of one decode run">,
    Option<"headRows", "head-rows", "uint32_t", "16",
           "Most rows of one head run">];
  let dependentDialects = ["::ds::plan::PlanDialect"];
}

def OrderStepsPass : Pass<"plan-order-steps", "::mlir::ModuleOp"> {
  let summary = "Gives every body an order of steps with few barriers";
  let description = [{
    A step depends on an earlier one when both touch a buffer or a state and one
    of them writes. Steps are sorted by the length of their longest chain of
    dependences, so that a body has as many barriers as that chain has steps.

    Afterwards a step has a barrier exactly when it is the first of its body or
    depends on a step since the last barrier.

    Example: test/passes/plan/order-steps.mlir
  }];
}

def AssignOffsetsPass : Pass<"plan-assign-offsets", "::mlir::ModuleOp"> {
  let summary = "Gives every buffer its place";
  let description = [{
    Pinned buffers lie at the start of the arena. The others of a body are
    placed in several orders, each into the smallest gap between those that live
    at the same time; the smallest arena wins (Placement.h). Two buffers live at
    the same time when they are used between the same two barriers, or across
    them: sharing bytes never needs a barrier that is not there. Places are
    multiples of 64 bytes.

    Afterwards every buffer has an offset and `plan.budget` has the size of the
    arena beside its lower bound.

    Example: test/passes/plan/assign-offsets.mlir
  }];
}

def VerifySchedulePass : Pass<"plan-verify-schedule", "::mlir::ModuleOp"> {
  let summary = "Proves that no step reads what it should not";
  let description = [{
    Looks at bytes and barriers only, and knows nothing of how the other passes
    chose them. It refuses
    - an alias: a value is read whose bytes another value has taken since, or a
      buffer takes bytes of one that outlives bodies;
    - a race: two steps between the same barriers touch the same bytes or state
      and one of them writes;
    - a gap: a value is read that nothing wrote;
    - a buffer beyond the arena, off its alignment or without an offset.

    Example: test/passes/plan/verify-schedule.mlir
  }];
}

#endif
