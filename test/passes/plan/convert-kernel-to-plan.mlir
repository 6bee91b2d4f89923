// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -convert-kernel-to-plan="chunk=8 decode-tokens=4 head-rows=2" | FileCheck %s
// RUN: not dsc-opt %s -convert-kernel-to-plan=chunk=0 2>&1 | FileCheck %s --check-prefix=NO-ROWS

// A run has rows.
// NO-ROWS: error: chunk, decode-tokens and head-rows are at least 1

!rows = tensor<?x16xf32>
!bf16 = tensor<?x16xbf16>
!angles = tensor<?x4x2xf32>
!latent = !kernel.state<bf16>

module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", hidden_size = 16 : i32, max_position_embeddings = 64 : i32, num_hidden_layers = 3 : i32, vocab_size = 32 : i32}} {
kernel.weight @inv_freq [4] f32 value dense<1.0> : tensor<4xf32>
kernel.weight @embed [32, 16] bf16
kernel.weight @gain [16] bf16
kernel.weight @lm_head [32, 16] f8e4m3fn_bs128
kernel.weight @g [8, 16] f8e4m3fn_bs128 count 2
kernel.weight @u [8, 16] f8e4m3fn_bs128 count 2
kernel.state @latent width 20 element bf16 page 64

// Nothing of the kernel dialect is left. The model is that of the module, its
// limits those of the pass; a state's row is 20 values of 2 bytes.
// CHECK-NOT: {{kernel\.(call|level|model|weight)}}
// CHECK: plan.model "deepseek_v3" {chunk = 8 : i32, decode_tokens = 4 : i32, head_rows = 2 : i32, hidden_size = 16 : i32, hidden_tap = @hidden_tap, levels = ["avx2"], logits_buffer = @logits, max_positions = 64 : i32, num_layers = 3 : i32, page_tokens = 64 : i32, vocab_size = 32 : i32}
// CHECK: plan.weight @inv_freq [4] f32 value dense<1.000000e+00> : tensor<4xf32>
// CHECK: plan.weight @g [8, 16] f8e4m3fn_bs128 count 2
// CHECK: plan.state @latent layers 3 row_bytes 40

// Residual, delta and angles are pinned, as large as the largest run needs:
// 8 tokens of 16 f32 values, 8 of 4 pairs. What a body leaves lies in them.
// CHECK: plan.buffer @residual scratch size 512 pinned
// CHECK: plan.buffer @delta scratch size 512 pinned
// CHECK: plan.buffer @angles scratch size 256 pinned
// CHECK: plan.buffer @prefill_begin.0.embedding scratch size 512 in @residual
// CHECK: plan.buffer @prefill_begin.0.embedding.1 scratch size 512 in @delta
// CHECK: plan.buffer @prefill_begin.1.rope_table scratch size 256 in @angles

// Other values are as large as a run of their entry: 8 tokens of bf16 in
// prefill, 4 in decode, 2 rows in the head. Offsets of experts do not grow.
// CHECK: plan.buffer @prefill_moe.1.add_rms_norm scratch size 512{{$}}
// CHECK: plan.buffer @prefill_moe.1.add_rms_norm.1 scratch size 256{{$}}
// CHECK: plan.buffer @prefill_moe.4.expert_plan scratch size 12{{$}}
// CHECK: plan.buffer @prefill_moe.7.add_rows scratch size 512 in @residual
// CHECK: plan.buffer @head.0.head_norm scratch size 64{{$}}
// CHECK: plan.buffer @decode_moe.0.add_rms_norm.1 scratch size 128{{$}}

// A tap has a slice per layer and one for the end.
// CHECK-DAG: plan.buffer @logits host size 256{{$}}
// CHECK-DAG: plan.buffer @hidden_tap host size 2048 layer_stride 512

// Calls of one row and shape share a kernel; both phases add and norm.
// CHECK: plan.kernel @add_rms_norm.0 rows ["add_rms_norm_bf16_avx2"] shape {eps = {{.*}}, n = 16 : i32}
// CHECK-NOT: plan.kernel @add_rms_norm.1

// The whole model has one row of slots, a layer kind one per layer. A matrix
// with scales takes two slots; a list takes them for each expert and weight.
// CHECK: plan.row @globals [@embed, @inv_freq, @gain, @lm_head]{{$}}
// CHECK: plan.row @moe [@gain, [@g, @u]] layers [0, 1, 2]

