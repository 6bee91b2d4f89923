// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -kernel-select-variant=levels=avx512bf16 -verify-diagnostics

// Families are those of kernels/Families.def.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{names no family: gelu}}
  %y = kernel.call @gelu(%x) shape {} : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// A shape has every field of the contract.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{shape field n: found none, expected an i32}}
  %y = kernel.call @add_rows(%x, %x) shape {} : (tensor<?x192xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// A field has the contract's type.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{shape field n: found 1.920000e+02 : f32, expected an i32}}
  %y = kernel.call @add_rows(%x, %x) shape {n = 192.0 : f32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Numbers with a point are f32.
kernel.weight @gain [192] bf16
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{shape field eps: found 1 : i32, expected an f32}}
  %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1 : i32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// A field that the contract does not have is no hint.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{add_rows has no such field}}
  %y = kernel.call @add_rows(%x, %x) shape {n = 192 : i32, fast = 1 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Where no row fits, the call says what it needs.
kernel.weight @w [96, 192] f32
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{has no kernel for activations f32, weights none at level avx512bf16}}
  %y = kernel.call @linear(%x) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xf32>) -> tensor<?x96xf32>
  return
}
