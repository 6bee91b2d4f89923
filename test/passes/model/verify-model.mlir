// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -ds-verify-model -verify-diagnostics

// A model whose parts agree passes, and stays as it is.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @embed_tokens [32, 8] #ds.encoding<bf16>
  ds.weight @norm [8] #ds.encoding<bf16>
  ds.weight @lm_head [32, 8] #ds.encoding<bf16>
  func.func @forward(%batch: !ds.batch, %angles: tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
    %r, %d = ds.embedding %batch, @embed_tokens : tensor<?x8xf32>
    %r2, %d2 = ds.layers @layer layers [0](%batch, %r, %d, %angles) : (!ds.batch, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    return %r2, %d2 : tensor<?x8xf32>, tensor<?x8xf32>
  }
  func.func @layer(%batch: !ds.batch, %r: tensor<?x8xf32>, %d: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {ds.layer_kind = "dense"} {
    return %r, %d : tensor<?x8xf32>, tensor<?x8xf32>
  }
  func.func @head(%batch: !ds.batch, %r: tensor<?x8xf32>, %d: tensor<?x8xf32>) -> tensor<?x32xf32> {
    %x = ds.head_norm %batch, %r, %d, @norm {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
    %logits = ds.lm_head %x, @lm_head : tensor<?x8xf32> -> tensor<?x32xf32>
    return %logits : tensor<?x32xf32>
  }
}

// -----

// The module describes the model.
// expected-error @below {{has no ds.model}}
module {
  func.func private @forward()
  func.func private @head()
}

// -----

// There is a forward pass.
// expected-error @below {{has no @forward}}
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  func.func private @head()
}

// -----

// There is a head.
// expected-error @below {{has no @head}}
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  func.func private @forward()
}

// -----

// The embedding has a row per id of the vocabulary.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @embed [31, 8] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%batch: !ds.batch) {
    // expected-error @below {{vocab_size is 31, the model's is 32}}
    %a, %b = ds.embedding %batch, @embed : tensor<?x8xf32>
    return
  }
}

// -----

// The embedding is as wide as the model.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @embed [32, 9] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%batch: !ds.batch) {
    // expected-error @below {{hidden_size is 9, the model's is 8}}
    %a, %b = ds.embedding %batch, @embed : tensor<?x9xf32>
    return
  }
}

// -----

// The head is as wide as the model.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @lm_head [32, 9] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%h: tensor<?x9xf32>) {
    // expected-error @below {{hidden_size is 9, the model's is 8}}
    %y = ds.lm_head %h, @lm_head : tensor<?x9xf32> -> tensor<?x32xf32>
    return
  }
}

// -----

// The head gives a logit per id of the vocabulary.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  ds.weight @lm_head [31, 8] #ds.encoding<bf16>
  func.func private @forward()
  func.func private @head()
  func.func @layer(%x: tensor<?x8xf32>) {
    // expected-error @below {{vocab_size is 31, the model's is 32}}
    %y = ds.lm_head %x, @lm_head : tensor<?x8xf32> -> tensor<?x31xf32>
    return
  }
}

// -----

// Layers are as wide as the model.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  func.func private @head()
  func.func @forward(%batch: !ds.batch, %r0: tensor<?x9xf32>, %angles: tensor<?x2x2xf32>) {
    // expected-error @below {{hidden_size is 9, the model's is 8}}
    %r1, %d1 = ds.layers @layer layers [0](%batch, %r0, %r0, %angles) : (!ds.batch, tensor<?x9xf32>, tensor<?x9xf32>, tensor<?x2x2xf32>) -> (tensor<?x9xf32>, tensor<?x9xf32>)
    return
  }
  func.func @layer(%batch: !ds.batch, %r: tensor<?x9xf32>, %d: tensor<?x9xf32>, %angles: tensor<?x2x2xf32>) -> (tensor<?x9xf32>, tensor<?x9xf32>) attributes {ds.layer_kind = "dense"} {
    return %r, %d : tensor<?x9xf32>, tensor<?x9xf32>
  }
}

// -----

// Layers run functions of a layer kind.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 1, vocab_size = 32, max_position_embeddings = 64>} {
  func.func private @head()
  func.func @forward(%batch: !ds.batch, %r0: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) {
    // expected-error @below {{callee layer is of no layer kind}}
    %r1, %d1 = ds.layers @layer layers [0](%batch, %r0, %r0, %angles) : (!ds.batch, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    return
  }
  func.func @layer(%batch: !ds.batch, %r: tensor<?x8xf32>, %d: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
    return %r, %d : tensor<?x8xf32>, tensor<?x8xf32>
  }
}

// -----

// No layer is left out.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 3, vocab_size = 32, max_position_embeddings = 64>} {
  func.func private @head()
  func.func @forward(%batch: !ds.batch, %r0: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) {
    %r1, %d1 = ds.layers @layer layers [0](%batch, %r0, %r0, %angles) : (!ds.batch, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    // expected-error @below {{runs layer 2 where layer 1 is next}}
    %r2, %d2 = ds.layers @layer layers [2](%batch, %r1, %d1, %angles) : (!ds.batch, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    return
  }
  func.func @layer(%batch: !ds.batch, %r: tensor<?x8xf32>, %d: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {ds.layer_kind = "dense"} {
    return %r, %d : tensor<?x8xf32>, tensor<?x8xf32>
  }
}

// -----

// No layer runs twice.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 2, vocab_size = 32, max_position_embeddings = 64>} {
  func.func private @head()
  func.func @forward(%batch: !ds.batch, %r0: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) {
    // expected-error @below {{runs layer 0 where layer 1 is next}}
    %r1, %d1 = ds.layers @layer layers [0, 0](%batch, %r0, %r0, %angles) : (!ds.batch, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    return
  }
  func.func @layer(%batch: !ds.batch, %r: tensor<?x8xf32>, %d: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {ds.layer_kind = "dense"} {
    return %r, %d : tensor<?x8xf32>, tensor<?x8xf32>
  }
}

// -----

// All layers run.
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 8, num_hidden_layers = 2, vocab_size = 32, max_position_embeddings = 64>} {
  func.func private @head()
  // expected-error @below {{num_hidden_layers is 1, the model's is 2}}
  func.func @forward(%batch: !ds.batch, %r0: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) {
    %r1, %d1 = ds.layers @layer layers [0](%batch, %r0, %r0, %angles) : (!ds.batch, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
    return
  }
  func.func @layer(%batch: !ds.batch, %r: tensor<?x8xf32>, %d: tensor<?x8xf32>, %angles: tensor<?x2x2xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) attributes {ds.layer_kind = "dense"} {
    return %r, %d : tensor<?x8xf32>, tensor<?x8xf32>
  }
}
