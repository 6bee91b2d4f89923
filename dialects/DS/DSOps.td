// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows, projections, and what holds a model together. The one file TableGen
// reads for the ops of the dialect.
#ifndef DS_OPS
#define DS_OPS

include "dialects/DS/DSAttentionOps.td"
include "dialects/DS/DSBase.td"
include "dialects/DS/DSExpertOps.td"
include "dialects/DS/DSSymbols.td"

// Life: import to convert-ds-to-kernel.
def DS_EmbeddingOp : DS_WeightUserOp<"embedding",
    [AllTypesMatch<["residual", "delta"]>]> {
  let summary = "token ids to rows";
  let description = [{
    residual[t] = f32(table[tokenIds[t]]), delta[t] = 0. The pair is the form in
    which every layer takes and leaves the stream: its value is their sum.

    ```mlir
    %residual, %delta = ds.embedding %batch, @embed_tokens : tensor<?x192xf32>
    ```
  }];
  let arguments = (ins DS_BatchType:$batch, FlatSymbolRefAttr:$weight);
  let results = (outs DS_F32Rows:$residual, DS_F32Rows:$delta);
  let assemblyFormat = "$batch `,` $weight attr-dict `:` type($residual)";
}

// Life: import to convert-ds-to-kernel.
def DS_LayersOp : DS_Op<"layers",
    [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>,
     AllTypesMatch<["residual", "delta", "new_residual", "new_delta"]>]> {
  let summary = "runs layers of one kind, in order";
  let description = [{
    Calls `callee` once per number in `layers` with that layer's weights and its
    part of the states, each call taking what the one before returned.

    ```mlir
    %r2, %d2, %l2 = ds.layers @layer_moe layers [1, 2](%batch, %r1, %d1, %angles, %l1)
        : (!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state)
        -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, DenseI64ArrayAttr:$layers,
                       DS_BatchType:$batch, DS_F32Rows:$residual,
                       DS_F32Rows:$delta, DS_Angles:$angles,
                       Variadic<DS_StateType>:$states);
  let results = (outs DS_F32Rows:$new_residual, DS_F32Rows:$new_delta,
                      Variadic<DS_StateType>:$new_states);
  let assemblyFormat = [{
    $callee `layers` $layers `(` operands `)` attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

// Life: import to convert-ds-to-kernel.
def DS_AddOp : DS_Op<"add",
    [Pure, AllTypesMatch<["residual", "delta", "sum"]>]> {
  let summary = "sum of two streams of rows, in f32";
  let description = [{
    `sum = residual + delta`, the residual stream in one value.

    ```mlir
    %sum = ds.add %residual, %delta : tensor<?x192xf32>
    ```
  }];
  let arguments = (ins DS_F32Rows:$residual, DS_F32Rows:$delta);
  let results = (outs DS_F32Rows:$sum);
  let assemblyFormat = "$residual `,` $delta attr-dict `:` type($sum)";
}

// Life: import to convert-ds-to-kernel; those of an add are gone after
// ds-fuse-norm-quant.
def DS_RMSNormOp : DS_WeightUserOp<"rms_norm"> {
  let summary = "scales every row to unit root-mean-square";
  let description = [{
    `y[t, i] = x[t, i] * rsqrt(mean(x[t] * x[t]) + eps) * gain[i]`, all in f32,
    rounded once to the result's element (model-spec 1.4).

    ```mlir
    %y = ds.rms_norm %x, @moe.input_layernorm {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins DS_F32Rows:$input, FlatSymbolRefAttr:$weight,
                       F32Attr:$eps);
  let results = (outs DS_Rows:$output);
  let assemblyFormat = [{
    $input `,` $weight attr-dict `:` type($input) `->` type($output)
  }];
  let hasVerifier = 1;
}

// Life: ds-fuse-norm-quant to convert-ds-to-kernel.
def DS_AddRMSNormOp : DS_WeightUserOp<"add_rms_norm",
    [AllTypesMatch<["residual", "delta", "sum"]>]> {
  let summary = "adds two streams and scales the sum's rows";
  let description = [{
    `sum = residual + delta`, kept in f32; `output` is its `ds.rms_norm`.

    ```mlir
    %s, %x = ds.add_rms_norm %residual, %delta, @moe.input_layernorm {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xbf16>
    ```
  }];
  let arguments = (ins DS_F32Rows:$residual, DS_F32Rows:$delta,
                       FlatSymbolRefAttr:$weight, F32Attr:$eps);
  let results = (outs DS_F32Rows:$sum, DS_Rows:$output);
  let assemblyFormat = [{
    $residual `,` $delta `,` $weight attr-dict `:` type($sum) `->` type($output)
  }];
  let hasVerifier = 1;
}

// Life: import to convert-ds-to-kernel.
def DS_LinearOp : DS_WeightUserOp<"linear"> {
  let summary = "rows times the transposes of weights, side by side";
  let description = [{
    `y[t, o] = sum over i of x[t, i] * w[o, i]`, accumulated in f32. With several
    weights (ds-fuse-projections, at most 4) the columns of the first stand
    first; each keeps its own tensor, nothing is copied. The importer makes one.
    Where the input is codes of ds.quantize, `scales` are theirs: the sum over a
    group of 128 columns is of codes, and takes both factors (model-spec 1.9).

    ```mlir
    %y = ds.linear %x, [@moe.self_attn.q_a_proj, @moe.self_attn.kv_a_proj_with_mqa] : tensor<?x192xf32> -> tensor<?x176xf32>
    %y = ds.linear %c scales %s, [@moe.self_attn.q_b_proj] : tensor<?x96xf8E4M3FN>, tensor<?x1xf32> -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins DS_RowsOrCodes:$input, Optional<DS_F32Rows>:$scales,
                       FlatSymbolRefArrayAttr:$weights);
  let results = (outs DS_F32Rows:$output);
  let assemblyFormat = [{
    $input (`scales` $scales^)? `,` $weights attr-dict `:` type($input)
    (`,` type($scales)^)? `->` type($output)
  }];
  let hasVerifier = 1;
}

// Life: ds-fuse-projections, ds-select-experts to convert-ds-to-kernel, where it
// becomes an offset of the kernel that reads it.
def DS_ColumnsOp : DS_Op<"columns", [Pure]> {
  let summary = "a view of neighbouring columns";
  let description = [{
    `size` columns from `offset` on, of the last dimension; no copy.

    ```mlir
    %a = ds.columns %y[96, 80] : tensor<?x176xf32> -> tensor<?x80xf32>
    ```
  }];
  let arguments = (ins DS_F32AnyRows:$input, I64Attr:$offset, I64Attr:$size);
  let results = (outs DS_F32AnyRows:$output);
  let assemblyFormat = [{
    $input `[` $offset `,` $size `]` attr-dict `:` type($input) `->`
    type($output)
  }];
  let hasVerifier = 1;
}

// Life: import to convert-ds-to-kernel. After ds-fuse-projections and
// ds-select-experts both operands are neighbouring columns of one value.
def DS_SwiGLUOp : DS_Op<"swiglu", [Pure, AllTypesMatch<["gate", "up"]>]> {
  let summary = "the gated activation of the feed-forward parts";
  let description = [{
    `y = silu(gate) * up`, `silu(g) = g / (1 + exp(-g))`, in f32, rounded once to
    the result's element (model-spec 1.7).

    ```mlir
    %h = ds.swiglu %gate, %up : tensor<?x96xf32> -> tensor<?x96xf32>
    ```
  }];
  let arguments = (ins DS_F32AnyRows:$gate, DS_F32AnyRows:$up);
  let results = (outs DS_AnyRows:$output);
  let assemblyFormat = [{
    $gate `,` $up attr-dict `:` type($gate) `->` type($output)
  }];
  let hasVerifier = 1;
}

// Life: import to convert-ds-to-kernel.
def DS_HeadNormOp : DS_WeightUserOp<"head_norm",
    [AllTypesMatch<["residual", "delta"]>]> {
  let summary = "the normalised rows whose logits are asked for";
  let description = [{
    For row r of the batch's rowIndex: `ds.rms_norm` of residual + delta of that
    token. The result has R rows, not T.

    ```mlir
    %x = ds.head_norm %batch, %residual, %delta, @norm {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins DS_BatchType:$batch, DS_F32Rows:$residual,
                       DS_F32Rows:$delta, FlatSymbolRefAttr:$weight,
                       F32Attr:$eps);
  let results = (outs DS_Rows:$output);
  let assemblyFormat = [{
    $batch `,` $residual `,` $delta `,` $weight attr-dict `:` type($residual)
    `->` type($output)
  }];
  let hasVerifier = 1;
}

// Life: import to convert-ds-to-kernel.
def DS_LMHeadOp : DS_WeightUserOp<"lm_head"> {
  let summary = "rows to logits";
  let description = [{
    `y[r, v] = sum over i of x[r, i] * w[v, i]` over R rows, accumulated in f32.
    The weight may be the embedding table (tie_word_embeddings).

    ```mlir
    %logits = ds.lm_head %x, @lm_head : tensor<?x192xf32> -> tensor<?x512xf32>
    ```
  }];
  let arguments = (ins DS_Rows:$input, FlatSymbolRefAttr:$weight);
  let results = (outs DS_F32Rows:$output);
  let assemblyFormat = [{
    $input `,` $weight attr-dict `:` type($input) `->` type($output)
  }];
}

// Life: ds-place-quantization to convert-ds-to-kernel.
def DS_CastOp : DS_Op<"cast", [Pure]> {
  let summary = "the same values in another element format";
  let description = [{
    Rounds to nearest even where the result's element is narrower. Explicit, so
    that a dump shows every rounding that no other op's formula contains.

    ```mlir
    %y = ds.cast %x : tensor<?x192xf32> -> tensor<?x192xbf16>
    ```
  }];
  let arguments = (ins DS_AnyRows:$input);
  let results = (outs DS_AnyRows:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

// Life: ds-place-quantization to convert-ds-to-kernel.
def DS_QuantizeOp : DS_Op<"quantize", [Pure]> {
  let summary = "e4m3 codes, with one scale per row and 128 columns";
  let description = [{
    Per row and group of 128 columns, the last may be shorter: `s = max(max |x|,
    1e-4) / 448` in f32, rounded up to a power of two for `ue8m0`; `codes =
    e4m3(x / s)`, `scales = s` (model-spec 1.9). What a w8a8 projection takes in
    place of rows; one per value, however many read it.

    ```mlir
    %c, %s = ds.quantize %x scales ue8m0 : tensor<?x192xf32> -> tensor<?x192xf8E4M3FN>, tensor<?x2xf32>
    ```
  }];
  let arguments = (ins DS_AnyRows:$input, DS_ScaleFormatAttr:$scale_format);
  let results = (outs DS_AnyCodes:$codes, DS_F32AnyRows:$scales);
  let assemblyFormat = [{
    $input `scales` $scale_format attr-dict `:` type($input) `->` type($codes)
    `,` type($scales)
  }];
  let hasVerifier = 1;
}

// Life: import with taps to convert-ds-to-kernel; after ds-split-phases only in
// prefill.
def DS_TapOp : DS_Op<"tap", [AllTypesMatch<["residual", "delta"]>]> {
  let summary = "gives the hidden rows of this place out";
  let description = [{
    The run's caller receives residual + delta, the input of the layer it stands
    in or, at the end of the model, the last output. Changes no value.

    ```mlir
    ds.tap %residual, %delta : tensor<?x192xf32>
    ```
  }];
  let arguments = (ins DS_F32Rows:$residual, DS_F32Rows:$delta);
  let assemblyFormat = "$residual `,` $delta attr-dict `:` type($residual)";
}

// Life: as ds.tap.
def DS_TapExpertsOp : DS_Op<"tap_experts"> {
  let summary = "gives the chosen experts of this layer out";
  let description = [{
    The run's caller receives the ids, in the order of the gate.

    ```mlir
    ds.tap_experts %ids : tensor<?x3xi32>
    ```
  }];
  let arguments = (ins DS_ExpertIds:$ids);
  let assemblyFormat = "$ids attr-dict `:` type($ids)";
}

#endif
