// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Positions, states and the forms of multi-head latent attention. Letters as in
// model-spec 1.5: dc = kv_lora_rank, dn = qk_nope_head_dim, dr =
// qk_rope_head_dim, dv = v_head_dim, H = heads.
#ifndef DS_ATTENTION_OPS
#define DS_ATTENTION_OPS

include "dialects/DS/DSBase.td"

// Life: import to convert-ds-to-kernel; ds-fold-yarn replaces `rope` by
// `inv_freq` and `attention`.
def DS_RopeTableOp : DS_Op<"rope_table", [Pure]> {
  let summary = "cosine and sine of every token's angles";
  let description = [{
    `angles[t, j] = attention * (cos a, sin a)`, `a = positions[t] * inv_freq[j]`,
    the product in f32 (model-spec 1.6). As imported the frequencies are given
    by `rope`, after ds-fold-yarn by `inv_freq`, one per pair.

    ```mlir
    %angles = ds.rope_table %batch {rope = #rope} : tensor<?x8x2xf32>
    %angles = ds.rope_table %batch {attention = 1.0 : f32, inv_freq = array<f32: 1.0, …>} : tensor<?x8x2xf32>
    ```
  }];
  let arguments = (ins DS_BatchType:$batch, OptionalAttr<DS_RopeAttr>:$rope,
                       OptionalAttr<DenseF32ArrayAttr>:$inv_freq,
                       OptionalAttr<F32Attr>:$attention);
  let results = (outs DS_Angles:$angles);
  let assemblyFormat = "$batch attr-dict `:` type($angles)";
  let hasVerifier = 1;
}

// Life: import to convert-ds-to-kernel.
def DS_StateAppendOp : DS_WeightUserOp<"state_append"> {
  let summary = "appends one latent row per token";
  let description = [{
    Per token: `row = (rms(a[0 : dc], gain, eps), rope(a[dc : dc + dr]))`, rounded
    once to the state's element and written at the token's position. Returns the
    state that holds the new rows; the old value may not be used any more.

    ```mlir
    %new = ds.state_append %batch, %a, %angles, %latent, @moe.self_attn.kv_a_layernorm {eps = 1.0e-6 : f32, mla = #mla} : tensor<?x80xf32>, tensor<?x8x2xf32>
    ```
  }];
  let arguments = (ins DS_BatchType:$batch, DS_F32Rows:$rows, DS_Angles:$angles,
                       DS_StateType:$state, FlatSymbolRefAttr:$weight,
                       DS_MLAAttr:$mla, F32Attr:$eps);
  let results = (outs DS_StateType:$new_state);
  let assemblyFormat = [{
    $batch `,` $rows `,` $angles `,` $state `,` $weight attr-dict `:`
    type($rows) `,` type($angles)
  }];
  let hasVerifier = 1;
}

