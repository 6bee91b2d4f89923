// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -kernel-verify-calls -verify-diagnostics

// Calls that hold their contracts pass: with the row chosen, and before.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @gain [192] bf16
  kernel.weight @latent_gain [64] bf16
  kernel.weight @w [96, 192] f8e4m3fn_bs128
  kernel.state @latent width 80 element bf16 page 64
  func.func @body(%x: tensor<?x192xf32>, %a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}) -> (tensor<?x192xf32>, !kernel.state<bf16>) attributes {kernel.layer_kind = "dense"} {
    %n = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} variants ["rms_norm_bf16_avx2"] : (tensor<?x192xf32>) -> tensor<?x192xbf16>
    %y = kernel.call @linear(%n) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} variants ["linear_bf16_f8e4m3fn_bs128_avx2"] : (tensor<?x192xbf16>) -> tensor<?x96xf32>
    %new = kernel.call @latent_append(%a, %angles, %latent) weights [@latent_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 80 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} variants ["latent_append_bf16_avx2"] : (tensor<?x80xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
    return %x, %new : tensor<?x192xf32>, !kernel.state<bf16>
  }
  func.func @prefill(%x: tensor<?x192xf32>, %a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}) attributes {kernel.entry = "prefill"} {
    %r, %new = kernel.layers @body layers [0](%x, %a, %angles, %latent) : (tensor<?x192xf32>, tensor<?x80xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> (tensor<?x192xf32>, !kernel.state<bf16>)
    return
  }
}

// -----

// The family exists.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{names no family: gelu}}
  %y = kernel.call @gelu(%x) shape {} : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// The shape is the family's.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{shape field n: found none, expected an i32}}
  %y = kernel.call @add_rows(%x, %x) shape {} : (tensor<?x192xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Inputs are as many as the contract has.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{takes 1 inputs, expected 2}}
  %y = kernel.call @add_rows(%x) shape {n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// So are results.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{gives 2 results, expected 1}}
  %y, %z = kernel.call @add_rows(%x, %x) shape {n = 192 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf32>)
  return
}

// -----

// A row holds the values that the shape counts.
func.func @wrong(%x: tensor<?x192xf32>, %z: tensor<?x96xf32>) {
  // expected-error @below {{input 1 holds 96 values per row, expected 192}}
  %y = kernel.call @add_rows(%x, %z) shape {n = 192 : i32} : (tensor<?x192xf32>, tensor<?x96xf32>) -> tensor<?x192xf32>
  return
}

// -----

// A result too.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{result 0 holds 96 values per row, expected 192}}
  %y = kernel.call @add_rows(%x, %x) shape {n = 192 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> tensor<?x96xf32>
  return
}

// -----

// Elements are the contract's.
func.func @wrong(%x: tensor<?x192xbf16>, %z: tensor<?x192xf32>) {
  // expected-error @below {{input 0 is 'tensor<?x192xbf16>', expected elements of the contract}}
  %y = kernel.call @add_rows(%x, %z) shape {n = 192 : i32} : (tensor<?x192xbf16>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Ids are no activations.
kernel.weight @w [96, 192] bf16
func.func @wrong(%x: tensor<?x192xi32>) {
  // expected-error @below {{input 0 is 'tensor<?x192xi32>', expected elements of the contract}}
  %y = kernel.call @linear(%x) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xi32>) -> tensor<?x96xf32>
  return
}

// -----

// The first size counts tokens.
func.func @wrong(%x: tensor<4x192xf32>) {
  // expected-error @below {{input 0 is 'tensor<4x192xf32>', expected tokens as its first size and no other}}
  %y = kernel.call @add_rows(%x, %x) shape {n = 192 : i32} : (tensor<4x192xf32>, tensor<4x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// No other size does.
func.func @wrong(%x: tensor<?x?xf32>) {
  // expected-error @below {{input 0 is 'tensor<?x?xf32>', expected tokens as its first size and no other}}
  %y = kernel.call @add_rows(%x, %x) shape {n = 192 : i32} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Offsets of experts do not grow with tokens.
func.func @wrong(%x: tensor<?x3xi32>) {
  // expected-error @below {{result 0 is 'tensor<?x17xi32>', expected tokens as its first size and no other}}
  %o, %t, %s = kernel.call @expert_plan(%x) shape {experts = 16 : i32, shared = 0 : i32, topk = 3 : i32} : (tensor<?x3xi32>) -> (tensor<?x17xi32>, tensor<?x3xi32>, tensor<?x3xi32>)
  return
}

// -----

// A state stands where the contract has one.
func.func @wrong(%x: tensor<?x192xf32>, %s: !kernel.state<bf16>) {
  // expected-error @below {{input 1 is a state, expected a tensor}}
  %y = kernel.call @add_rows(%x, %s) shape {n = 192 : i32} : (tensor<?x192xf32>, !kernel.state<bf16>) -> tensor<?x192xf32>
  return
}
