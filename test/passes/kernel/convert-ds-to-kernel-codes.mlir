// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -convert-ds-to-kernel | FileCheck %s

ds.weight @blocks [96, 192] #ds.encoding<f8E4M3FN, block = 128 x 128>
ds.weight @down [192, 96] #ds.encoding<f8E4M3FN, block = 128 x 128> count 16

// Codes and scales are two operands in place of the rows; the format is a field.
// CHECK-LABEL: func.func @rows
// CHECK: %[[Q:.+]]:2 = kernel.call @quantize(%{{.*}}) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 1 : i32} : (tensor<?x192xbf16>) -> (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
// CHECK: kernel.call @linear(%[[Q]]#0, %[[Q]]#1) weights [@blocks] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, {{.*}}} : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>) -> tensor<?x96xf32>
func.func @rows(%x: tensor<?x192xbf16>) -> tensor<?x96xf32> {
  %c, %s = ds.quantize %x scales ue8m0 : tensor<?x192xbf16> -> tensor<?x192xf8E4M3FN>, tensor<?x2xf32>
  %y = ds.linear %c scales %s, [@blocks] : tensor<?x192xf8E4M3FN>, tensor<?x2xf32> -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// A token has as many rows as slots.
// CHECK-LABEL: func.func @slots
// CHECK: %[[Q:.+]]:2 = kernel.call @quantize(%{{.*}}) shape {n = 96 : i32, rows_per_token = 3 : i32, scale_format = 0 : i32} : (tensor<?x3x96xf32>) -> (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>)
// CHECK: kernel.call @grouped_linear(%[[Q]]#0, %[[Q]]#1, %{{.*}}, %{{.*}}) weights [@down] {{.*}} : (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
func.func @slots(%h: tensor<?x3x96xf32>, %offsets: tensor<17xi32>, %token_of: tensor<?x3xi32>) {
  %c, %s = ds.quantize %h scales f32 : tensor<?x3x96xf32> -> tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>
  %y = ds.grouped_linear %c scales %s, %offsets, %token_of, [@down] : (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  return
}

// A rounding that no other kernel does is a call of its own.
// CHECK-LABEL: func.func @rounding
// CHECK: kernel.call @cast(%{{.*}}) shape {n = 96 : i32, rows_per_token = 3 : i32} : (tensor<?x3x96xf32>) -> tensor<?x3x96xbf16>
func.func @rounding(%h: tensor<?x3x96xf32>) -> tensor<?x3x96xbf16> {
  %y = ds.cast %h : tensor<?x3x96xf32> -> tensor<?x3x96xbf16>
  return %y : tensor<?x3x96xbf16>
}