// What stands before the layers is a body; steps stand in program order, each
// behind a barrier.
// CHECK: plan.body @prefill_begin row @globals slots 5 {
// CHECK-NEXT: plan.step @embedding.0 [#plan.arg<buffer @prefill_begin.0.embedding write>, #plan.arg<buffer @prefill_begin.0.embedding.1 write>, #plan.arg<slot 0 read>] barrier
// CHECK-NEXT: plan.step @rope_table.0 [#plan.arg<buffer @prefill_begin.1.rope_table write>, #plan.arg<slot 1 read>] barrier
// CHECK-NEXT: }
func.func @prefill(%latent: !latent {kernel.state = @latent}) -> (!rows, !rows, !latent) attributes {kernel.entry = "prefill"} {
  %r, %d = kernel.call @embedding() weights [@embed] shape {hidden = 16 : i32, vocab = 32 : i32} variants ["embedding_bf16_generic"] : () -> (!rows, !rows)
  %angles = kernel.call @rope_table() weights [@inv_freq] shape {attention = 1.0 : f32, pairs = 4 : i32} variants ["rope_table_f32_generic"] : () -> !angles
  %r2, %d2, %l2 = kernel.layers @prefill_moe layers [0, 1, 2](%r, %d, %angles, %latent) : (!rows, !rows, !angles, !latent) -> (!rows, !rows, !latent)
  return %r2, %d2, %l2 : !rows, !rows, !latent
}

// A layer's body finds its arguments in the pinned buffers. Its tap writes the
// layer's slice; a state is written where it comes back; weights stand last.
// CHECK: plan.body @prefill_moe row @moe slots 9 {
// CHECK-NEXT: plan.step @add_rows.0 [#plan.arg<buffer @residual read>, #plan.arg<buffer @delta read>, #plan.arg<buffer_of_layer @hidden_tap write>] barrier
// CHECK-NEXT: plan.step @add_rms_norm.0 [#plan.arg<buffer @residual read>, #plan.arg<buffer @delta read>, #plan.arg<buffer @prefill_moe.1.add_rms_norm write>, #plan.arg<buffer @prefill_moe.1.add_rms_norm.1 write>, #plan.arg<slot 0 read>] barrier
// CHECK-NEXT: plan.step @latent_append.0 [#plan.arg<buffer @prefill_moe.1.add_rms_norm read>, #plan.arg<buffer @angles read>, #plan.arg<state @latent write>, #plan.arg<slot 0 read>] barrier
// CHECK: plan.step @grouped_linear.0 [{{.*}}, #plan.arg<slot_list 1 read>] barrier
func.func @prefill_moe(%r: !rows, %d: !rows, %angles: !angles, %latent: !latent {kernel.state = @latent}) -> (!rows, !rows, !latent) attributes {kernel.layer_kind = "moe"} {
  %tap = kernel.call @add_rows(%r, %d) shape {n = 16 : i32} variants ["add_rows_f32_generic"] tap "hidden" : (!rows, !rows) -> !rows
  %s, %x = kernel.call @add_rms_norm(%r, %d) weights [@gain] shape {eps = 1.0e-6 : f32, n = 16 : i32} variants ["add_rms_norm_bf16_avx2"] : (!rows, !rows) -> (!rows, !bf16)
  %new = kernel.call @latent_append(%s, %angles, %latent) weights [@gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 16 : i32, latent = 12 : i32, page_tokens = 64 : i32, rope = 8 : i32} variants ["latent_append_bf16_avx2"] : (!rows, !angles, !latent) -> !latent
  %ids, %w = kernel.call @gate_topk(%s) shape {bias = 0 : i32, experts = 2 : i32, group_score = 0 : i32, groups = 1 : i32, normalize = 0 : i32, scale = 1.0 : f32, scoring = 0 : i32, topk = 1 : i32, topk_groups = 1 : i32} variants ["gate_topk_f32_generic"] : (!rows) -> (tensor<?x1xi32>, tensor<?x1xf32>)
  %o, %t, %sl = kernel.call @expert_plan(%ids) shape {experts = 2 : i32, shared = 0 : i32, topk = 1 : i32} variants ["expert_plan_u32_generic"] : (tensor<?x1xi32>) -> (tensor<3xi32>, tensor<?x1xi32>, tensor<?x1xi32>)
  %y = kernel.call @grouped_linear(%x, %o, %t) weights [@g, @u] shape {experts = 2 : i32, gather = 1 : i32, in = 16 : i32, out = 8 : i32, parts = 2 : i32, topk = 1 : i32} variants ["grouped_linear_bf16_f8e4m3fn_bs128_avx2"] : (!bf16, tensor<3xi32>, tensor<?x1xi32>) -> tensor<?x1x16xf32>
  %d2 = kernel.call @combine(%y, %sl, %w) shape {hidden = 16 : i32, shared = 0 : i32, topk = 1 : i32} variants ["combine_f32_generic"] : (tensor<?x1x16xf32>, tensor<?x1xi32>, tensor<?x1xf32>) -> !rows
  %s2 = kernel.call @add_rows(%s, %d) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (!rows, !rows) -> !rows
  return %s2, %d2, %new : !rows, !rows, !latent
}

