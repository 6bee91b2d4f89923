// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The mixture of experts. E = experts, K = topk; a slot is one pair of a token
// and one of its K experts.
#ifndef DS_EXPERT_OPS
#define DS_EXPERT_OPS

include "dialects/DS/DSBase.td"

// Life: import to ds-fuse-router.
def DS_GateOp : DS_WeightUserOp<"gate"> {
  let summary = "chooses K experts per token";
  let description = [{
    `s = sigmoid(z)` or `softmax(z)`; `c = s + bias` decides, the lower index
    among equals; with fewer topk_group than n_group only the best groups, by
    the sum of their two largest c, stay. `w = s[ids]`, divided by their sum +
    1e-20 where `normalize`, times `scale`; all in f32 (model-spec 1.7).

    ```mlir
    %ids, %w = ds.gate %z, @moe.mlp.gate.e_score_correction_bias {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
    ```
  }];
  let arguments = (ins DS_F32Rows:$logits, OptionalAttr<FlatSymbolRefAttr>:$bias,
                       DS_GateAttr:$gate);
  let results = (outs DS_ExpertIds:$ids, DS_F32Rows:$weights);
  let assemblyFormat = [{
    $logits (`,` $bias^)? attr-dict `:` type($logits) `->` type($ids) `,`
    type($weights)
  }];
  let hasVerifier = 1;
}

// Life: ds-fuse-router to convert-ds-to-kernel.
def DS_RouterOp : DS_WeightUserOp<"router"> {
  let summary = "router projection and choice of experts";
  let description = [{
    `ds.gate` of `z = input * transpose(weight)`, z in f32.

    ```mlir
    %ids, %w = ds.router %u, @moe.mlp.gate, @moe.mlp.gate.e_score_correction_bias {gate = #gate} : tensor<?x192xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
    ```
  }];
  let arguments = (ins DS_Rows:$input, FlatSymbolRefAttr:$weight,
                       OptionalAttr<FlatSymbolRefAttr>:$bias, DS_GateAttr:$gate);
  let results = (outs DS_ExpertIds:$ids, DS_F32Rows:$weights);
  let assemblyFormat = [{
    $input `,` $weight (`,` $bias^)? attr-dict `:` type($input) `->` type($ids)
    `,` type($weights)
  }];
  let hasVerifier = 1;
}

// Life: import to ds-select-experts.
def DS_ExpertsOp : DS_WeightUserOp<"experts"> {
  let summary = "the chosen experts' outputs, weighted and summed";
  let description = [{
    `y[t] = shared[t] + sum over k of w[t, k] * down_e(silu(gate_e(x[t])) *
    up_e(x[t]))`, e = ids[t, k], summed in f32 in the order of k. The three
    weights are lists of E; `shared` is what the shared experts give, if any.

    ```mlir
    %y = ds.experts %u, %ids, %w shared %s gate_proj @moe.mlp.experts.gate_proj up_proj @moe.mlp.experts.up_proj down_proj @moe.mlp.experts.down_proj {experts = 16 : i64, intermediate = 96 : i64}
        : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins DS_Rows:$input, DS_ExpertIds:$ids, DS_F32Rows:$weights,
                       Optional<DS_F32Rows>:$shared,
                       FlatSymbolRefAttr:$gate_proj, FlatSymbolRefAttr:$up_proj,
                       FlatSymbolRefAttr:$down_proj, I64Attr:$experts,
                       I64Attr:$intermediate);
  let results = (outs DS_F32Rows:$output);
  let assemblyFormat = [{
    $input `,` $ids `,` $weights (`shared` $shared^)? `gate_proj` $gate_proj
    `up_proj` $up_proj `down_proj` $down_proj attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

// Life: ds-select-experts to convert-ds-to-kernel.
def DS_ExpertPlanOp : DS_Op<"expert_plan",
    [Pure, AllTypesMatch<["ids", "token_of", "slot_of"]>]> {
  let summary = "sorts slots by expert";
  let description = [{
    Slots offsets[e] .. offsets[e + 1] - 1 belong to expert e, those of one
    expert in the order of tokens. token_of[slot] is a slot's token, slot_of[t,
    k] the slot of a pair. token_of is written as [T, K] for its size only.

    ```mlir
    %offsets, %token_of, %slot_of = ds.expert_plan %ids {experts = 16 : i64} : tensor<?x3xi32> -> tensor<17xi32>
    ```
  }];
  let arguments = (ins DS_ExpertIds:$ids, I64Attr:$experts);
  let results = (outs TensorRankOf<[I32], [1]>:$offsets, DS_ExpertIds:$token_of,
                      DS_ExpertIds:$slot_of);
  let assemblyFormat = [{
    $ids attr-dict `:` type($ids) `->` type($offsets)
  }];
  let hasVerifier = 1;
}

// Life: ds-select-experts to convert-ds-to-kernel.
def DS_GroupedLinearOp : DS_WeightUserOp<"grouped_linear"> {
  let summary = "every slot's row times its own expert's weights";
  let description = [{
    For slot i of expert e: `y[i, o] = sum over j of w[e][o, j] * x[r, j]`, r =
    token_of[i] with `gather` (x has T rows), else i (x has T * K); accumulated
    in f32. Several weights stand side by side as in ds.linear; all are lists.
    Codes have `scales`, as there.

    ```mlir
    %gu = ds.grouped_linear %u, %offsets, %token_of, [@moe.mlp.experts.gate_proj, @moe.mlp.experts.up_proj] {gather}
        : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
    ```
  }];
  let arguments = (ins DS_AnyRowsOrCodes:$input,
                       Optional<DS_F32AnyRows>:$scales,
                       TensorRankOf<[I32], [1]>:$offsets,
                       DS_ExpertIds:$token_of, FlatSymbolRefArrayAttr:$weights,
                       UnitAttr:$gather);
  let results = (outs DS_F32Slots:$output);
  let assemblyFormat = [{
    $input (`scales` $scales^)? `,` $offsets `,` $token_of `,` $weights
    attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

// Life: ds-select-experts to convert-ds-to-kernel.
def DS_CombineOp : DS_Op<"combine", [Pure]> {
  let summary = "weighted sum of a token's slots";
  let description = [{
    `y[t] = shared[t] + sum over k = 0 .. K - 1, in that order, of w[t, k] *
    x[slot_of[t, k]]`, in f32; without `shared` the sum starts at 0.

    ```mlir
    %d = ds.combine %y, %slot_of, %w shared %s : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins DS_F32Slots:$input, DS_ExpertIds:$slot_of,
                       DS_F32Rows:$weights, Optional<DS_F32Rows>:$shared);
  let results = (outs DS_F32Rows:$output);
  let assemblyFormat = [{
    $input `,` $slot_of `,` $weights (`shared` $shared^)? attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif
