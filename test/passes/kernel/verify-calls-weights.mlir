// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -kernel-verify-calls -verify-diagnostics

// Workspace and weights.

// A worker's workspace is what a session is ready to give.
kernel.weight @gain [268435457] bf16
func.func @wrong(%x: tensor<?x268435457xf32>) {
  // expected-error @below {{bytes of workspace, expected at most 1073741824}}
  %y = kernel.call @head_norm(%x, %x) weights [@gain] shape {eps = 1.0e-6 : f32, n = 268435457 : i32} : (tensor<?x268435457xf32>, tensor<?x268435457xf32>) -> tensor<?x268435457xf32>
  return
}

// -----

// Weights are as many as the contract has.
kernel.weight @gain [192] bf16
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{has 0 weights, expected 1}}
  %y = kernel.call @rms_norm(%x) shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xbf16>
  return
}

// -----

// Weights exist.
kernel.weight @gain [192] bf16
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{names no weight: other}}
  %y = kernel.call @rms_norm(%x) weights [@other] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xbf16>
  return
}

// -----

// Weights have the contract's shape.
kernel.weight @gain [191] bf16
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{weight gain is [191], expected [192]}}
  %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xbf16>
  return
}

// -----

// A list is none where one tensor is read.
kernel.weight @gain [192] bf16 count 2
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{weight gain is a list of 2, expected 0}}
  %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xbf16>
  return
}

// -----

// Weights side by side are stored in one way.
kernel.weight @a [96, 192] bf16
kernel.weight @b [96, 192] f8e4m3fn_bs128
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{weight b is stored in another way than the first}}
  %y = kernel.call @linear(%x) weights [@a, @b] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 96 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 2 : i32} : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}
