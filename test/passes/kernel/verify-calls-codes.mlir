// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -kernel-verify-calls -verify-diagnostics

// Codes and their scales as operands.

// Calls that hold their contracts pass: rows and slots, with the row chosen.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @w [96, 192] f8e4m3fn_bs128
  kernel.weight @down [192, 96] f8e4m3fn_bs128 count 16
  func.func @right(%x: tensor<?x192xf32>, %h: tensor<?x3x96xf32>, %offsets: tensor<17xi32>, %token_of: tensor<?x3xi32>) {
    %c, %s = kernel.call @quantize(%x) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 0 : i32} variants ["quantize_f32_generic"] : (tensor<?x192xf32>) -> (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
    %y = kernel.call @linear(%c, %s) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} variants ["linear_f8e4m3fn_f8e4m3fn_bs128_generic"] : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>) -> tensor<?x96xf32>
    %hc, %hs = kernel.call @quantize(%h) shape {n = 96 : i32, rows_per_token = 3 : i32, scale_format = 1 : i32} variants ["quantize_f32_generic"] : (tensor<?x3x96xf32>) -> (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>)
    %d = kernel.call @grouped_linear(%hc, %hs, %offsets, %token_of) weights [@down] shape {experts = 16 : i32, gather = 0 : i32, in = 96 : i32, out = 192 : i32, parts = 1 : i32, topk = 3 : i32} variants ["grouped_linear_f8e4m3fn_f8e4m3fn_bs128_generic"] : (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
    %b = kernel.call @cast(%x) shape {n = 192 : i32, rows_per_token = 1 : i32} variants ["cast_bf16_generic"] : (tensor<?x192xf32>) -> tensor<?x192xbf16>
    return
  }
}

// -----

// Codes bring their scales.
kernel.weight @w [96, 192] f8e4m3fn_bs128
func.func @wrong(%c: tensor<?x192xf8E4M3FN>) {
  // expected-error @below {{takes 1 inputs, expected 2}}
  %y = kernel.call @linear(%c) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xf8E4M3FN>) -> tensor<?x96xf32>
  return
}

// -----

// A scale for every 128 columns.
kernel.weight @w [96, 192] f8e4m3fn_bs128
func.func @wrong(%c: tensor<?x192xf8E4M3FN>, %s: tensor<?x1xf32>) {
  // expected-error @below {{input 1 holds 1 values per row, expected 2}}
  %y = kernel.call @linear(%c, %s) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xf8E4M3FN>, tensor<?x1xf32>) -> tensor<?x96xf32>
  return
}

// -----

// Rows of codes are rows of the weights' columns: where they are cut, scales
// begin anew.
kernel.weight @w [96, 192] f8e4m3fn_bs128
func.func @wrong(%c: tensor<?x2x96xf8E4M3FN>, %s: tensor<?x2xf32>) {
  // expected-error @below {{input 0 is 'tensor<?x2x96xf8E4M3FN>', expected codes in rows of 192}}
  %y = kernel.call @linear(%c, %s) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x2x96xf8E4M3FN>, tensor<?x2xf32>) -> tensor<?x96xf32>
  return
}

// -----

// Only some contracts take codes.
func.func @wrong(%c: tensor<?x192xf8E4M3FN>) {
  // expected-error @below {{input 0 is 'tensor<?x192xf8E4M3FN>', expected elements of the contract}}
  %q, %s = kernel.call @quantize(%c) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 0 : i32} : (tensor<?x192xf8E4M3FN>) -> (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
  return
}

// -----

// What quantising gives is codes.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{result 0 is 'tensor<?x192xbf16>', expected elements of the contract}}
  %c, %s = kernel.call @quantize(%x) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 0 : i32} : (tensor<?x192xf32>) -> (tensor<?x192xbf16>, tensor<?x2xf32>)
  return
}

// -----

// A row that reads bf16 does not read codes.
module attributes {kernel.levels = ["avx2"]} {
  kernel.weight @w [96, 192] f8e4m3fn_bs128
  func.func @wrong(%c: tensor<?x192xf8E4M3FN>, %s: tensor<?x2xf32>) {
    // expected-error @below {{variant "linear_bf16_f8e4m3fn_bs128_avx2" does not compute on 'f8E4M3FN'}}
    %y = kernel.call @linear(%c, %s) weights [@w] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} variants ["linear_bf16_f8e4m3fn_bs128_avx2"] : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>) -> tensor<?x96xf32>
    return
  }
}
