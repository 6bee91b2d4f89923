// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-fuse-projections | FileCheck %s

ds.weight @q_a [96, 192] #ds.encoding<bf16>
ds.weight @kv_a [80, 192] #ds.encoding<bf16>
ds.weight @kv_a_f32 [80, 192] #ds.encoding<f32>
ds.weight @q_b [192, 96] #ds.encoding<bf16>
ds.weight @gate_proj [320, 192] #ds.encoding<bf16>
ds.weight @up_proj [320, 192] #ds.encoding<bf16>
ds.weight @gain [96] #ds.encoding<bf16>
ds.weight @kv_gain [64] #ds.encoding<bf16>

#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>

// q_a and kv_a read one input: one call with two weights, each as it is stored.
// The norm and the append read columns of its rows.
// CHECK-LABEL: func.func @low_rank_projections_share_a_call
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x192xf32>
// CHECK: %[[BOTH:.+]] = ds.linear %[[X]], [@q_a, @kv_a] : tensor<?x192xf32> -> tensor<?x176xf32>
// CHECK-DAG: %[[Q_LOW:.+]] = ds.columns %[[BOTH]][0, 96]
// CHECK-DAG: %[[LATENT_ROWS:.+]] = ds.columns %[[BOTH]][96, 80]
// CHECK: ds.rms_norm %[[Q_LOW]], @gain
// CHECK: ds.state_append %{{.*}}, %[[LATENT_ROWS]],
func.func @low_rank_projections_share_a_call(%x: tensor<?x192xf32>, %batch: !ds.batch, %angles: tensor<?x8x2xf32>, %latent: !ds.state) {
  %low = ds.linear %x, [@q_a] : tensor<?x192xf32> -> tensor<?x96xf32>
  %c = ds.rms_norm %low, @gain {eps = 1.0e-6 : f32} : tensor<?x96xf32> -> tensor<?x96xf32>
  %a = ds.linear %x, [@kv_a] : tensor<?x192xf32> -> tensor<?x80xf32>
  %new = ds.state_append %batch, %a, %angles, %latent, @kv_gain {eps = 1.0e-6 : f32, mla = #mla} : tensor<?x80xf32>, tensor<?x8x2xf32>
  return
}

// Gate and up become neighbours, as the kernel of SwiGLU reads them.
// CHECK-LABEL: func.func @gate_and_up_are_neighbours
// CHECK: %[[BOTH:.+]] = ds.linear %{{.*}}, [@gate_proj, @up_proj] : tensor<?x192xf32> -> tensor<?x640xf32>
// CHECK-DAG: %[[GATE:.+]] = ds.columns %[[BOTH]][0, 320]
// CHECK-DAG: %[[UP:.+]] = ds.columns %[[BOTH]][320, 320]
// CHECK: ds.swiglu %[[GATE]], %[[UP]]
func.func @gate_and_up_are_neighbours(%x: tensor<?x192xf32>) {
  %gate = ds.linear %x, [@gate_proj] : tensor<?x192xf32> -> tensor<?x320xf32>
  %up = ds.linear %x, [@up_proj] : tensor<?x192xf32> -> tensor<?x320xf32>
  %h = ds.swiglu %gate, %up : tensor<?x320xf32> -> tensor<?x320xf32>
  return
}

// Attention wants its query dense, so a projection it reads stays alone.
// CHECK-LABEL: func.func @dense_readers_stay_apart
// CHECK: ds.linear %{{.*}}, [@q_a] :
// CHECK: ds.linear %{{.*}}, [@kv_a] :
func.func @dense_readers_stay_apart(%x: tensor<?x192xf32>) -> tensor<?x96xf32> {
  %q = ds.linear %x, [@q_a] : tensor<?x192xf32> -> tensor<?x96xf32>
  %a = ds.linear %x, [@kv_a] : tensor<?x192xf32> -> tensor<?x80xf32>
  %n = ds.rms_norm %a, @gain {eps = 1.0e-6 : f32} : tensor<?x80xf32> -> tensor<?x80xf32>
  return %q : tensor<?x96xf32>
}

// One call reads one encoding.
// CHECK-LABEL: func.func @encodings_do_not_mix
// CHECK: ds.linear %{{.*}}, [@q_a] :
// CHECK: ds.linear %{{.*}}, [@kv_a_f32] :
func.func @encodings_do_not_mix(%x: tensor<?x192xf32>) {
  %q = ds.linear %x, [@q_a] : tensor<?x192xf32> -> tensor<?x96xf32>
  %c = ds.rms_norm %q, @gain {eps = 1.0e-6 : f32} : tensor<?x96xf32> -> tensor<?x96xf32>
  %a = ds.linear %x, [@kv_a_f32] : tensor<?x192xf32> -> tensor<?x80xf32>
  %n = ds.rms_norm %a, @gain {eps = 1.0e-6 : f32} : tensor<?x80xf32> -> tensor<?x80xf32>
  return
}

// A kernel takes four weights; a fifth begins the next call.
// CHECK-LABEL: func.func @at_most_four_weights
// CHECK: ds.linear %{{.*}}, [@q_a, @q_a, @q_a, @q_a] : {{.*}} -> tensor<?x384xf32>
// CHECK: ds.linear %{{.*}}, [@q_a] :
func.func @at_most_four_weights(%x: tensor<?x192xf32>) {
  %a = ds.linear %x, [@q_a] : tensor<?x192xf32> -> tensor<?x96xf32>
  %b = ds.linear %x, [@q_a] : tensor<?x192xf32> -> tensor<?x96xf32>
  %c = ds.linear %x, [@q_a] : tensor<?x192xf32> -> tensor<?x96xf32>
  %d = ds.linear %x, [@q_a] : tensor<?x192xf32> -> tensor<?x96xf32>
  %e = ds.linear %x, [@q_a] : tensor<?x192xf32> -> tensor<?x96xf32>
  %na = ds.rms_norm %a, @gain {eps = 1.0e-6 : f32} : tensor<?x96xf32> -> tensor<?x96xf32>
  %nb = ds.rms_norm %b, @gain {eps = 1.0e-6 : f32} : tensor<?x96xf32> -> tensor<?x96xf32>
  %nc = ds.rms_norm %c, @gain {eps = 1.0e-6 : f32} : tensor<?x96xf32> -> tensor<?x96xf32>
  %nd = ds.rms_norm %d, @gain {eps = 1.0e-6 : f32} : tensor<?x96xf32> -> tensor<?x96xf32>
  %ne = ds.rms_norm %e, @gain {eps = 1.0e-6 : f32} : tensor<?x96xf32> -> tensor<?x96xf32>
  return
}
