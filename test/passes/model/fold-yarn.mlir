// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-fold-yarn | FileCheck %s
// Expected values are those of model-spec 1.5 and 1.6, or stand above the check.

#v3 = #ds.mla<heads = 128, q_lora_rank = 1536, kv_lora_rank = 512, qk_nope_head_dim = 128, qk_rope_head_dim = 64, v_head_dim = 128>

// The frequencies of V3: kept up to pair 10, divided by 40 from pair 23 on. As
// mscale and mscale_all_dim are equal, the angles have no factor.
// CHECK-LABEL: func.func @v3_frequencies
func.func @v3_frequencies(%batch: !ds.batch) {
  // CHECK: attention = 1.000000e+00 : f32
  // CHECK-SAME: inv_freq = array<f32: 1.000000e+00, 0.749894201, {{(([^,]+, ){8})}}0.0562341325, 0.0390069261, {{(([^,]+, ){4})}}5.500000e-03, {{(([^,]+, ){5})}}1.7782794E-4, 3.33380376E-5, 2.500000e-05, {{(([^,]+, ){6})}}3.33380353E-6>
  %angles = ds.rope_table %batch {rope = #ds.rope<dim = 64, theta = 1.0e4, yarn = <factor = 40.0, original_max_position_embeddings = 4096, beta_fast = 32.0, beta_slow = 1.0, truncate = true, mscale = 1.0, mscale_all_dim = 1.0>>} : tensor<?x32x2xf32>
  return
}

// The softmax scale of V3: 192^-0.5 * (0.1 ln 40 + 1)^2 = 0.1352337788608801.
// CHECK-LABEL: func.func @v3_scale
func.func @v3_scale(%batch: !ds.batch, %q: tensor<?x24576xf32>, %angles: tensor<?x32x2xf32>, %latent: !ds.state) {
  // CHECK: ds.mla_attention
  // CHECK-SAME: scale = 0.135233775 : f32
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #v3, rope = #ds.rope<dim = 64, theta = 1.0e4, yarn = <factor = 40.0, original_max_position_embeddings = 4096, beta_fast = 32.0, beta_slow = 1.0, truncate = true, mscale = 1.0, mscale_all_dim = 1.0>>} : tensor<?x24576xf32>, tensor<?x32x2xf32> -> tensor<?x16384xf32>
  return
}

// That of V2-Lite, whose mscale_all_dim is 0.707: 0.1147213867926261.
// CHECK-LABEL: func.func @v2_lite_scale
func.func @v2_lite_scale(%batch: !ds.batch, %q: tensor<?x24576xf32>, %angles: tensor<?x32x2xf32>, %latent: !ds.state) {
  // CHECK: scale = 0.114721388 : f32
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #v3, rope = #ds.rope<dim = 64, theta = 1.0e4, yarn = <factor = 40.0, original_max_position_embeddings = 4096, beta_fast = 32.0, beta_slow = 1.0, truncate = true, mscale = 0.707, mscale_all_dim = 0.707>>} : tensor<?x24576xf32>, tensor<?x32x2xf32> -> tensor<?x16384xf32>
  return
}

// Without mscale_all_dim the scale is 192^-0.5 = 0.0721687836 and the factor of
// the angles 0.1 ln 40 + 1 = 1.3688879454.
// CHECK-LABEL: func.func @length_scaling_in_the_angles
func.func @length_scaling_in_the_angles(%batch: !ds.batch, %q: tensor<?x24576xf32>, %latent: !ds.state) {
  // CHECK: attention = 1.3688879 : f32
  %angles = ds.rope_table %batch {rope = #ds.rope<dim = 64, theta = 1.0e4, yarn = <factor = 40.0, original_max_position_embeddings = 4096, beta_fast = 32.0, beta_slow = 1.0, truncate = true, mscale = 1.0>>} : tensor<?x32x2xf32>
  // CHECK: scale = 0.0721687824 : f32
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #v3, rope = #ds.rope<dim = 64, theta = 1.0e4, yarn = <factor = 40.0, original_max_position_embeddings = 4096, beta_fast = 32.0, beta_slow = 1.0, truncate = true, mscale = 1.0>>} : tensor<?x24576xf32>, tensor<?x32x2xf32> -> tensor<?x16384xf32>
  return
}

// A factor that the config gives is taken as it is.
// CHECK-LABEL: func.func @attention_factor_wins
func.func @attention_factor_wins(%batch: !ds.batch) {
  // CHECK: attention = 1.250000e+00 : f32
  %angles = ds.rope_table %batch {rope = #ds.rope<dim = 64, theta = 1.0e4, yarn = <factor = 40.0, original_max_position_embeddings = 4096, beta_fast = 32.0, beta_slow = 1.0, truncate = true, mscale = 1.0, mscale_all_dim = 1.0, attention_factor = 1.25>>} : tensor<?x32x2xf32>
  return
}

// Two different mscales leave their quotient in the angles:
// (0.1 ln 40 + 1) / (0.0707 ln 40 + 1) = 1.0857263993.
// CHECK-LABEL: func.func @mscales_divide
func.func @mscales_divide(%batch: !ds.batch) {
  // CHECK: attention = 1.08572638 : f32
  %angles = ds.rope_table %batch {rope = #ds.rope<dim = 64, theta = 1.0e4, yarn = <factor = 40.0, original_max_position_embeddings = 4096, beta_fast = 32.0, beta_slow = 1.0, truncate = true, mscale = 1.0, mscale_all_dim = 0.707>>} : tensor<?x32x2xf32>
  return
}

// Without truncation the ramp runs between 10.4722 and 22.5132: pair 11 is
// scaled by 0.0438 of its way, 0.0403675845, instead of by 1/13.
// CHECK-LABEL: func.func @ramp_without_truncation
func.func @ramp_without_truncation(%batch: !ds.batch) {
  // CHECK: inv_freq = array<f32: {{(([^,]+, ){11})}}0.0403675847,
  %angles = ds.rope_table %batch {rope = #ds.rope<dim = 64, theta = 1.0e4, yarn = <factor = 40.0, original_max_position_embeddings = 4096, beta_fast = 32.0, beta_slow = 1.0, truncate = false, mscale = 1.0, mscale_all_dim = 1.0>>} : tensor<?x32x2xf32>
  return
}

// Plain rope: theta^(-2j/dim), no factor, the scale of the head's 48 values.
// CHECK-LABEL: func.func @plain_rope
func.func @plain_rope(%batch: !ds.batch, %q: tensor<?x192xf32>, %latent: !ds.state) {
  // CHECK: attention = 1.000000e+00 : f32
  // CHECK-SAME: inv_freq = array<f32: 1.000000e+00, 0.316227764, 1.000000e-01, 0.0316227749, 0.00999999977, 0.00316227763, 1.000000e-03, 3.16227757E-4>
  %angles = ds.rope_table %batch {rope = #ds.rope<dim = 16, theta = 1.0e4>} : tensor<?x8x2xf32>
  // CHECK: scale = 0.144337565 : f32
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>, rope = #ds.rope<dim = 16, theta = 1.0e4>} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
  return
}