// Life: import to ds-select-mla; ds-fold-yarn replaces `rope` by `scale`.
def DS_MLAAttentionOp : DS_WeightUserOp<"mla_attention"> {
  let summary = "multi-head latent attention, form not chosen yet";
  let description = [{
    For head h of token t and the rows u <= positions[t] of its sequence:
    `k[u] = (W_UK[h] c[u], k_pe[u])`, `v[u] = W_UV[h] c[u]`,
    `q = (q[t, h, 0 : dn], rope(q[t, h, dn :]))`,
    `o[t, h] = sum over u of softmax(scale * <q, k[u]>) * v[u]`. W_UK and W_UV are
    the first dn and the last dv rows of each head's block of kv_b_proj. As
    imported the scale follows from `rope`, after ds-fold-yarn it is `scale`.

    ```mlir
    %o = ds.mla_attention %batch, %q, %angles, %latent, @moe.self_attn.kv_b_proj {mla = #mla, rope = #rope} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins DS_BatchType:$batch, DS_F32Rows:$query,
                       DS_Angles:$angles, DS_StateType:$state,
                       FlatSymbolRefAttr:$weight, DS_MLAAttr:$mla,
                       OptionalAttr<DS_RopeAttr>:$rope,
                       OptionalAttr<F32Attr>:$scale);
  let results = (outs DS_Rows:$output);
  let assemblyFormat = [{
    $batch `,` $query `,` $angles `,` $state `,` $weight attr-dict `:`
    type($query) `,` type($angles) `->` type($output)
  }];
  let hasVerifier = 1;
}

// Life: ds-select-mla to convert-ds-to-kernel.
def DS_RopeOp : DS_Op<"rope", [Pure]> {
  let summary = "rotates the rope part of every head";
  let description = [{
    For pair j of columns dn .. dn + dr of each head: `y[2j] = x[2j] cos - x[2j+1]
    sin`, `y[2j+1] = x[2j] sin + x[2j+1] cos`, in f32, rounded once.

    ```mlir
    %q_rope = ds.rope %q, %angles {mla = #mla} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x4x16xf32>
    ```
  }];
  let arguments = (ins DS_F32Rows:$input, DS_Angles:$angles, DS_MLAAttr:$mla);
  let results = (outs DS_Slots:$output);
  let assemblyFormat = [{
    $input `,` $angles attr-dict `:` type($input) `,` type($angles) `->`
    type($output)
  }];
  let hasVerifier = 1;
}

// Life: ds-select-mla to convert-ds-to-kernel.
def DS_ExpandedAttentionOp : DS_WeightUserOp<"expanded_attention"> {
  let summary = "attention over keys and values expanded from the latent rows";
  let description = [{
    The formula of ds.mla_attention with the rotated query given; keys and values
    are expanded from the state page by page and shared by all queries of a
    sequence.

    ```mlir
    %o = ds.expanded_attention %batch, %q, %q_rope, %latent, @moe.self_attn.kv_b_proj {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x4x16xf32> -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins DS_BatchType:$batch, DS_F32Rows:$query,
                       DS_Slots:$rope_query, DS_StateType:$state,
                       FlatSymbolRefAttr:$weight, DS_MLAAttr:$mla,
                       F32Attr:$scale);
  let results = (outs DS_Rows:$output);
  let assemblyFormat = [{
    $batch `,` $query `,` $rope_query `,` $state `,` $weight attr-dict `:`
    type($query) `,` type($rope_query) `->` type($output)
  }];
  let hasVerifier = 1;
}

// Life: ds-select-mla to convert-ds-to-kernel.
def DS_PerHeadLinearOp : DS_WeightUserOp<"per_head_linear"> {
  let summary = "moves the key or the value projection out of attention";
  let description = [{
    `key`: `y[t, h] = transpose(W_UK[h]) q[t, h, 0 : dn]`, from [T, H * (dn + dr)]
    in f32 to [T, H, dc]. `value`: `y[t, h] = W_UV[h] o[t, h]`, from [T, H, dc] to
    [T, H * dv]. Accumulated in f32, rounded once. The two projections are never
    multiplied into their neighbours: that would cost 3 times the bytes.

    ```mlir
    %ql = ds.per_head_linear key %q, @moe.self_attn.kv_b_proj {mla = #mla} : tensor<?x192xf32> -> tensor<?x4x64xf32>
    %o = ds.per_head_linear value %ol, @moe.self_attn.kv_b_proj {mla = #mla} : tensor<?x4x64xf32> -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins DS_ProjectionPartAttr:$part, DS_AnyRows:$input,
                       FlatSymbolRefAttr:$weight, DS_MLAAttr:$mla);
  let results = (outs DS_AnyRows:$output);
  let assemblyFormat = [{
    `` $part $input `,` $weight attr-dict `:` type($input) `->` type($output)
  }];
  let hasVerifier = 1;
}

// Life: ds-select-mla to convert-ds-to-kernel.
def DS_LatentAttentionOp : DS_Op<"latent_attention", [Pure]> {
  let summary = "attention over the latent rows themselves";
  let description = [{
    `s[u] = scale * (<q[t, h], c[u]> + <q_rope[t, h], k_pe[u]>)`, u <=
    positions[t]; `o[t, h] = sum over u of softmax(s)[u] * c[u]`, in f32, rounded
    once. Rows beyond the token's position are never read.

    ```mlir
    %ol = ds.latent_attention %batch, %ql, %q_rope, %latent {mla = #mla, scale = 0.15 : f32} : tensor<?x4x64xf32>, tensor<?x4x16xf32> -> tensor<?x4x64xf32>
    ```
  }];
  let arguments = (ins DS_BatchType:$batch, DS_Slots:$query,
                       DS_Slots:$rope_query, DS_StateType:$state,
                       DS_MLAAttr:$mla, F32Attr:$scale);
  let results = (outs DS_Slots:$output);
  let assemblyFormat = [{
    $batch `,` $query `,` $rope_query `,` $state attr-dict `:` type($query) `,`
    type($rope_query) `->` type($output)
  }];
  let hasVerifier = 1;
}

#endif
