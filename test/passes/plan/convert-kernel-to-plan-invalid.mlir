// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -convert-kernel-to-plan -verify-diagnostics

// The module, calls and buffers.

// The level is known.
// expected-error @below {{the module lacks kernel.levels}}
module attributes {kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @head(%r: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {kernel.entry = "head"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return %y : tensor<?x16xf32>
  }
}

// -----

// The model is known.
// expected-error @below {{the module lacks kernel.model}}
module attributes {kernel.levels = ["avx2"]} {
  func.func @head(%r: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {kernel.entry = "head"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return %y : tensor<?x16xf32>
  }
}

// -----

// The model has a family.
// expected-error @below {{the module lacks a family}}
module attributes {kernel.levels = ["avx2"], kernel.model = {num_hidden_layers = 1 : i32}} {
  func.func @head(%r: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {kernel.entry = "head"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return %y : tensor<?x16xf32>
  }
}

// -----

// Without a head a session would have no logits.
// expected-error @below {{the module lacks a head function}}
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
}

// -----

// An entry is one that a session knows.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  // expected-error @below {{is no entry that a session knows: train}}
  func.func @train(%r: tensor<?x16xf32>) attributes {kernel.entry = "train"} {
    return
  }
}

// -----

// A call has its row.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    // expected-error @below {{has no variants; kernel-select-variant sets them}}
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
}

// -----

// Weights exist.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    // expected-error @below {{names no weight: @gain}}
    %y = kernel.call @rms_norm(%r) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 16 : i32, n = 16 : i32} variants ["rms_norm_f32_generic"] : (tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
}

// -----

// A call reads lists or single weights.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  kernel.weight @a [16, 16] bf16
  kernel.weight @b [16, 16] bf16 count 2
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    // expected-error @below {{mixes lists of weights with single ones}}
    %y = kernel.call @linear(%r) weights [@a, @b] shape {head_rows = 0 : i32, in = 16 : i32, out0 = 16 : i32, out1 = 16 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 2 : i32} variants ["linear_f32_bf16_generic"] : (tensor<?x16xf32>) -> tensor<?x32xf32>
    return
  }
}

// -----

// A tap has a place: experts' choices are those of layers.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    // expected-error @below {{has a tap without a place: experts}}
    %y = kernel.call @add_rows(%r, %r) shape {n = 16 : i32} variants ["add_rows_f32_generic"] tap "experts" : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return
  }
}

// -----

// Three tensors travel between bodies.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  // expected-error @below {{passes tensor 3 between bodies, expected residual, delta, angles}}
  func.func @prefill(%a: tensor<?x16xf32>, %b: tensor<?x16xf32>, %c: tensor<?x16xf32>, %d: tensor<?x16xf32>) attributes {kernel.entry = "prefill"} {
    return
  }
}

// -----

// A pinned buffer has one size.
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", num_hidden_layers = 1 : i32}} {
  func.func @prefill(%r: tensor<?x16xf32>, %q: tensor<?x16xf32>, %z: tensor<?x8xf32>) attributes {kernel.entry = "prefill"} {
    // expected-error @below {{passes residual of 16384 bytes, elsewhere it has 32768}}
    %s = kernel.layers @body layers [0](%z) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    return
  }
  func.func @body(%z: tensor<?x8xf32>) -> tensor<?x8xf32> attributes {kernel.layer_kind = "dense"} {
    return %z : tensor<?x8xf32>
  }
}
