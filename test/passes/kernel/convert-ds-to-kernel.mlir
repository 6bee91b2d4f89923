// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -convert-ds-to-kernel | FileCheck %s --check-prefixes=CHECK,DEFAULT
// RUN: dsc-opt %s -convert-ds-to-kernel="chunk=7 decode-tokens=3 context=9" | FileCheck %s --check-prefixes=CHECK,SIZES

#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>

// The model's attribute becomes one of the module, its widths by name.
// CHECK: module attributes {kernel.model = {family = "deepseek_v3", hidden_size = 192 : i32, max_position_embeddings = 512 : i32, num_hidden_layers = 2 : i32, vocab_size = 512 : i32}}
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 192, num_hidden_layers = 2, vocab_size = 512, max_position_embeddings = 512>} {

// Weights keep names and shapes; encodings are words; frequencies are new.
// CHECK-DAG: kernel.weight @rope.inv_freq [8] f32 value dense<{{.*}}> : tensor<8xf32>
// CHECK-DAG: kernel.weight @embed_tokens [512, 192] bf16
// CHECK-DAG: kernel.weight @q_a [96, 192] f8e4m3fn_bs128
// CHECK-DAG: kernel.weight @kv_a [80, 192] f8e4m3fn_bs128
// CHECK-DAG: kernel.state @latent width 80 element bf16 page 64
ds.weight @embed_tokens [512, 192] #ds.encoding<bf16>
ds.weight @q_a [96, 192] #ds.encoding<f8E4M3FN, block = 128 x 128>
ds.weight @kv_a [80, 192] #ds.encoding<f8E4M3FN, block = 128 x 128>
ds.weight @gain [96] #ds.encoding<bf16>
ds.weight @kv_gain [64] #ds.encoding<bf16>
ds.weight @kv_b [256, 64] #ds.encoding<bf16>
ds.weight @norm [192] #ds.encoding<bf16>
ds.weight @lm_head [512, 192] #ds.encoding<bf16>
ds.state @latent width 80 element bf16 page 64

// The batch is implied: an entry takes only its states, by name.
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: %[[LATENT:[a-z0-9]+]]: !kernel.state<bf16> {kernel.state = @latent})
// CHECK-SAME: attributes {kernel.entry = "prefill"}
// CHECK: %[[STREAM:.+]]:2 = kernel.call @embedding() weights [@embed_tokens] shape {hidden = 192 : i32, vocab = 512 : i32}
// CHECK: %[[ANGLES:.+]] = kernel.call @rope_table() weights [@rope.inv_freq] shape {attention = 1.000000e+00 : f32, pairs = 8 : i32} : () -> tensor<?x8x2xf32>
// CHECK: kernel.layers @prefill_dense layers [0, 1](%[[STREAM]]#0, %[[STREAM]]#1, %[[ANGLES]], %[[LATENT]])
func.func @prefill(%batch: !ds.batch, %latent: !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state) attributes {ds.phase = "prefill"} {
  %r, %d = ds.embedding %batch, @embed_tokens : tensor<?x192xf32>
  %angles = ds.rope_table %batch {attention = 1.0 : f32, inv_freq = array<f32: 1.0, 0.5, 0.25, 0.125, 0.1, 0.05, 0.025, 0.0125>} : tensor<?x8x2xf32>
  %r2, %d2, %new = ds.layers @prefill_dense layers [0, 1](%batch, %r, %d, %angles, %latent) : (!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state)
  return %r2, %d2, %new : tensor<?x192xf32>, tensor<?x192xf32>, !ds.state
}

