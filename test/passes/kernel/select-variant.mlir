// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -kernel-select-variant=levels=avx512bf16 | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: dsc-opt %s -kernel-select-variant=levels=avx512bf16,avx2 | FileCheck %s --check-prefix=BOTH
// RUN: dsc-opt %s -kernel-select-variant=levels=avx2 | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: dsc-opt %s -kernel-select-variant="levels=avx2 rows=1 explain=true" -o %t 2>&1 | FileCheck %s --check-prefix=EXPLAIN
// RUN: not dsc-opt %s -kernel-select-variant=levels=avx2,sse2 2>&1 | FileCheck %s --check-prefix=NO-LEVEL
// RUN: not dsc-opt %s -kernel-select-variant 2>&1 | FileCheck %s --check-prefix=NONE

// NO-LEVEL: error: no code is made for level sse2
// NONE: error: no level to choose for

// The module says for which levels the rows were chosen; a call has a row of each,
// in their order.
// BOTH: module attributes {kernel.levels = ["avx512bf16", "avx2"]}
// BOTH: kernel.call @linear{{.*}} variants ["linear_bf16_bf16_avx512bf16", "linear_bf16_bf16_avx2"]
// AVX512: module attributes {kernel.levels = ["avx512bf16"]}
// AVX2: module attributes {kernel.levels = ["avx2"]}

kernel.weight @plain [96, 192] bf16
kernel.weight @blocks [96, 192] f8e4m3fn_bs128
kernel.weight @gain [192] bf16

// The row follows from the activations, the weights and the level. Explained,
// every row of the family is named: the others do not fit, and the chosen one
// costs the time of 192 * 2 + 96 * 4 bytes of rows and 96 * 192 * 2 of weights,
// 10,000 in a microsecond.
// CHECK-LABEL: func.func @types_decide
// AVX512: kernel.call @linear{{.*}} weights [@plain] {{.*}} variants ["linear_bf16_bf16_avx512bf16"]
// AVX2: kernel.call @linear{{.*}} weights [@plain] {{.*}} variants ["linear_bf16_bf16_avx2"]
// EXPLAIN: linear {head_rows = 0 : i32, in = 192 : i32, {{.*}}}, 1 rows, level avx2
// EXPLAIN-NEXT: linear_f32_bf16_generic: activations f32, not bf16
// EXPLAIN-NEXT: linear_f32_f8e4m3fn_bs128_generic: activations f32, not bf16
// EXPLAIN-NEXT: linear_f8e4m3fn_f8e4m3fn_bs128_generic: activations f8e4m3fn, not bf16
// EXPLAIN-NEXT: linear_bf16_bf16_avx2: 3.8 us, chosen
// EXPLAIN-NEXT: linear_bf16_f8e4m3fn_bs128_avx2: weights f8e4m3fn_bs128, not bf16
// EXPLAIN-NEXT: linear_bf16_bf16_avx512: level avx512, not avx2
// EXPLAIN-NEXT: linear_bf16_f8e4m3fn_bs128_avx512: level avx512, not avx2
// EXPLAIN-NEXT: linear_bf16_bf16_avx512bf16: level avx512bf16, not avx2
// EXPLAIN-NEXT: linear_bf16_f8e4m3fn_bs128_avx512bf16: level avx512bf16, not avx2
func.func @types_decide(%x: tensor<?x192xbf16>) {
  %y = kernel.call @linear(%x) weights [@plain] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xbf16>) -> tensor<?x96xf32>
  return
}

// FP8 blocks are half the bytes.
// CHECK-LABEL: func.func @fewer_bytes
// AVX512: variants ["linear_bf16_f8e4m3fn_bs128_avx512bf16"]
// AVX2: variants ["linear_bf16_f8e4m3fn_bs128_avx2"]
// EXPLAIN: linear_bf16_f8e4m3fn_bs128_avx2: 1.9 us, chosen
func.func @fewer_bytes(%x: tensor<?x192xbf16>) {
  %y = kernel.call @linear(%x) weights [@blocks] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xbf16>) -> tensor<?x96xf32>
  return
}

// What was explained once is not explained again.
// EXPLAIN-NOT: chosen
// CHECK-LABEL: func.func @again
// AVX2: variants ["linear_bf16_bf16_avx2"]
func.func @again(%x: tensor<?x192xbf16>) {
  %y = kernel.call @linear(%x) weights [@plain] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xbf16>) -> tensor<?x96xf32>
  return
}

// Activations of f32 are computed by the reference rows, at every level. Their
// 2 * 96 * 192 products and sums take the time, 2,000 in a microsecond.
// CHECK-LABEL: func.func @reference_rows
// CHECK: variants ["linear_f32_bf16_generic"]
// EXPLAIN: linear_f32_bf16_generic: 18.4 us, chosen
func.func @reference_rows(%x: tensor<?x192xf32>) {
  %y = kernel.call @linear(%x) weights [@plain] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xf32>) -> tensor<?x96xf32>
  return
}

// Codes are multiplied by the rows that take codes, and where they are made the
// input's element counts.
// CHECK-LABEL: func.func @codes
// CHECK: kernel.call @quantize{{.*}} variants ["quantize_bf16_generic"]
// CHECK: kernel.call @linear{{.*}} variants ["linear_f8e4m3fn_f8e4m3fn_bs128_generic"]
func.func @codes(%x: tensor<?x192xbf16>) {
  %c, %s = kernel.call @quantize(%x) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 0 : i32} : (tensor<?x192xbf16>) -> (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
  %y = kernel.call @linear(%c, %s) weights [@blocks] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>) -> tensor<?x96xf32>
  return
}

// A result's element counts as the activations', and so does a state's.
// CHECK-LABEL: func.func @results_and_states_count
// AVX2: kernel.call @rms_norm{{.*}} variants ["rms_norm_bf16_avx2"]
// CHECK: kernel.call @rms_norm{{.*}} variants ["rms_norm_f32_generic"]
// AVX2: kernel.call @latent_append{{.*}} variants ["latent_append_bf16_avx2"]
func.func @results_and_states_count(%x: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16>) {
  %a = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xbf16>
  %b = kernel.call @rms_norm(%x) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, n = 192 : i32} : (tensor<?x192xf32>) -> tensor<?x192xf32>
  %new = kernel.call @latent_append(%x, %angles, %latent) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 192 : i32, latent = 176 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x192xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
  return
}
