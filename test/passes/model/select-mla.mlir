// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-select-mla | FileCheck %s --check-prefixes=CHECK,BY-PHASE
// RUN: dsc-opt %s -ds-select-mla=force=expanded | FileCheck %s --check-prefixes=CHECK,EXPANDED
// RUN: dsc-opt %s -ds-select-mla=force=absorbed | FileCheck %s --check-prefixes=CHECK,ABSORBED

#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
!rows = tensor<?x128xf32>

// Prefill expands keys and values from the state: one op, given the query as it
// is and its rope part rotated.
// CHECK-LABEL: func.func @prefill_expands
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<?x192xf32>, %[[ANGLES:[a-z0-9]+]]: {{.*}}, %[[LATENT:[a-z0-9]+]]: !ds.state
// BY-PHASE-NOT: ds.per_head_linear
// BY-PHASE: %[[ROTATED:.+]] = ds.rope %[[Q]], %[[ANGLES]] {{.*}} -> tensor<?x4x16xf32>
// BY-PHASE: %[[O:.+]] = ds.expanded_attention %{{.*}}, %[[Q]], %[[ROTATED]], %[[LATENT]], @kv_b {mla = #mla, scale = 1.500000e-01 : f32}
// BY-PHASE: return %[[O]]
// EXPANDED: ds.expanded_attention
// ABSORBED: ds.latent_attention
// CHECK-NOT: ds.mla_attention
func.func @prefill_expands(%batch: !ds.batch, %q: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) -> !rows attributes {ds.phase = "prefill"} {
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x8x2xf32> -> !rows
  return %o : !rows
}

// Decode reads the latent rows: the key projection moves to the query, the
// value projection behind the sum, both with the one weight that holds them.
// CHECK-LABEL: func.func @decode_absorbs
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<?x192xf32>, %[[ANGLES:[a-z0-9]+]]: {{.*}}, %[[LATENT:[a-z0-9]+]]: !ds.state
// BY-PHASE: %[[LATENT_Q:.+]] = ds.per_head_linear key %[[Q]], @kv_b {{.*}} -> tensor<?x4x64xf32>
// BY-PHASE: %[[ROTATED:.+]] = ds.rope %[[Q]], %[[ANGLES]]
// BY-PHASE: %[[LATENT_SUM:.+]] = ds.latent_attention %{{.*}}, %[[LATENT_Q]], %[[ROTATED]], %[[LATENT]] {mla = #mla, scale = 1.500000e-01 : f32} {{.*}} -> tensor<?x4x64xf32>
// BY-PHASE: %[[O:.+]] = ds.per_head_linear value %[[LATENT_SUM]], @kv_b {{.*}} -> tensor<?x128xf32>
// BY-PHASE: return %[[O]]
// EXPANDED: ds.expanded_attention
// ABSORBED: ds.latent_attention
// CHECK-NOT: ds.mla_attention
func.func @decode_absorbs(%batch: !ds.batch, %q: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) -> !rows attributes {ds.phase = "decode"} {
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x8x2xf32> -> !rows
  return %o : !rows
}
