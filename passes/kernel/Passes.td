// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_PASSES_KERNEL
#define DS_PASSES_KERNEL

include "mlir/Pass/PassBase.td"

def ConvertDSToKernelPass
    : Pass<"convert-ds-to-kernel", "::mlir::ModuleOp"> {
  let summary = "Every op of the model becomes a call of a kernel family";
  let description = [{
    Operands become the contract's inputs in order; the batch is dropped, every
    kernel gets it. Views of columns become strides and offsets of the kernel
    that reads them. `ds.router` becomes a linear and a gate_topk. The
    frequencies of rope become a constant weight.

    Afterwards no `ds` op, type or attribute is left.

    Example: test/passes/kernel/convert-ds-to-kernel.mlir
  }];
  let options = [
    Option<"chunk", "chunk", "uint32_t", "512",
           "Most tokens of one prefill run, for kernels that keep tokens">,
    Option<"decodeTokens", "decode-tokens", "uint32_t", "64",
           "Most sequences of one decode run">,
    Option<"context", "context", "uint32_t", "4096",
           "Tokens that the states hold, all sequences together">];
  let dependentDialects = ["::ds::kernel::KernelDialect"];
}

def FuseCallsPass : Pass<"kernel-fuse-calls", "::mlir::ModuleOp"> {
  let summary = "Merges neighbouring calls into one launch";
  let description = [{
    For targets where a launch costs. What is merged, in this order:
    add_rms_norm, cast and quantize to `add_rms_norm_quantize`; rms_norm,
    quantize and latent_append on columns of one value to `query_norm_append`;
    absorb_query and rope to `rope_absorb_query`; absorb_value and quantize to
    `absorb_value_quantize`; linear or grouped_linear of two parts, swiglu and
    quantize to `gated_linear` or `grouped_gated_linear`; where only decode runs,
    with no more tokens than it takes, gate_topk and expert_plan to `gate_plan`.

    The formulas, the order of sums and every rounding stay, so reference rows
    give the same bits with and without.

    Example: test/passes/kernel/fuse-calls.mlir
  }];
  let options = [Option<"decodeTokens", "decode-tokens", "uint32_t", "64",
                        "Most sequences of one decode run">];
}

def FoldSharedExpertPass
    : Pass<"kernel-fold-shared-expert", "::mlir::ModuleOp"> {
  let summary = "Makes the shared expert the last of the grouped ones";
  let description = [{
    Where the shared expert's projections have the shape and the encoding of the
    other experts', every token gets one more slot, of expert `experts`, and
    `combine` takes it from there. Reads what kernel-fuse-calls leaves. The sum
    of a token's experts keeps its order.

    Example: test/passes/kernel/fold-shared-expert.mlir
  }];
}

def SelectVariantPass : Pass<"kernel-select-variant", "::mlir::ModuleOp"> {
  let summary = "Chooses a row of the kernel table for every call";
  let description = [{
    For every call and each of `levels` the cheapest row of the call's family
    that computes on its element types and is in the level's code; among equals
    the first of the table. The cost of a row is the time that its bytes and its
    arithmetic take on one core of the level, or on one GPU. A row for GPUs that
    does not serve the call's shape, or as many rows as the longest run of the
    call's entry has, does not fit. With `explain` every candidate is printed on
    standard error once per distinct call, with its cost or why it lost.

    Afterwards every call has a variant per level, and the module names the
    levels in `kernel.levels`.

    Example: test/passes/kernel/select-variant.mlir
  }];
  let options = [
    ListOption<"levels", "levels", "std::string",
               "Levels to choose for, names of kernels/base/Levels.def and "
               "Architectures.def">,
    Option<"chunk", "chunk", "uint32_t", "512",
           "Most tokens of one prefill run">,
    Option<"decodeTokens", "decode-tokens", "uint32_t", "64",
           "Most sequences of one decode run">,
    Option<"headRows", "head-rows", "uint32_t", "16",
           "Most rows of one head run">,
    Option<"rows", "rows", "uint32_t", "64",
           "Tokens of the run that costs are computed for">,
    Option<"explain", "explain", "bool", "false",
           "Print every candidate and why it lost">];
}

def VerifyCallsPass : Pass<"kernel-verify-calls", "::mlir::ModuleOp"> {
  let summary = "Checks every call against the contract of its family";
  let description = [{
    The family exists, the shape has exactly the contract's fields, operands
    and results are as many and as large as the contract says, activations and
    state have one element, the state has the rows and pages that the shape
    counts with, weights exist and have the encoding of contract and variant,
    the variants are rows of the family, one per level of the module, that
    compute on the call's activations, and a body that `kernel.layers` names
    takes and returns what is passed to it.

    Example: test/passes/kernel/verify-calls.mlir
  }];
}

#endif
