// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// Rope tables, the state, and attention as it was imported.

// An angle is a cosine and a sine.
#rope = #ds.rope<dim = 16, theta = 10000.0>
func.func @wrong(%batch: !ds.batch) {
  // expected-error @below {{gives 3 values per pair, expected cosine and sine}}
  %t = ds.rope_table %batch {rope = #rope} : tensor<?x8x3xf32>
  return
}

// -----

// A table is configured or folded.
#rope = #ds.rope<dim = 16, theta = 10000.0>
func.func @wrong(%batch: !ds.batch) {
  // expected-error @below {{has rope and a table, expected one of them}}
  %t = ds.rope_table %batch {rope = #rope, attention = 1.0 : f32, inv_freq = array<f32: 1.0>} : tensor<?x8x2xf32>
  return
}

// -----

// A configured table has a pair for each two values.
#rope = #ds.rope<dim = 16, theta = 10000.0>
func.func @wrong(%batch: !ds.batch) {
  // expected-error @below {{angles of the table's pairs hold 8 values, expected 16}}
  %t = ds.rope_table %batch {rope = #rope} : tensor<?x4x2xf32>
  return
}

// -----

// A folded table has frequencies and a factor.
func.func @wrong(%batch: !ds.batch) {
  // expected-error @below {{has neither rope nor inv_freq and attention}}
  %t = ds.rope_table %batch {inv_freq = array<f32: 1.0>} : tensor<?x1x2xf32>
  return
}

// -----

// A folded table has a frequency per pair.
func.func @wrong(%batch: !ds.batch) {
  // expected-error @below {{frequencies hold 2 values, expected 4}}
  %t = ds.rope_table %batch {attention = 1.0 : f32, inv_freq = array<f32: 1.0, 0.5>} : tensor<?x4x2xf32>
  return
}

// -----

// An append rotates every pair.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{angles are 'tensor<?x4x2xf32>', expected a pair for each 2 of 16 rope values}}
  %n = ds.state_append %batch, %a, %short, %latent, @g {eps = 1.0e-6 : f32, mla = #mla} : tensor<?x80xf32>, tensor<?x4x2xf32>
  return
}

// -----

// A latent row is kv_lora_rank and qk_rope_head_dim values.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{rows hold 192 values, expected 80}}
  %n = ds.state_append %batch, %q, %angles, %latent, @g {eps = 1.0e-6 : f32, mla = #mla} : tensor<?x192xf32>, tensor<?x8x2xf32>
  return
}

// -----

// Attention has a rope before folding, a scale behind it.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{expected either rope or scale}}
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv {mla = #mla} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
  return
}

// -----

// Attention rotates every pair.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{expected a pair for each 2 of 16 rope values}}
  %o = ds.mla_attention %batch, %q, %short, %latent, @kv {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x4x2xf32> -> tensor<?x128xf32>
  return
}

// -----

// A query row is all heads.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{query rows hold 80 values, expected 192}}
  %o = ds.mla_attention %batch, %a, %angles, %latent, @kv {mla = #mla, scale = 0.15 : f32} : tensor<?x80xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
  return
}

// -----

// Attention gives the values of all heads.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{result rows hold 96 values, expected 128}}
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x96xf32>
  return
}
