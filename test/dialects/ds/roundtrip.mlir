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
