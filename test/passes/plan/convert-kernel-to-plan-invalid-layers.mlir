// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -convert-kernel-to-plan -verify-diagnostics

// Entries, layers and states.

// Layers run bodies of a layer kind.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    // expected-error @below {{names no layer body: body}}
    %s = kernel.layers @body layers [0](%r) : (tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
}

// -----

// Layers give back no more tensors than they take.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>, %l: !kernel.state<bf16> {kernel.state = @latent}) attributes {kernel.entry = "prefill"} {
    // expected-error @below {{returns more tensors than it takes}}
    %s, %t = kernel.layers @body layers [0](%r, %l) : (tensor<?x16xf32>, !kernel.state<bf16>) -> (tensor<?x16xf32>, tensor<?x16xf32>)
    return
  }
  func.func @body(%r: tensor<?x16xf32>) attributes {kernel.layer_kind = "dense"} {
    return
  }
}

// -----

// A layer computes.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  // expected-error @below {{is a layer without calls}}
  func.func @body(%r: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {kernel.layer_kind = "dense"} {
    return %r : tensor<?x16xf32>
  }
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    %s = kernel.layers @body layers [0](%r) : (tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
}

// -----

// A body is run by one entry.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    %s = kernel.layers @body layers [0](%r) : (tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
  func.func @decode(%r: tensor<?x16xf32>) attributes {kernel.entry = "decode"} {
    // expected-error @below {{runs a body of another entry}}
    %s = kernel.layers @body layers [0](%r) : (tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
  func.func @body(%r: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {kernel.layer_kind = "dense"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return %y : tensor<?x16xf32>
  }
}

// -----

// Only layers stand between layers.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    %s = kernel.layers @body layers [0](%r) : (tensor<?x16xf32>) -> tensor<?x16xf32>
    %y = kernel.call @add_rows(%s, %s) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    // expected-error @below {{has calls of kernels between it and layers before}}
    %t = kernel.layers @body layers [0](%s) : (tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
  func.func @body(%r: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {kernel.layer_kind = "dense"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return %y : tensor<?x16xf32>
  }
}

// -----

// An entry holds calls of kernels and of layers.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    // expected-error @below {{is neither a call of a kernel nor of layers}}
    func.call @other() : ()  -> ()
    return
  }
  func.func private @other()
}

// -----

// A body holds calls of kernels.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    %s = kernel.layers @body layers [0](%r) : (tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
  func.func @body(%r: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {kernel.layer_kind = "dense"} {
    // expected-error @below {{is no call of a kernel}}
    func.call @other() : ()  -> ()
    return %r : tensor<?x16xf32>
  }
  func.func private @other()
}

// -----

// A value arrives where the next body looks for it: arguments do not trade places.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>, %d: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    %s, %t = kernel.layers @body layers [0](%r, %d) : (tensor<?x16xf32>, tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>)
    return
  }
  func.func @body(%r: tensor<?x16xf32>, %d: tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>) attributes {kernel.layer_kind = "dense"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    // expected-error @below {{hands on value 0 in the place of another one}}
    return %d, %r : tensor<?x16xf32>, tensor<?x16xf32>
  }
}

// -----

// A head returns logits.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @head(%r: tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>) attributes {kernel.entry = "head"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    %z = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    // expected-error @below {{of a head returns more than logits}}
    return %y, %z : tensor<?x16xf32>, tensor<?x16xf32>
  }
}

// -----

// A state argument says which state it is.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  // expected-error @below {{argument 0 lacks kernel.state}}
  func.func @prefill(%l: !kernel.state<bf16>) attributes {kernel.entry = "prefill"} {
    return
  }
}

// -----

// Pages of all states have one size.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  kernel.state @latent width 80 element bf16 page 64
  // expected-error @below {{has pages of 32 tokens, another state has 64}}
  kernel.state @other width 80 element bf16 page 32
  func.func @head(%r: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {kernel.entry = "head"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return %y : tensor<?x16xf32>
  }
}
