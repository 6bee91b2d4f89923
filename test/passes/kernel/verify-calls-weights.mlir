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

// -----

// A gain is stored as every norm reads it.
kernel.weight @gain [192] f32
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{weight gain is stored as f32, expected bf16}}
  %y = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Frequencies are f32.
kernel.weight @inv_freq [8] bf16
func.func @wrong() {
  // expected-error @below {{weight inv_freq is stored as bf16, expected f32}}
  %t = kernel.call @rope_table() weights [@inv_freq] shape {attention = 1.0 : f32, pairs = 8 : i32} : () -> tensor<?x8x2xf32>
  return
}

// -----

// The choice of experts reads the bias as its shape says.
kernel.weight @bias [16] f32
func.func @wrong(%z: tensor<?x16xf32>) {
  // expected-error @below {{weight bias is stored as f32, expected bf16}}
  %i, %w = kernel.call @gate_topk(%z) weights [@bias] shape {bias = 2 : i32, experts = 16 : i32, group_score = 0 : i32, groups = 4 : i32, normalize = 1 : i32, scale = 2.5 : f32, scoring = 0 : i32, topk = 3 : i32, topk_groups = 2 : i32} : (tensor<?x16xf32>) -> (tensor<?x3xi32>, tensor<?x3xf32>)
  return
}

// -----

// A list may end with another expert's weights.
kernel.weight @gate [96, 192] bf16 count 16
kernel.weight @up [96, 192] bf16 count 16
kernel.weight @s_gate [96, 192] bf16
kernel.weight @s_up [96, 192] bf16
func.func @right(%u: tensor<?x192xf32>, %o: tensor<18xi32>, %t: tensor<?x4xi32>) {
  %h = kernel.call @grouped_gated_linear(%u, %o, %t) weights [@gate, @up, @s_gate, @s_up] shape {experts = 17 : i32, in = 192 : i32, out = 96 : i32, scale_format = 0 : i32, topk = 4 : i32} : (tensor<?x192xf32>, tensor<18xi32>, tensor<?x4xi32>) -> tensor<?x4x96xf32>
  return
}

// -----

// The call counts that expert.
kernel.weight @gate [96, 192] bf16 count 16
kernel.weight @up [96, 192] bf16 count 16
kernel.weight @s_gate [96, 192] bf16
kernel.weight @s_up [96, 192] bf16
func.func @wrong(%u: tensor<?x192xf32>, %o: tensor<17xi32>, %t: tensor<?x4xi32>) {
  // expected-error @below {{weight gate is a list of 16, expected 15}}
  %h = kernel.call @grouped_gated_linear(%u, %o, %t) weights [@gate, @up, @s_gate, @s_up] shape {experts = 16 : i32, in = 192 : i32, out = 96 : i32, scale_format = 0 : i32, topk = 4 : i32} : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x4xi32>) -> tensor<?x4x96xf32>
  return
}

// -----

// It is one expert, no second list.
kernel.weight @gate [96, 192] bf16 count 16
kernel.weight @up [96, 192] bf16 count 16
kernel.weight @s_gate [96, 192] bf16
kernel.weight @s_up [96, 192] bf16
func.func @wrong(%u: tensor<?x192xf32>, %o: tensor<18xi32>, %t: tensor<?x4xi32>) {
  // expected-error @below {{weight gate is a list of 16, expected 0}}
  %h = kernel.call @grouped_gated_linear(%u, %o, %t) weights [@gate, @up, @gate, @up] shape {experts = 17 : i32, in = 192 : i32, out = 96 : i32, scale_format = 0 : i32, topk = 4 : i32} : (tensor<?x192xf32>, tensor<18xi32>, tensor<?x4xi32>) -> tensor<?x4x96xf32>
  return
}
