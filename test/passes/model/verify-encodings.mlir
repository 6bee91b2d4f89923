// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -ds-verify-encodings -verify-diagnostics

// Every pair that has a recipe: bf16 tables and gains, biases of f32 or bf16,
// matrices of bf16 or of FP8 blocks, activations of bf16 or f32, codes for FP8
// blocks.
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>
ds.weight @embed [32, 8] #ds.encoding<bf16>
ds.weight @gain [8] #ds.encoding<bf16>
ds.weight @plain [16, 8] #ds.encoding<bf16>
ds.weight @blocks [16, 8] #ds.encoding<f8E4M3FN, block = 128 x 128>
ds.weight @wide_bias [16] #ds.encoding<f32>
ds.weight @narrow_bias [16] #ds.encoding<bf16>
func.func @recipes(%batch: !ds.batch, %x: tensor<?x8xbf16>, %c: tensor<?x8xf8E4M3FN>, %s: tensor<?x1xf32>) {
  %r, %d = ds.embedding %batch, @embed : tensor<?x8xf32>
  %n = ds.rms_norm %r, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
  %z = ds.linear %n, [@plain] : tensor<?x8xf32> -> tensor<?x16xf32>
  %y = ds.linear %x, [@blocks, @blocks] : tensor<?x8xbf16> -> tensor<?x32xf32>
  %v = ds.linear %c scales %s, [@blocks] : tensor<?x8xf8E4M3FN>, tensor<?x1xf32> -> tensor<?x16xf32>
  %i, %w = ds.gate %z, @wide_bias {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  %i2, %w2 = ds.router %x, @plain, @narrow_bias {gate = #gate} : tensor<?x8xbf16> -> tensor<?x3xi32>, tensor<?x3xf32>
  return
}

// -----

// A weight that is missing has no encoding.
func.func @wrong(%x: tensor<?x8xf32>) {
  // expected-error @below {{weight @gain is missing}}
  %y = ds.rms_norm %x, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

// A table is bf16.
ds.weight @embed [32, 8] #ds.encoding<f32>
func.func @wrong(%batch: !ds.batch) {
  // expected-error @below {{cannot read @embed as #ds.encoding<f32>, expected bf16}}
  %r, %d = ds.embedding %batch, @embed : tensor<?x8xf32>
  return
}

// -----

// A gain is bf16.
ds.weight @gain [8] #ds.encoding<f32>
func.func @wrong(%x: tensor<?x8xf32>) {
  // expected-error @below {{cannot read @gain as #ds.encoding<f32>, expected bf16}}
  %y = ds.rms_norm %x, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

// A bias is f32 or bf16.
ds.weight @bias [16] #ds.encoding<f16>
func.func @wrong(%z: tensor<?x16xf32>) {
  // expected-error @below {{cannot read @bias as #ds.encoding<f16>, expected bf16 or f32}}
  %i, %w = ds.gate %z, @bias {gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  return
}

// -----

// No kernel reads matrices of f32.
ds.weight @w [16, 8] #ds.encoding<f32>
func.func @wrong(%x: tensor<?x8xf32>) {
  // expected-error @below {{cannot read @w as #ds.encoding<f32>, expected bf16, or f8E4M3FN in blocks of 128 x 128}}
  %y = ds.linear %x, [@w] : tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

// Nor blocks of another size.
ds.weight @w [16, 8] #ds.encoding<f8E4M3FN, block = 64 x 64>
func.func @wrong(%x: tensor<?x8xf32>) {
  // expected-error @below {{cannot read @w as #ds.encoding<f8E4M3FN, block = 64 x 64>}}
  %y = ds.linear %x, [@w] : tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

// Nor FP8 of another format.
ds.weight @w [16, 8] #ds.encoding<f8E5M2, block = 128 x 128>
func.func @wrong(%x: tensor<?x8xf32>) {
  // expected-error @below {{cannot read @w as #ds.encoding<f8E5M2, block = 128 x 128>}}
  %y = ds.linear %x, [@w] : tensor<?x8xf32> -> tensor<?x16xf32>
  return
}

// -----

// The weights of one call have one encoding.
ds.weight @a [16, 8] #ds.encoding<bf16>
ds.weight @b [16, 8] #ds.encoding<f8E4M3FN, block = 128 x 128>
func.func @wrong(%x: tensor<?x8xf32>) {
  // expected-error @below {{reads #ds.encoding<f8E4M3FN, block = 128 x 128> beside #ds.encoding<bf16> in one call}}
  %y = ds.linear %x, [@a, @b] : tensor<?x8xf32> -> tensor<?x32xf32>
  return
}

// -----

// Codes are multiplied by codes.
ds.weight @plain [16, 8] #ds.encoding<bf16>
func.func @wrong(%c: tensor<?x8xf8E4M3FN>, %s: tensor<?x1xf32>) {
  // expected-error @below {{has no recipe for codes times @plain, #ds.encoding<bf16>}}
  %y = ds.linear %c scales %s, [@plain] : tensor<?x8xf8E4M3FN>, tensor<?x1xf32> -> tensor<?x16xf32>
  return
}
