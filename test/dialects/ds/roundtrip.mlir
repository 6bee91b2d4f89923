// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s | dsc-opt | FileCheck %s
// RUN: dsc-opt %s --mlir-print-op-generic | dsc-opt | FileCheck %s

#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
#yarn = #ds.yarn<factor = 8.0, original_max_position_embeddings = 64, beta_fast = 32.0, beta_slow = 1.0, truncate = false, mscale = 1.0>
#rope = #ds.rope<dim = 16, theta = 1.0e4, yarn = #yarn>
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = softmax, normalize = false, scale = 2.5>

// Attributes that ops share stand once, under the name of their kind.
// CHECK-DAG: #f8_blocks = #ds.encoding<f8E4M3FN, block = 128 x 128>
// CHECK-DAG: #plain_bf16 = #ds.encoding<bf16>
// CHECK-DAG: #gate = #ds.gate<experts = 16, {{.*}} scoring = softmax, normalize = false, scale = 2.5
// CHECK-DAG: #rope = #ds.rope<dim = 16, theta = 1.0{{.*}}, yarn = <factor = 8.0{{.*}} truncate = false, mscale = 1.0

// CHECK: module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 192,
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 192, num_hidden_layers = 3, vocab_size = 512, max_position_embeddings = 512>} {

// A weight says whether there is one tensor per layer or a list.
// CHECK: ds.weight @moe.gain [192] #plain_bf16
ds.weight @moe.gain [192] #ds.encoding<bf16>
// CHECK: ds.weight @moe.list [96, 192] #f8_blocks count 16
ds.weight @moe.list [96, 192] #ds.encoding<f8E4M3FN, block = 128 x 128> count 16
// CHECK: ds.state @latent width 80 element bf16 page 64
ds.state @latent width 80 element bf16 page 64

// What enters the model and what leaves it; taps give values out on the way.
// CHECK-LABEL: func.func @ends_of_the_model
// CHECK-SAME: %[[BATCH:[a-z0-9]+]]: !ds.batch, %[[OLD:[a-z0-9]+]]: !ds.state
func.func @ends_of_the_model(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %ids: tensor<?x3xi32>) {
  // CHECK: %[[R:.+]], %[[D:.+]] = ds.embedding %[[BATCH]], @embed_tokens : tensor<?x192xf32>
  %r, %d = ds.embedding %batch, @embed_tokens : tensor<?x192xf32>
  // CHECK: ds.layers @layer_moe layers [1, 2](%[[BATCH]], %[[R]], %[[D]], %{{.*}}, %[[OLD]]) : (!ds.batch, {{.*}}, !ds.state) -> ({{.*}}, !ds.state)
  %r2, %d2, %new = ds.layers @layer_moe layers [1, 2](%batch, %r, %d, %angles, %latent) : (!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state)
  // CHECK: ds.tap %{{.*}}, %{{.*}} : tensor<?x192xf32>
  ds.tap %r2, %d2 : tensor<?x192xf32>
  // CHECK: ds.tap_experts %{{.*}} : tensor<?x3xi32>
  ds.tap_experts %ids : tensor<?x3xi32>
  // CHECK: %[[X:.+]] = ds.head_norm %[[BATCH]], %{{.*}}, %{{.*}}, @norm {eps = {{.*}}} : tensor<?x192xf32> -> tensor<?x192xbf16>
  %x = ds.head_norm %batch, %r2, %d2, @norm {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xbf16>
  // CHECK: ds.lm_head %[[X]], @lm_head : tensor<?x192xbf16> -> tensor<?x512xf32>
  %logits = ds.lm_head %x, @lm_head : tensor<?x192xbf16> -> tensor<?x512xf32>
  return
}

// CHECK-LABEL: func.func @layer_moe
// CHECK-SAME: attributes {ds.layer_kind = "moe", ds.phase = "prefill"}
func.func @layer_moe(%batch: !ds.batch, %r: tensor<?x192xf32>, %d: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state) attributes {ds.layer_kind = "moe", ds.phase = "prefill"} {
  return %r, %d, %latent : tensor<?x192xf32>, tensor<?x192xf32>, !ds.state
}

// Rows are added, normalised, projected, viewed by columns and rounded.
// CHECK-LABEL: func.func @rows
func.func @rows(%r: tensor<?x192xf32>, %d: tensor<?x192xf32>) {
  // CHECK: ds.add %{{.*}}, %{{.*}} : tensor<?x192xf32>
  %s = ds.add %r, %d : tensor<?x192xf32>
  // CHECK: ds.rms_norm %{{.*}}, @moe.gain {eps = {{.*}}} : tensor<?x192xf32> -> tensor<?x192xbf16>
  %x = ds.rms_norm %s, @moe.gain {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xbf16>
  // CHECK: ds.add_rms_norm %{{.*}}, %{{.*}}, @moe.gain {eps = {{.*}}} : tensor<?x192xf32> -> tensor<?x192xbf16>
  %s2, %x2 = ds.add_rms_norm %r, %d, @moe.gain {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xbf16>
  // CHECK: ds.linear %{{.*}}, [@gate_proj, @up_proj] : tensor<?x192xbf16> -> tensor<?x192xf32>
  %y = ds.linear %x, [@gate_proj, @up_proj] : tensor<?x192xbf16> -> tensor<?x192xf32>
  // CHECK: ds.columns %{{.*}}[96, 96] : tensor<?x192xf32> -> tensor<?x96xf32>
  %up = ds.columns %y[96, 96] : tensor<?x192xf32> -> tensor<?x96xf32>
  // CHECK: ds.swiglu %{{.*}}, %{{.*}} : tensor<?x96xf32> -> tensor<?x96xbf16>
  %h = ds.swiglu %up, %up : tensor<?x96xf32> -> tensor<?x96xbf16>
  // CHECK: ds.cast %{{.*}} : tensor<?x96xf32> -> tensor<?x96xbf16>
  %c = ds.cast %up : tensor<?x96xf32> -> tensor<?x96xbf16>
  return
}

// Codes travel with their scales, one per row and 128 columns.
// CHECK-LABEL: func.func @codes
func.func @codes(%x: tensor<?x192xbf16>, %h: tensor<?x3x96xf32>, %offsets: tensor<17xi32>, %token_of: tensor<?x3xi32>) {
  // CHECK: %[[C:.+]], %[[S:.+]] = ds.quantize %{{.*}} scales ue8m0 : tensor<?x192xbf16> -> tensor<?x192xf8E4M3FN>, tensor<?x2xf32>
  %c, %s = ds.quantize %x scales ue8m0 : tensor<?x192xbf16> -> tensor<?x192xf8E4M3FN>, tensor<?x2xf32>
  // CHECK: ds.linear %[[C]] scales %[[S]], [@gate_proj, @up_proj] : tensor<?x192xf8E4M3FN>, tensor<?x2xf32> -> tensor<?x192xf32>
  %y = ds.linear %c scales %s, [@gate_proj, @up_proj] : tensor<?x192xf8E4M3FN>, tensor<?x2xf32> -> tensor<?x192xf32>
  // CHECK: %[[HC:.+]], %[[HS:.+]] = ds.quantize %{{.*}} scales f32 : tensor<?x3x96xf32> -> tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>
  %hc, %hs = ds.quantize %h scales f32 : tensor<?x3x96xf32> -> tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>
  // CHECK: ds.grouped_linear %[[HC]] scales %[[HS]], %{{.*}}, %{{.*}}, [@d] : (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %d = ds.grouped_linear %hc scales %hs, %offsets, %token_of, [@d] : (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  return
}

// An append gives the state that reads see; attention has three forms.
// CHECK-LABEL: func.func @attention_forms
// CHECK-SAME: %[[LATENT:[a-z0-9]+]]: !ds.state
func.func @attention_forms(%latent: !ds.state, %batch: !ds.batch, %angles: tensor<?x8x2xf32>, %a: tensor<?x80xf32>, %q: tensor<?x192xf32>, %ql: tensor<?x4x64xf32>) {
  // CHECK: %[[NEW:.+]] = ds.state_append %{{.*}}, %{{.*}}, %{{.*}}, %[[LATENT]], @gain {eps = {{.*}}, mla = #mla}
  %new = ds.state_append %batch, %a, %angles, %latent, @gain {eps = 1.0e-6 : f32, mla = #mla} : tensor<?x80xf32>, tensor<?x8x2xf32>
  // CHECK: ds.mla_attention %{{.*}}, %[[NEW]], @kv_b {mla = #mla, rope = #rope} : {{.*}} -> tensor<?x128xf32>
  %open = ds.mla_attention %batch, %q, %angles, %new, @kv_b {mla = #mla, rope = #rope} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
  // CHECK: ds.mla_attention %{{.*}}, %[[NEW]], @kv_b {mla = #mla, scale = 1.500000e-01 : f32}
  %folded = ds.mla_attention %batch, %q, %angles, %new, @kv_b {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
  // CHECK: %[[ROTATED:.+]] = ds.rope %{{.*}}, %{{.*}} {mla = #mla} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x4x16xf32>
  %rotated = ds.rope %q, %angles {mla = #mla} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x4x16xf32>
  // CHECK: ds.expanded_attention %{{.*}}, %{{.*}}, %[[ROTATED]], %[[NEW]], @kv_b {{.*}} -> tensor<?x128xbf16>
  %expanded = ds.expanded_attention %batch, %q, %rotated, %new, @kv_b {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x4x16xf32> -> tensor<?x128xbf16>
  // CHECK: ds.latent_attention %{{.*}}, %{{.*}}, %[[ROTATED]], %[[NEW]] {{.*}} -> tensor<?x4x64xf32>
  %absorbed = ds.latent_attention %batch, %ql, %rotated, %new {mla = #mla, scale = 0.15 : f32} : tensor<?x4x64xf32>, tensor<?x4x16xf32> -> tensor<?x4x64xf32>
  return
}

// The grouped form of the experts works on slots, sorted by expert.
// CHECK-LABEL: func.func @grouped_experts
func.func @grouped_experts(%u: tensor<?x192xbf16>, %h: tensor<?x3x96xbf16>) {
  // CHECK: %[[IDS:.+]], %{{.+}} = ds.router %{{.*}}, @moe.gate, @moe.bias {gate = #gate} : tensor<?x192xbf16> -> tensor<?x3xi32>, tensor<?x3xf32>
  %ids, %w = ds.router %u, @moe.gate, @moe.bias {gate = #gate} : tensor<?x192xbf16> -> tensor<?x3xi32>, tensor<?x3xf32>
  // CHECK: ds.router %{{.*}}, @moe.gate {gate = #gate}
  %ids2, %w2 = ds.router %u, @moe.gate {gate = #gate} : tensor<?x192xbf16> -> tensor<?x3xi32>, tensor<?x3xf32>
  // CHECK: %[[OFFSETS:.+]], %[[TOKEN_OF:.+]], %[[SLOT_OF:.+]] = ds.expert_plan %[[IDS]] {experts = 16 : i64} : tensor<?x3xi32> -> tensor<17xi32>
  %offsets, %token_of, %slot_of = ds.expert_plan %ids {experts = 16 : i64} : tensor<?x3xi32> -> tensor<17xi32>
  // CHECK: ds.grouped_linear %{{.*}}, %[[OFFSETS]], %[[TOKEN_OF]], [@g, @u] {gather} : (tensor<?x192xbf16>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %gu = ds.grouped_linear %u, %offsets, %token_of, [@g, @u] {gather} : (tensor<?x192xbf16>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  // CHECK: ds.grouped_linear %{{.*}}, %[[OFFSETS]], %[[TOKEN_OF]], [@d] : (tensor<?x3x96xbf16>,
  %y = ds.grouped_linear %h, %offsets, %token_of, [@d] : (tensor<?x3x96xbf16>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  // CHECK: ds.combine %{{.*}}, %[[SLOT_OF]], %{{.*}} : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
  %sum = ds.combine %y, %slot_of, %w : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
  return
}

// Rope is given by configuration first, by a table later.
// CHECK-LABEL: func.func @rope_tables
func.func @rope_tables(%batch: !ds.batch) {
  // CHECK: ds.rope_table %{{.*}} {rope = #rope} : tensor<?x8x2xf32>
  %configured = ds.rope_table %batch {rope = #rope} : tensor<?x8x2xf32>
  // CHECK: ds.rope_table %{{.*}} {attention = {{.*}}, inv_freq = array<f32: 1.0{{.*}}, 5.0{{.*}}>} : tensor<?x2x2xf32>
  %folded = ds.rope_table %batch {attention = 1.0 : f32, inv_freq = array<f32: 1.0, 0.5>} : tensor<?x2x2xf32>
  return
}

// The two parts of a per-head projection are words.
// CHECK-LABEL: func.func @per_head_parts
func.func @per_head_parts(%q: tensor<?x192xf32>, %ol: tensor<?x4x64xbf16>) {
  // CHECK: ds.per_head_linear key %{{.*}}, @kv_b {mla = #mla}
  %ql = ds.per_head_linear key %q, @kv_b {mla = #mla} : tensor<?x192xf32> -> tensor<?x4x64xbf16>
  // CHECK: ds.per_head_linear value %{{.*}}, @kv_b {mla = #mla}
  %o = ds.per_head_linear value %ol, @kv_b {mla = #mla} : tensor<?x4x64xbf16> -> tensor<?x128xbf16>
  return
}

// A correction bias and shared experts may be absent.
// CHECK-LABEL: func.func @optional_parts
func.func @optional_parts(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %y: tensor<?x3x192xf32>) {
  // CHECK: ds.gate %{{.*}} {gate = #gate}
  %ids, %w = ds.gate %z {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  // CHECK: ds.gate %{{.*}}, @bias {gate = #gate}
  %ids2, %w2 = ds.gate %z, @bias {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  // CHECK: ds.experts %{{.*}}, %{{.*}}, %{{.*}} gate_proj @g up_proj @u down_proj @d
  %alone = ds.experts %u, %ids, %w gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 96 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
  // CHECK: ds.experts %{{.*}}, %{{.*}}, %{{.*}} shared %{{.*}} gate_proj @g
  %with = ds.experts %u, %ids, %w shared %u gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 96 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  // CHECK: ds.combine %{{.*}}, %{{.*}}, %{{.*}} shared %{{.*}} :
  %sum = ds.combine %y, %ids, %w shared %u : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}
}
