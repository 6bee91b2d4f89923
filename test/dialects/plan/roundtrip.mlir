// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s | dsc-opt | FileCheck %s
// RUN: dsc-opt %s --mlir-print-op-generic | dsc-opt | FileCheck %s

// The model names its limits and the buffers that the session reads.
// CHECK: plan.model "deepseek_v3" {chunk = 512 : i32, decode_tokens = 64 : i32, experts_tap = @experts_tap, head_rows = 16 : i32, hidden_size = 192 : i32, hidden_tap = @hidden_tap, levels = ["avx2"], logits_buffer = @logits, max_positions = 512 : i32, num_layers = 3 : i32, page_tokens = 64 : i32, vocab_size = 512 : i32}
plan.model "deepseek_v3" {hidden_size = 192 : i32, num_layers = 3 : i32, vocab_size = 512 : i32, max_positions = 512 : i32, chunk = 512 : i32, decode_tokens = 64 : i32, head_rows = 16 : i32, page_tokens = 64 : i32, logits_buffer = @logits, hidden_tap = @hidden_tap, experts_tap = @experts_tap, levels = ["avx2"]}
// CHECK: plan.budget scratch 65536 scratch_lower_bound 61440 host 32768
plan.budget scratch 65536 scratch_lower_bound 61440 host 32768

// Weights and states are those of the kernel dialect, in records.
// CHECK: plan.weight @gain [192] bf16
plan.weight @gain [192] bf16
// CHECK: plan.weight @down_proj [192, 96] f8e4m3fn_bs128 count 16
plan.weight @down_proj [192, 96] f8e4m3fn_bs128 count 16
// CHECK: plan.weight @inv_freq [2] f32 value dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
plan.weight @inv_freq [2] f32 value dense<[1.0, 0.5]> : tensor<2xf32>
// CHECK: plan.state @latent layers 3 row_bytes 160
plan.state @latent layers 3 row_bytes 160

// A buffer is pinned, lies in a pinned one, is host memory, or none of these.
// CHECK: plan.buffer @residual scratch size 393216 pinned offset 0
plan.buffer @residual scratch size 393216 pinned offset 0
// CHECK: plan.buffer @sum scratch size 393216 in @residual
plan.buffer @sum scratch size 393216 in @residual
// CHECK: plan.buffer @x scratch size 64 offset 393216
plan.buffer @x scratch size 64 offset 393216
// CHECK: plan.buffer @hidden_tap host size 1572864 layer_stride 393216
plan.buffer @hidden_tap host size 1572864 layer_stride 393216

// A kernel is a row with its shape; a row of slots takes weights and lists.
// CHECK: plan.kernel @rms_norm.0 rows ["rms_norm_bf16_avx2"] shape {n = 96 : i32} workspace 128
plan.kernel @rms_norm.0 rows ["rms_norm_bf16_avx2"] shape {n = 96 : i32} workspace 128
// CHECK: plan.row @globals [@gain, @inv_freq]
plan.row @globals [@gain, @inv_freq]
// CHECK: plan.row @moe [@gain, [@down_proj, @down_proj]] layers [1, 2]
plan.row @moe [@gain, [@down_proj, @down_proj]] layers [1, 2]

// A body holds steps; each kind of operand is a word, and how it is used.
// CHECK: plan.body @prefill_moe row @moe slots 65 {
plan.body @prefill_moe row @moe slots 65 {
  // CHECK: plan.step @rms_norm.0 [#plan.arg<buffer @x read>, #plan.arg<buffer_of_layer @hidden_tap write>, #plan.arg<slot 0 read>] barrier
  plan.step @rms_norm.0 [#plan.arg<buffer @x read>, #plan.arg<buffer_of_layer @hidden_tap write>, #plan.arg<slot 0 read>] barrier
  // CHECK: plan.step @rms_norm.0 [#plan.arg<buffer_of_ordinal @experts_tap write>, #plan.arg<slot_list 1 read>, #plan.arg<state @latent write>]{{$}}
  plan.step @rms_norm.0 [#plan.arg<buffer_of_ordinal @experts_tap write>, #plan.arg<slot_list 1 read>, #plan.arg<state @latent write>]
}

// Every entry a session can ask for, and the calls of one.
// CHECK: plan.entry prefill max_rows 512 {
plan.entry prefill max_rows 512 {
  // CHECK: plan.call @prefill_moe layer 2 ordinal 1
  plan.call @prefill_moe layer 2 ordinal 1
}
// CHECK: plan.entry decode max_rows 64 {
plan.entry decode max_rows 64 {
}
// CHECK: plan.entry extend max_rows 8 {
plan.entry extend max_rows 8 {
}
// CHECK: plan.entry head max_rows 16 {
plan.entry head max_rows 16 {
}
