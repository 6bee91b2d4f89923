// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -kernel-verify-calls -verify-diagnostics

// States and the element of activations.

// No tensor stands where the contract has a state.
kernel.weight @latent_gain [64] bf16
kernel.state @latent width 80 element bf16 page 64
func.func @wrong(%a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}) {
  // expected-error @below {{input 2 is 'tensor<?x80xf32>', expected a state}}
  %y = kernel.call @latent_append(%a, %angles, %a) weights [@latent_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 80 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x80xf32>, tensor<?x8x2xf32>, tensor<?x80xf32>) -> tensor<?x80xf32>
  return
}

// -----

// A changed state comes back.
kernel.weight @latent_gain [64] bf16
kernel.state @latent width 80 element bf16 page 64
func.func @wrong(%a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}) {
  // expected-error @below {{gives 'tensor<?x80xf32>', expected the state it takes}}
  %y = kernel.call @latent_append(%a, %angles, %latent) weights [@latent_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 80 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x80xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> tensor<?x80xf32>
  return
}

// -----

// A state is one of the module's.
kernel.weight @latent_gain [64] bf16
kernel.state @latent width 80 element bf16 page 64
func.func @wrong(%a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16>) {
  // expected-error @below {{takes a state of unknown origin}}
  %y = kernel.call @latent_append(%a, %angles, %latent) weights [@latent_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 80 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x80xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
  return
}

// -----

// The shape counts with the state's rows.
kernel.weight @latent_gain [64] bf16
kernel.state @latent width 72 element bf16 page 64
func.func @wrong(%a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}) {
  // expected-error @below {{counts with rows of 80 and pages of 64 : i32, but latent has rows of 72 and pages of 64}}
  %y = kernel.call @latent_append(%a, %angles, %latent) weights [@latent_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 80 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x80xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
  return
}

// -----

// And with its pages, behind an append too.
kernel.weight @latent_gain [64] bf16
kernel.state @latent width 80 element bf16 page 64
func.func @wrong(%a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}, %ql: tensor<?x4x64xbf16>, %qr: tensor<?x4x16xbf16>) {
  %new = kernel.call @latent_append(%a, %angles, %latent) weights [@latent_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 80 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x80xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
  // expected-error @below {{counts with rows of 80 and pages of 32 : i32, but latent has rows of 80 and pages of 64}}
  %o = kernel.call @mla_decode(%ql, %qr, %new) shape {context = 4096 : i32, heads = 4 : i32, latent = 64 : i32, page_tokens = 32 : i32, rope = 16 : i32, scale = 0.15 : f32} : (tensor<?x4x64xbf16>, tensor<?x4x16xbf16>, !kernel.state<bf16>) -> tensor<?x4x64xbf16>
  return
}

// -----

// Activations of one call have one element.
kernel.weight @latent_gain [64] bf16
kernel.state @latent width 80 element bf16 page 64
func.func @wrong(%a: tensor<?x80xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}, %ql: tensor<?x4x64xbf16>, %qr: tensor<?x4x16xf32>) {
  // expected-error @below {{mixes activations of 'bf16' and 'f32'}}
  %o = kernel.call @mla_decode(%ql, %qr, %latent) shape {context = 4096 : i32, heads = 4 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32, scale = 0.15 : f32} : (tensor<?x4x64xbf16>, tensor<?x4x16xf32>, !kernel.state<bf16>) -> tensor<?x4x64xbf16>
  return
}
