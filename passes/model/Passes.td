// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// In the order in which they run.
include "mlir/Pass/PassBase.td"

class DS_ModelPass<string flag> : Pass<flag, "::mlir::ModuleOp">;

def VerifyModelPass : DS_ModelPass<"ds-verify-model"> {
  let summary = "Checks that the model's parts agree";
  let description = [{
    Promise: widths, dtypes and encodings agree from embedding to logits. Every
    weight an op names exists with the shape and count the op needs; embedding,
    layers and head have the widths of `ds.model`; the layers run once each and
    in order, in functions of a layer kind. Changes nothing.

    Example: test/passes/model/verify-model.mlir
  }];
}

def FoldYarnPass : DS_ModelPass<"ds-fold-yarn"> {
  let summary = "Turns rope scaling into a table and one softmax scale";
  let description = [{
    Promise: no `#ds.rope` is left: every `ds.rope_table` has its frequencies
    and every `ds.mla_attention` its scale (model-spec 1.5 and 1.6). Computed in
    f64 and rounded once to f32.

    Example: test/passes/model/fold-yarn.mlir
  }];
}

def SplitPhasesPass : DS_ModelPass<"ds-split-phases"> {
  let summary = "Makes one program per phase";
  let description = [{
    Promise: `@prefill` and `@decode` are apart, each with layer functions of its
    own, all marked with `ds.phase`; `@forward` and its layer functions are gone;
    taps are left in prefill only. `@head` serves all phases. `@extend` will come
    with the MTP layer.

    Example: test/passes/model/split-phases.mlir
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def SelectMLAPass : DS_ModelPass<"ds-select-mla"> {
  let summary = "Gives each phase its form of attention";
  let description = [{
    Promise: no `ds.mla_attention` is left. Prefill expands keys and values,
    because many queries share the expansion; decode absorbs the projections
    into the query and the output, because one query reads each row once. The
    form follows the phase, never a length: bits must not depend on how a prompt
    was cut. The state holds the same rows either way.

    Example: test/passes/model/select-mla.mlir
  }];
  let options = [Option<"force", "force", "std::string", "\"\"",
                        "`expanded` or `absorbed` in every phase">];
}

def FuseProjectionsPass : DS_ModelPass<"ds-fuse-projections"> {
  let summary = "Lets projections of one input share one call";
  let description = [{
    Promise: linears of one value whose weights have one encoding are one
    `ds.linear` (q_a with kv_a, gate with up), as long as everything that reads
    them can read columns; each weight stays a tensor of its own. Both operands
    of every `ds.swiglu` are then neighbouring columns; a model whose gate and up
    differ in encoding is refused.

    Example: test/passes/model/fuse-projections.mlir
  }];
}

def FuseNormQuantPass : DS_ModelPass<"ds-fuse-norm-quant"> {
  let summary = "Makes add and norm one op";
  let description = [{
    Promise: no `ds.rms_norm` reads a `ds.add`. The sum stays in f32 and is a
    result too: the next add reads it. Where its rows are quantised, and launches
    cost, kernel-fuse-calls makes that one call too.

    Example: test/passes/model/fuse-norm-quant.mlir
  }];
}

def FuseRouterPass : DS_ModelPass<"ds-fuse-router"> {
  let summary = "Makes router projection and gate one op";
  let description = [{
    Promise: no `ds.gate` is left; the router's logits are an affair of
    `ds.router` alone and stay in f32.

    Example: test/passes/model/fuse-router.mlir
  }];
}

def SelectExpertsPass : DS_ModelPass<"ds-select-experts"> {
  let summary = "Gives the experts their grouped form";
  let description = [{
    Promise: no `ds.experts` is left: slots are sorted by expert, every expert's
    weights are read once for all of its tokens, gate and up share one call, and
    the outputs are combined per token in the gate's order. Both phases have this
    form today.

    Example: test/passes/model/select-experts.mlir
  }];
}

def PlaceQuantizationPass : DS_ModelPass<"ds-place-quantization"> {
  let summary = "Makes every rounding of activations explicit";
  let description = [{
    Promise: every matrix meets activations of the chosen element: the results
    that feed one are rounded where they are made, by their own kernel, and
    anything else passes a `ds.cast`. States hold that element too. Projections'
    results, the residual stream, the router's logits and the experts' weights
    stay f32. Weights keep their encodings: `w8a16`.

    With `fp8`, `w8a8`: every `ds.linear` and `ds.grouped_linear` whose weights
    are FP8 takes codes of a `ds.quantize`, one per value; its scales have the
    model's `scale_fmt`. Norms and SwiGLU hand the values to it in f32. All else
    has the element of `rest`; kv_b_proj's projections are no linear.

    Example: test/passes/model/place-quantization.mlir
  }];
  let options = [Option<"activations", "activations", "std::string", "\"bf16\"",
                        "`bf16`, `f32` for the reference kernels, or `fp8`">,
                 Option<"rest", "rest", "std::string", "\"bf16\"",
                        "With fp8, what is not quantised: `bf16` or `f32`">];
}

def VerifyEncodingsPass : DS_ModelPass<"ds-verify-encodings"> {
  let summary = "Checks that every pair of encodings has a recipe";
  let description = [{
    Promise: each weight an op reads has an encoding its kernels know: tables
    and gains bf16; biases f32 or bf16; matrices bf16 or f8E4M3FN in blocks of
    128 x 128, the same for all weights of one call, met by bf16 or f32
    activations, or f8E4M3FN ones by f8E4M3FN codes. Changes nothing.

    Example: test/passes/model/verify-encodings.mlir
  }];
}