// A view of columns becomes stride and offset of the kernel that reads it, and
// the prefill's attention knows the most tokens of a run and of the states.
// CHECK-LABEL: func.func @prefill_dense(
// CHECK-SAME: %[[OLD:[a-z0-9]+]]: !kernel.state<bf16> {kernel.state = @latent})
// CHECK-SAME: attributes {kernel.layer_kind = "dense"}
// CHECK: %[[BOTH:.+]] = kernel.call @linear(%{{.*}}) weights [@q_a, @kv_a] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 80 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 2 : i32}
// CHECK-NOT: columns
// CHECK: kernel.call @rms_norm(%[[BOTH]]) weights [@gain] shape {eps = {{.*}}, in_offset = 0 : i32, in_stride = 176 : i32, n = 96 : i32}
// CHECK: %[[NEW:.+]] = kernel.call @latent_append(%[[BOTH]], %{{.*}}, %[[OLD]]) weights [@kv_gain] shape {eps = {{.*}}, in_offset = 96 : i32, in_stride = 176 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : {{.*}} -> !kernel.state<bf16>
// CHECK: kernel.call @rope(%{{.*}}) shape {dim = 16 : i32, head_stride = 48 : i32, heads = 4 : i32, in_offset = 32 : i32, in_stride = 192 : i32}
// CHECK: kernel.call @attention_prefill(%{{.*}}, %{{.*}}, %[[NEW]]) weights [@kv_b] shape {
// DEFAULT-SAME: context = 4096 : i32, head_stride = 48 : i32, heads = 4 : i32, latent = 64 : i32,
// SIZES-SAME: context = 9 : i32, head_stride = 48 : i32, heads = 4 : i32, latent = 64 : i32,
// DEFAULT-SAME: max_tokens = 512 : i32
// SIZES-SAME: max_tokens = 7 : i32
// CHECK: return %{{.*}}, %{{.*}}, %[[NEW]]
func.func @prefill_dense(%batch: !ds.batch, %r: tensor<?x192xf32>, %d: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state) attributes {ds.layer_kind = "dense", ds.phase = "prefill"} {
  %s, %x = ds.add_rms_norm %r, %d, @norm {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xbf16>
  %y = ds.linear %x, [@q_a, @kv_a] : tensor<?x192xbf16> -> tensor<?x176xf32>
  %low = ds.columns %y[0, 96] : tensor<?x176xf32> -> tensor<?x96xf32>
  %a = ds.columns %y[96, 80] : tensor<?x176xf32> -> tensor<?x80xf32>
  %c = ds.rms_norm %low, @gain {eps = 1.0e-6 : f32} : tensor<?x96xf32> -> tensor<?x96xbf16>
  %new = ds.state_append %batch, %a, %angles, %latent, @kv_gain {eps = 1.0e-6 : f32, mla = #mla} : tensor<?x80xf32>, tensor<?x8x2xf32>
  %qr = ds.rope %r, %angles {mla = #mla} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x4x16xbf16>
  %o = ds.expanded_attention %batch, %r, %qr, %new, @kv_b {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x4x16xbf16> -> tensor<?x128xbf16>
  return %r, %d, %new : tensor<?x192xf32>, tensor<?x192xf32>, !ds.state
}

// Decode keeps a token per sequence.
// CHECK-LABEL: func.func @decode_forced_to_expand
// DEFAULT: max_tokens = 64 : i32
// SIZES: max_tokens = 3 : i32
func.func @decode_forced_to_expand(%batch: !ds.batch, %q: tensor<?x192xf32>, %qr: tensor<?x4x16xbf16>, %latent: !ds.state) attributes {ds.layer_kind = "moe", ds.phase = "decode"} {
  %o = ds.expanded_attention %batch, %q, %qr, %latent, @kv_b {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x4x16xbf16> -> tensor<?x128xbf16>
  return
}

// The head works on the rows that are asked for.
// CHECK-LABEL: func.func @head(
// CHECK-SAME: attributes {kernel.entry = "head"}
// CHECK: kernel.call @head_norm(
// CHECK: kernel.call @linear(%{{.*}}) weights [@lm_head] shape {head_rows = 1 : i32,
func.func @head(%batch: !ds.batch, %r: tensor<?x192xf32>, %d: tensor<?x192xf32>) -> tensor<?x512xf32> {
  %x = ds.head_norm %batch, %r, %d, @norm {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xbf16>
  %logits = ds.lm_head %x, @lm_head : tensor<?x192xbf16> -> tensor<?x512xf32>
  return %logits : tensor<?x512xf32>
}
}
