// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// Codes and their scales.

// Quantising keeps the shape.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{changes the shape}}
  %c, %s = ds.quantize %x scales f32 : tensor<?x192xf32> -> tensor<?x96xf8E4M3FN>, tensor<?x1xf32>
  return
}

// -----

// 192 columns are a group of 128 and one of 64.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{scales are 'tensor<?x1xf32>', expected 'tensor<?x2xf32>'}}
  %c, %s = ds.quantize %x scales f32 : tensor<?x192xf32> -> tensor<?x192xf8E4M3FN>, tensor<?x1xf32>
  return
}

// -----

// Scales come in two formats.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{expected ::ds::ScaleFormat to be one of: f32, ue8m0}}
  // expected-error @below {{failed to parse DS_ScaleFormatAttr}}
  %c, %s = ds.quantize %x scales f16 : tensor<?x192xf32> -> tensor<?x192xf8E4M3FN>, tensor<?x2xf32>
  return
}

// -----

// Codes alone mean nothing.
func.func @wrong(%c: tensor<?x192xf8E4M3FN>) {
  // expected-error @below {{has no scales for 'tensor<?x192xf8E4M3FN>'}}
  %y = ds.linear %c, [@w] : tensor<?x192xf8E4M3FN> -> tensor<?x96xf32>
  return
}

// -----

// Rows have no scales.
func.func @wrong(%x: tensor<?x192xbf16>, %s: tensor<?x2xf32>) {
  // expected-error @below {{has scales beside 'tensor<?x192xbf16>'}}
  %y = ds.linear %x scales %s, [@w] : tensor<?x192xbf16>, tensor<?x2xf32> -> tensor<?x96xf32>
  return
}

// -----

// Every slot has its own scales.
func.func @wrong(%c: tensor<?x3x96xf8E4M3FN>, %s: tensor<?x1xf32>, %offsets: tensor<17xi32>, %token_of: tensor<?x3xi32>) {
  // expected-error @below {{scales are 'tensor<?x1xf32>', expected 'tensor<?x3x1xf32>'}}
  %y = ds.grouped_linear %c scales %s, %offsets, %token_of, [@d] : (tensor<?x3x96xf8E4M3FN>, tensor<?x1xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  return
}
