// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// What an encoding and the widths of attention may not say.

// Weights are floats.
// expected-error @below {{element is 'i32', expected a float}}
module attributes {ds.x = #ds.encoding<i32>} {}

// -----

// A block has two sides.
// expected-error @below {{block is 0 x 128, expected two sides of at least 1}}
module attributes {ds.x = #ds.encoding<f8E4M3FN, block = 0 x 128>} {}

// -----

// Eight bits alone are no weight: a block gives their factor.
// expected-error @below {{'f8E4M3FN' needs a block: its values have a factor}}
module attributes {ds.x = #ds.encoding<f8E4M3FN>} {}

// -----

// Wider elements are stored as they are.
// expected-error @below {{'bf16' takes no block}}
module attributes {ds.x = #ds.encoding<bf16, block = 128 x 128>} {}

// -----

// A query without low rank says 0, never less.
// expected-error @below {{q_lora_rank is -1, expected 0 (none) or more}}
module attributes {ds.x = #ds.mla<heads = 4, q_lora_rank = -1, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>} {}

// -----

// Rope turns pairs of values.
// expected-error @below {{qk_rope_head_dim is 15, expected an even number: values rotate in pairs}}
module attributes {ds.x = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 15, v_head_dim = 32>} {}

// -----

// heads counts something that is there.
// expected-error @below {{heads is 0, expected at least 1}}
module attributes {ds.x = #ds.mla<heads = 0, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>} {}

// -----

// kv_lora_rank counts something that is there.
// expected-error @below {{kv_lora_rank is 0, expected at least 1}}
module attributes {ds.x = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 0, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>} {}

// -----

// qk_nope_head_dim counts something that is there.
// expected-error @below {{qk_nope_head_dim is 0, expected at least 1}}
module attributes {ds.x = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 0, qk_rope_head_dim = 16, v_head_dim = 32>} {}

// -----

// qk_rope_head_dim counts something that is there.
// expected-error @below {{qk_rope_head_dim is 0, expected at least 1}}
module attributes {ds.x = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 0, v_head_dim = 32>} {}

// -----

// v_head_dim counts something that is there.
// expected-error @below {{v_head_dim is 0, expected at least 1}}
module attributes {ds.x = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 0>} {}
