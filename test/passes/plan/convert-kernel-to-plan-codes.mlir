// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -convert-kernel-to-plan="chunk=8 decode-tokens=4 head-rows=2" | FileCheck %s

!rows = tensor<?x200xf32>
!codes = tensor<?x200xf8E4M3FN>
!scales = tensor<?x2xf32>

module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", hidden_size = 200 : i32, max_position_embeddings = 64 : i32, num_hidden_layers = 1 : i32, vocab_size = 32 : i32}} {
kernel.weight @gain [200] bf16
kernel.weight @lm_head [32, 200] f8e4m3fn_bs128
kernel.weight @g [8, 200] f8e4m3fn_bs128 count 3
kernel.weight @u [8, 200] f8e4m3fn_bs128 count 3
kernel.weight @shared_g [8, 200] f8e4m3fn_bs128
kernel.weight @shared_u [8, 200] f8e4m3fn_bs128

// A code is a byte: 2 rows of 200, each with 2 scales of 4 bytes.
// CHECK: plan.buffer @head.1.quantize scratch size 400{{$}}
// CHECK: plan.buffer @head.1.quantize.1 scratch size 16{{$}}

// Slots of a row are rows of their own: 4 slots of 8 tokens, 8 codes and a scale
// each.
// CHECK: plan.buffer @prefill_begin.3.grouped_gated_linear scratch size 256{{$}}
// CHECK: plan.buffer @prefill_begin.3.grouped_gated_linear.1 scratch size 128{{$}}

// Codes and scales are operands of their own, in order. The list has two matrices
// of each of 3 experts and of one more, all with scales.
// CHECK: plan.row @globals [@gain, @lm_head, [@g, @u, @shared_g, @shared_u]]{{$}}
// CHECK: plan.body @head row @globals slots 19 {
// CHECK: plan.step @quantize.0 [#plan.arg<buffer @head.0.head_norm read>, #plan.arg<buffer @head.1.quantize write>, #plan.arg<buffer @head.1.quantize.1 write>] barrier
// CHECK-NEXT: plan.step @linear.0 [#plan.arg<buffer @head.1.quantize read>, #plan.arg<buffer @head.1.quantize.1 read>, #plan.arg<buffer @logits write>, #plan.arg<slot 1 read>, #plan.arg<slot 2 read>] barrier
func.func @head(%r: !rows, %d: !rows) -> tensor<?x32xf32> attributes {kernel.entry = "head"} {
  %x = kernel.call @head_norm(%r, %d) weights [@gain] shape {eps = 1.0e-6 : f32, n = 200 : i32} variants ["head_norm_f32_generic"] : (!rows, !rows) -> !rows
  %c, %s = kernel.call @quantize(%x) shape {n = 200 : i32, rows_per_token = 1 : i32, scale_format = 0 : i32} variants ["quantize_f32_generic"] : (!rows) -> (!codes, !scales)
  %logits = kernel.call @linear(%c, %s) weights [@lm_head] shape {head_rows = 1 : i32, in = 200 : i32, out0 = 32 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} variants ["linear_f8e4m3fn_f8e4m3fn_bs128_generic"] : (!codes, !scales) -> tensor<?x32xf32>
  return %logits : tensor<?x32xf32>
}

// CHECK: plan.body @prefill_begin row @globals slots 19 {
// CHECK: plan.step @grouped_gated_linear.0 [{{.*}}, #plan.arg<buffer @prefill_begin.3.grouped_gated_linear write>, #plan.arg<buffer @prefill_begin.3.grouped_gated_linear.1 write>, #plan.arg<slot_list 3 read>] barrier
func.func @prefill(%r: !rows, %d: !rows) -> (!rows, !rows) attributes {kernel.entry = "prefill"} {
  %c, %s = kernel.call @quantize(%r) shape {n = 200 : i32, rows_per_token = 1 : i32, scale_format = 0 : i32} variants ["quantize_f32_generic"] : (!rows) -> (!codes, !scales)
  %ids, %w = kernel.call @gate_topk(%d) shape {bias = 0 : i32, experts = 200 : i32, group_score = 0 : i32, groups = 1 : i32, normalize = 0 : i32, scale = 1.0 : f32, scoring = 0 : i32, topk = 3 : i32, topk_groups = 1 : i32} variants ["gate_topk_f32_generic"] : (!rows) -> (tensor<?x3xi32>, tensor<?x3xf32>)
  %o, %t, %sl = kernel.call @expert_plan(%ids) shape {experts = 3 : i32, shared = 1 : i32, topk = 3 : i32} variants ["expert_plan_u32_generic"] : (tensor<?x3xi32>) -> (tensor<5xi32>, tensor<?x4xi32>, tensor<?x4xi32>)
  %h, %hs = kernel.call @grouped_gated_linear(%c, %s, %o, %t) weights [@g, @u, @shared_g, @shared_u] shape {experts = 4 : i32, in = 200 : i32, out = 8 : i32, scale_format = 0 : i32, topk = 4 : i32} variants ["grouped_gated_linear_f8e4m3fn_f8e4m3fn_bs128_generic"] : (!codes, !scales, tensor<5xi32>, tensor<?x4xi32>) -> (tensor<?x4x8xf8E4M3FN>, tensor<?x4x1xf32>)
  return %r, %d : !rows, !rows
}
}
