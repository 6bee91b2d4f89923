// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -convert-ds-to-kernel | FileCheck %s

#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = softmax, normalize = true, scale = 2.5>
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>

// A list of weights is one where experts read it.
// CHECK-DAG: kernel.weight @g [96, 192] bf16 count 16
// CHECK-DAG: kernel.weight @gate [16, 192] bf16{{$}}
ds.weight @g [96, 192] #ds.encoding<bf16> count 16
ds.weight @u [96, 192] #ds.encoding<bf16> count 16
ds.weight @d [192, 96] #ds.encoding<bf16> count 16
ds.weight @gate [16, 192] #ds.encoding<bf16>
ds.weight @bias [16] #ds.encoding<f32>
ds.weight @narrow_bias [16] #ds.encoding<bf16>
ds.weight @kv_b [256, 64] #ds.encoding<bf16>
ds.state @latent width 80 element bf16 page 64

// The router is two calls; the choice knows how its bias is stored.
// CHECK-LABEL: func.func @router
// CHECK: %[[LOGITS:.+]] = kernel.call @linear(%{{.*}}) weights [@gate] {{.*}} -> tensor<?x16xf32>
// CHECK: kernel.call @gate_topk(%[[LOGITS]]) weights [@bias] shape {bias = 1 : i32, experts = 16 : i32, group_score = 0 : i32, groups = 4 : i32, normalize = 1 : i32, scale = 2.500000e+00 : f32, scoring = 1 : i32, topk = 3 : i32, topk_groups = 2 : i32}
// CHECK: kernel.call @gate_topk(%{{.*}}) weights [@narrow_bias] shape {bias = 2 : i32
// CHECK: kernel.call @gate_topk(%{{.*}}) shape {bias = 0 : i32
func.func @router(%u: tensor<?x192xbf16>) attributes {ds.layer_kind = "moe"} {
  %ids, %w = ds.router %u, @gate, @bias {gate = #gate} : tensor<?x192xbf16> -> tensor<?x3xi32>, tensor<?x3xf32>
  %ids2, %w2 = ds.router %u, @gate, @narrow_bias {gate = #gate} : tensor<?x192xbf16> -> tensor<?x3xi32>, tensor<?x3xf32>
  %ids3, %w3 = ds.router %u, @gate {gate = #gate} : tensor<?x192xbf16> -> tensor<?x3xi32>, tensor<?x3xf32>
  return
}

// Experts' calls work on slots, three per token.
// CHECK-LABEL: func.func @experts
// CHECK: %[[PLAN:.+]]:3 = kernel.call @expert_plan(%{{.*}}) shape {experts = 16 : i32, shared = 0 : i32, topk = 3 : i32}
// CHECK: %[[GATE_UP:.+]] = kernel.call @grouped_linear(%{{.*}}, %[[PLAN]]#0, %[[PLAN]]#1) weights [@g, @u] shape {experts = 16 : i32, gather = 1 : i32, in = 192 : i32, out = 96 : i32, parts = 2 : i32, topk = 3 : i32}
// CHECK: %[[ACTIVATED:.+]] = kernel.call @swiglu(%[[GATE_UP]]) shape {n = 96 : i32, rows_per_token = 3 : i32}
// CHECK: %[[Y:.+]] = kernel.call @grouped_linear(%[[ACTIVATED]], %[[PLAN]]#0, %[[PLAN]]#1) weights [@d] shape {experts = 16 : i32, gather = 0 : i32, in = 96 : i32, out = 192 : i32, parts = 1 : i32, topk = 3 : i32}
// CHECK: kernel.call @combine(%[[Y]], %[[PLAN]]#2, %{{.*}}) shape {hidden = 192 : i32, shared = 0 : i32, topk = 3 : i32}
func.func @experts(%u: tensor<?x192xbf16>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>) attributes {ds.layer_kind = "moe"} {
  %offsets, %token_of, %slot_of = ds.expert_plan %ids {experts = 16 : i64} : tensor<?x3xi32> -> tensor<17xi32>
  %gu = ds.grouped_linear %u, %offsets, %token_of, [@g, @u] {gather} : (tensor<?x192xbf16>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %gate = ds.columns %gu[0, 96] : tensor<?x3x192xf32> -> tensor<?x3x96xf32>
  %up = ds.columns %gu[96, 96] : tensor<?x3x192xf32> -> tensor<?x3x96xf32>
  %h = ds.swiglu %gate, %up : tensor<?x3x96xf32> -> tensor<?x3x96xbf16>
  %y = ds.grouped_linear %h, %offsets, %token_of, [@d] : (tensor<?x3x96xbf16>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %sum = ds.combine %y, %slot_of, %w : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
  return
}

// The absorbed form takes one weight twice: keys are the first 32 rows of each
// head's 64, values the last 32.
// CHECK-LABEL: func.func @absorbed
// CHECK: kernel.call @absorb_query(%{{.*}}) weights [@kv_b] shape {head_stride = 48 : i32, heads = 4 : i32, latent = 64 : i32, nope = 32 : i32, weight_rows = 64 : i32}
// CHECK: kernel.call @mla_decode(%{{.*}}) shape {context = 4096 : i32, heads = 4 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32, scale = 1.500000e-01 : f32}
// CHECK: kernel.call @absorb_value(%{{.*}}) weights [@kv_b] shape {heads = 4 : i32, latent = 64 : i32, row_offset = 32 : i32, value = 32 : i32, weight_rows = 64 : i32}
func.func @absorbed(%batch: !ds.batch, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xbf16>, %latent: !ds.state) attributes {ds.layer_kind = "dense"} {
  %ql = ds.per_head_linear key %q, @kv_b {mla = #mla} : tensor<?x192xf32> -> tensor<?x4x64xbf16>
  %ol = ds.latent_attention %batch, %ql, %qr, %latent {mla = #mla, scale = 0.15 : f32} : tensor<?x4x64xbf16>, tensor<?x4x16xbf16> -> tensor<?x4x64xbf16>
  %o = ds.per_head_linear value %ol, @kv_b {mla = #mla} : tensor<?x4x64xbf16> -> tensor<?x128xbf16>
  return
}

// A tap is a call whose result nobody reads.
// CHECK-LABEL: func.func @taps
// CHECK: kernel.call @add_rows(%{{.*}}, %{{.*}}) shape {n = 192 : i32} tap "hidden"
// CHECK: kernel.call @copy_rows(%{{.*}}) shape {n = 3 : i32} tap "experts"
func.func @taps(%r: tensor<?x192xf32>, %d: tensor<?x192xf32>, %ids: tensor<?x3xi32>) attributes {ds.layer_kind = "mtp"} {
  ds.tap %r, %d : tensor<?x192xf32>
  ds.tap_experts %ids : tensor<?x3xi32>
  return
}
