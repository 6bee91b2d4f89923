// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// The expanded and the absorbed form of attention.

// The query's rope part is rotated pair by pair.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{expected a pair for each 2 of 16 rope values}}
  %o = ds.rope %q, %short {mla = #mla} : tensor<?x192xf32>, tensor<?x4x2xf32> -> tensor<?x4x16xf32>
  return
}

// -----

// Rope reads whole queries.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{input rows hold 80 values, expected 192}}
  %o = ds.rope %a, %angles {mla = #mla} : tensor<?x80xf32>, tensor<?x8x2xf32> -> tensor<?x4x16xf32>
  return
}

// -----

// Rope gives the rope part of every head.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{result is 'tensor<?x4x32xf32>', expected 4 heads of 16 values}}
  %o = ds.rope %q, %angles {mla = #mla} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x4x32xf32>
  return
}

// -----

// The expanded form reads whole queries.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{query rows hold 80 values, expected 192}}
  %o = ds.expanded_attention %batch, %a, %qr, %latent, @kv {mla = #mla, scale = 0.15 : f32} : tensor<?x80xf32>, tensor<?x4x16xf32> -> tensor<?x128xf32>
  return
}

// -----

// The expanded form reads a rotated part per head.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{rope query is 'tensor<?x3x16xf32>', expected 4 heads of 16 values}}
  %o = ds.expanded_attention %batch, %q, %few, %latent, @kv {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x3x16xf32> -> tensor<?x128xf32>
  return
}

// -----

// The expanded form gives the values of all heads.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{result rows hold 96 values, expected 128}}
  %o = ds.expanded_attention %batch, %q, %qr, %latent, @kv {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x4x16xf32> -> tensor<?x96xf32>
  return
}

// -----

// The key projection reads queries as the query projection left them.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{found 'tensor<?x4x64xf32>', expected rows without heads}}
  %o = ds.per_head_linear key %ql, @kv {mla = #mla} : tensor<?x4x64xf32> -> tensor<?x4x64xf32>
  return
}

// -----

// The key projection reads whole queries.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{query rows hold 80 values, expected 192}}
  %o = ds.per_head_linear key %a, @kv {mla = #mla} : tensor<?x80xf32> -> tensor<?x4x64xf32>
  return
}

// -----

// The key projection reads unrounded queries.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{query is 'bf16', expected f32}}
  %o = ds.per_head_linear key %b, @kv {mla = #mla} : tensor<?x192xbf16> -> tensor<?x4x64xf32>
  return
}

// -----

// The key projection gives a latent row per head.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{result is 'tensor<?x4x32xf32>', expected 4 heads of 64 values}}
  %o = ds.per_head_linear key %q, @kv {mla = #mla} : tensor<?x192xf32> -> tensor<?x4x32xf32>
  return
}

// -----

// The value projection reads a latent row per head.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{input is 'tensor<?x192xf32>', expected 4 heads of 64 values}}
  %o = ds.per_head_linear value %q, @kv {mla = #mla} : tensor<?x192xf32> -> tensor<?x128xf32>
  return
}

// -----

// The value projection gives rows.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{found 'tensor<?x4x32xf32>', expected rows without heads}}
  %o = ds.per_head_linear value %ql, @kv {mla = #mla} : tensor<?x4x64xf32> -> tensor<?x4x32xf32>
  return
}

// -----

// The value projection gives the values of all heads.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{result rows hold 96 values, expected 128}}
  %o = ds.per_head_linear value %ql, @kv {mla = #mla} : tensor<?x4x64xf32> -> tensor<?x96xf32>
  return
}

// -----

// The absorbed form reads a latent query per head.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{query is 'tensor<?x4x16xf32>', expected 4 heads of 64 values}}
  %o = ds.latent_attention %batch, %qr, %qr, %latent {mla = #mla, scale = 0.15 : f32} : tensor<?x4x16xf32>, tensor<?x4x16xf32> -> tensor<?x4x64xf32>
  return
}

// -----

// The absorbed form reads a rotated part per head.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{rope query is 'tensor<?x3x16xf32>', expected 4 heads of 16 values}}
  %o = ds.latent_attention %batch, %ql, %few, %latent {mla = #mla, scale = 0.15 : f32} : tensor<?x4x64xf32>, tensor<?x3x16xf32> -> tensor<?x4x64xf32>
  return
}

// -----

// The absorbed form gives a latent row per head.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @wrong(%batch: !ds.batch, %latent: !ds.state, %angles: tensor<?x8x2xf32>, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xf32>, %ql: tensor<?x4x64xf32>, %few: tensor<?x3x16xf32>, %a: tensor<?x80xf32>, %short: tensor<?x4x2xf32>, %b: tensor<?x192xbf16>) {
  // expected-error @below {{result is 'tensor<?x4x16xf32>', expected 4 heads of 64 values}}
  %o = ds.latent_attention %batch, %ql, %qr, %latent {mla = #mla, scale = 0.15 : f32} : tensor<?x4x64xf32>, tensor<?x4x16xf32> -> tensor<?x4x16xf32>
  return
}
