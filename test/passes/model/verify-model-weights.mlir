// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -ds-verify-model -verify-diagnostics

// Weights: there, of the shape and as many as the ops need.

// Every weight an op names is there.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  func.func private @forward()
  func.func private @head()
  func.func @layer(%x: tensor<?x8xf32>) {
    // expected-error @below {{weight @gain is missing}}
    %y = ds.rms_norm %x, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
    return
  }
}

// -----

// A weight has the shape that the op needs.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @gain [9] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%x: tensor<?x8xf32>) {
    // expected-error @below {{@gain is [9], expected [8]}}
    %y = ds.rms_norm %x, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
    return
  }
}

// -----

// A matrix is no vector.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @up [4] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%x: tensor<?x8xf32>) {
    // expected-error @below {{@up is [4], expected [4, 8]}}
    %y = ds.linear %x, [@up] : tensor<?x8xf32> -> tensor<?x4xf32>
    return
  }
}

// -----

// Weights side by side fit the input, each by itself.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @a [4, 8] #ds.encoding<bf16>
  ds.weight @b [4, 9] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%x: tensor<?x8xf32>) {
    // expected-error @below {{@b is [4, 9], expected [any, 8]}}
    %y = ds.linear %x, [@a, @b] : tensor<?x8xf32> -> tensor<?x8xf32>
    return
  }
}

// -----

// Weights side by side fill the result.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @a [4, 8] #ds.encoding<bf16>
  ds.weight @b [3, 8] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%x: tensor<?x8xf32>) {
    // expected-error @below {{weights have 7 rows together, expected 8}}
    %y = ds.linear %x, [@a, @b] : tensor<?x8xf32> -> tensor<?x8xf32>
    return
  }
}

// -----

// A list is as long as there are experts.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @g [4, 8] #ds.encoding<bf16> count 15
  ds.weight @u [4, 8] #ds.encoding<bf16> count 16
  ds.weight @d [8, 4] #ds.encoding<bf16> count 16
  func.func private @forward()
  func.func private @head()
  func.func @layer(%x: tensor<?x8xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>) {
    // expected-error @below {{@g has 15 tensors per layer, expected 16}}
    %y = ds.experts %x, %ids, %w gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 4 : i64} : (tensor<?x8xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x8xf32>
    return
  }
}

// -----

// The bias has a summand per expert.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @bias [8] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%z: tensor<?x16xf32>) {
    // expected-error @below {{@bias is [8], expected [16]}}
    %i, %v = ds.gate %z, @bias {gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
    return
  }
}

// -----

// kv_b_proj has the key and the value rows of every head.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @kv_b [128, 64] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%q: tensor<?x192xf32>) {
    // expected-error @below {{@kv_b is [128, 64], expected [256, 64]}}
    %o = ds.per_head_linear key %q, @kv_b {mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>} : tensor<?x192xf32> -> tensor<?x4x64xf32>
    return
  }
}

// -----

// There is a state whose rows are latent rows.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @gain [64] #ds.encoding<bf16>
  ds.state @latent width 64 element f32 page 64
  func.func private @forward()
  func.func private @head()
  func.func @layer(%batch: !ds.batch, %a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %s: !ds.state) {
    // expected-error @below {{no state has rows of 80 values}}
    %n = ds.state_append %batch, %a, %angles, %s, @gain {eps = 1.0e-6 : f32, mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>} : tensor<?x80xf32>, tensor<?x8x2xf32>
    return
  }
}