// The head writes the logits that the session reads.
// CHECK: plan.body @head row @globals slots 5 {
// CHECK: plan.step @linear.0 [#plan.arg<buffer @head.0.head_norm read>, #plan.arg<buffer @logits write>, #plan.arg<slot 3 read>, #plan.arg<slot 4 read>] barrier
func.func @head(%r: !rows, %d: !rows) -> tensor<?x32xf32> attributes {kernel.entry = "head"} {
  %x = kernel.call @head_norm(%r, %d) weights [@gain] shape {eps = 1.0e-6 : f32, n = 16 : i32} variants ["head_norm_bf16_avx2"] : (!rows, !rows) -> !bf16
  %logits = kernel.call @linear(%x) weights [@lm_head] shape {head_rows = 1 : i32, in = 16 : i32, out0 = 32 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} variants ["linear_bf16_f8e4m3fn_bs128_avx2"] : (!bf16) -> tensor<?x32xf32>
  return %logits : tensor<?x32xf32>
}

// An entry is a list of calls: its bodies, a layer's once per layer.
// CHECK: plan.entry prefill max_rows 8 {
// CHECK-NEXT: plan.call @prefill_begin layer 0 ordinal 0
// CHECK-NEXT: plan.call @prefill_moe layer 0 ordinal 0
// CHECK-NEXT: plan.call @prefill_moe layer 1 ordinal 1
// CHECK-NEXT: plan.call @prefill_moe layer 2 ordinal 2
// CHECK: plan.entry head max_rows 2 {
// CHECK: plan.entry decode max_rows 4 {
// CHECK: plan.call @decode_moe layer 0 ordinal 0
func.func @decode(%latent: !latent {kernel.state = @latent}) -> (!rows, !rows, !latent) attributes {kernel.entry = "decode"} {
  %r, %d = kernel.call @embedding() weights [@embed] shape {hidden = 16 : i32, vocab = 32 : i32} variants ["embedding_bf16_generic"] : () -> (!rows, !rows)
  %angles = kernel.call @rope_table() weights [@inv_freq] shape {attention = 1.0 : f32, pairs = 4 : i32} variants ["rope_table_f32_generic"] : () -> !angles
  %r2, %d2, %l2 = kernel.layers @decode_moe layers [0, 1, 2](%r, %d, %angles, %latent) : (!rows, !rows, !angles, !latent) -> (!rows, !rows, !latent)
  return %r2, %d2, %l2 : !rows, !rows, !latent
}
func.func @decode_moe(%r: !rows, %d: !rows, %angles: !angles, %latent: !latent {kernel.state = @latent}) -> (!rows, !rows, !latent) attributes {kernel.layer_kind = "moe"} {
  %s, %x = kernel.call @add_rms_norm(%r, %d) weights [@gain] shape {eps = 1.0e-6 : f32, n = 16 : i32} variants ["add_rms_norm_bf16_avx2"] : (!rows, !rows) -> (!rows, !bf16)
  %s2 = kernel.call @add_rows(%s, %d) shape {n = 16 : i32} variants ["add_rows_f32_generic"] : (!rows, !rows) -> !rows
  return %s2, %d, %latent : !rows, !rows, !latent
}
}
