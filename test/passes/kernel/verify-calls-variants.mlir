// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -kernel-verify-calls -verify-diagnostics

// The rows that were chosen, and layers.

// A row is chosen for a level.
kernel.weight @gain [192] bf16
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{has 1 variants, expected one per level of the module (0)}}
  %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} variants ["rms_norm_bf16_avx2"] : (tensor<?x192xf32>) -> tensor<?x192xbf16>
  return
}

// -----

// With a level every call has a row.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @gain [192] bf16
  func.func @wrong(%x: tensor<?x192xf32>) {
    // expected-error @below {{has 0 variants, expected one per level of the module (1)}}
    %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xbf16>
    return
  }
}

// -----

// The row is in the table.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @gain [192] bf16
  func.func @wrong(%x: tensor<?x192xf32>) {
    // expected-error @below {{variant "rms_norm_bf16_sse2" is no row of the family at level}}
    %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} variants ["rms_norm_bf16_sse2"] : (tensor<?x192xf32>) -> tensor<?x192xbf16>
    return
  }
}

// -----

// The row is the family's.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @gain [192] bf16
  func.func @wrong(%x: tensor<?x192xf32>) {
    // expected-error @below {{variant "head_norm_bf16_avx2" is no row of the family at level}}
    %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} variants ["head_norm_bf16_avx2"] : (tensor<?x192xf32>) -> tensor<?x192xbf16>
    return
  }
}

// -----

// The level's code has the row.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @gain [192] bf16
  func.func @wrong(%x: tensor<?x192xf32>) {
    // expected-error @below {{variant "rms_norm_bf16_avx512bf16" is no row of the family at level}}
    %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} variants ["rms_norm_bf16_avx512bf16"] : (tensor<?x192xf32>) -> tensor<?x192xbf16>
    return
  }
}

// -----

// The row computes on the call's activations.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @gain [192] bf16
  func.func @wrong(%x: tensor<?x192xf32>) {
    // expected-error @below {{variant "rms_norm_bf16_avx2" does not compute on 'f32'}}
    %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} variants ["rms_norm_bf16_avx2"] : (tensor<?x192xf32>) -> tensor<?x192xf32>
    return
  }
}

// -----

// The row reads weights as they are stored.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @w [96, 192] f8e4m3fn_bs128
  func.func @wrong(%x: tensor<?x192xbf16>) {
    // expected-error @below {{variant "linear_bf16_bf16_avx2" does not read weights as they are stored}}
    %y = kernel.call @linear(%x) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} variants ["linear_bf16_bf16_avx2"] : (tensor<?x192xbf16>) -> tensor<?x96xf32>
    return
  }
}

// -----

// Layers run the body of a layer kind.
func.func private @body(tensor<?x192xf32>) -> tensor<?x192xf32>
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{names no layer body: body}}
  %y = kernel.layers @body layers [0](%x) : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Layers pass what the body takes.
func.func private @body(tensor<?x192xbf16>) -> tensor<?x192xf32> attributes {kernel.layer_kind = "dense"}
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{passes other types than body has}}
  %y = kernel.layers @body layers [0](%x) : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// And give what it returns.
func.func private @body(tensor<?x192xf32>) attributes {kernel.layer_kind = "dense"}
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{passes other types than body has}}
  %y = kernel.layers @body layers [0](%x) : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}
