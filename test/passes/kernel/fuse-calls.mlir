// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -kernel-fuse-calls | FileCheck %s --check-prefixes=CHECK,FEW
// RUN: dsc-opt %s -kernel-fuse-calls=decode-tokens=65 | FileCheck %s --check-prefixes=CHECK,MANY

kernel.weight @gain [192] bf16
kernel.weight @q_gain [96] bf16
kernel.weight @kv_gain [64] bf16
kernel.weight @kv_b [256, 64] bf16
kernel.weight @gate_proj [96, 192] f8e4m3fn_bs128
kernel.weight @up_proj [96, 192] f8e4m3fn_bs128
kernel.weight @plain_gate_proj [96, 192] bf16
kernel.weight @plain_up_proj [96, 192] bf16
kernel.weight @experts_gate [96, 192] f8e4m3fn_bs128 count 16
kernel.weight @experts_up [96, 192] f8e4m3fn_bs128 count 16
kernel.weight @bias [16] f32
kernel.state @latent width 80 element bf16 page 64

// A norm whose row is quantised, and read by nobody else.
// CHECK-LABEL: func.func @norm
// CHECK: %[[M:.+]]:3 = kernel.call @add_rms_norm_quantize(%{{.*}}, %{{.*}}) weights [@gain] shape {eps = {{.*}} : f32, keep = 0 : i32, n = 192 : i32, scale_format = 1 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
// CHECK-NEXT: return %[[M]]#0, %[[M]]#1, %[[M]]#2
func.func @norm(%r: tensor<?x192xf32>, %d: tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf8E4M3FN>, tensor<?x2xf32>) {
  %s, %x = kernel.call @add_rms_norm(%r, %d) weights [@gain] shape {eps = 1.0e-6 : f32, n = 192 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf32>)
  %c, %sc = kernel.call @quantize(%x) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 1 : i32} : (tensor<?x192xf32>) -> (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
  return %s, %c, %sc : tensor<?x192xf32>, tensor<?x192xf8E4M3FN>, tensor<?x2xf32>
}

// Others read the row rounded: the norm keeps it.
// CHECK-LABEL: func.func @norm_kept_rounded
// CHECK: %[[M:.+]]:4 = kernel.call @add_rms_norm_quantize({{.*}} keep = 1 : i32{{.*}} -> (tensor<?x192xf32>, tensor<?x192xbf16>, tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
// CHECK-NEXT: return %[[M]]#1, %[[M]]#2
func.func @norm_kept_rounded(%r: tensor<?x192xf32>, %d: tensor<?x192xf32>) -> (tensor<?x192xbf16>, tensor<?x192xf8E4M3FN>) {
  %s, %x = kernel.call @add_rms_norm(%r, %d) weights [@gain] shape {eps = 1.0e-6 : f32, n = 192 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf32>)
  %c, %sc = kernel.call @quantize(%x) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 1 : i32} : (tensor<?x192xf32>) -> (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
  %y = kernel.call @cast(%x) shape {n = 192 : i32, rows_per_token = 1 : i32} : (tensor<?x192xf32>) -> tensor<?x192xbf16>
  return %y, %c : tensor<?x192xbf16>, tensor<?x192xf8E4M3FN>
}

// Or as it is, with reference kernels.
// CHECK-LABEL: func.func @norm_kept
// CHECK: %[[M:.+]]:4 = kernel.call @add_rms_norm_quantize({{.*}} keep = 1 : i32{{.*}} -> (tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
// CHECK-NEXT: return %[[M]]#1, %[[M]]#2
func.func @norm_kept(%r: tensor<?x192xf32>, %d: tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf8E4M3FN>) {
  %s, %x = kernel.call @add_rms_norm(%r, %d) weights [@gain] shape {eps = 1.0e-6 : f32, n = 192 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf32>)
  %c, %sc = kernel.call @quantize(%x) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 1 : i32} : (tensor<?x192xf32>) -> (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
  return %x, %c : tensor<?x192xf32>, tensor<?x192xf8E4M3FN>
}

// Not both: the kernel keeps one row.
// CHECK-LABEL: func.func @norm_read_in_three_ways
// CHECK: kernel.call @add_rms_norm(
// CHECK: kernel.call @quantize(
// CHECK: kernel.call @cast(
func.func @norm_read_in_three_ways(%r: tensor<?x192xf32>, %d: tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xbf16>, tensor<?x192xf8E4M3FN>) {
  %s, %x = kernel.call @add_rms_norm(%r, %d) weights [@gain] shape {eps = 1.0e-6 : f32, n = 192 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf32>)
  %c, %sc = kernel.call @quantize(%x) shape {n = 192 : i32, rows_per_token = 1 : i32, scale_format = 1 : i32} : (tensor<?x192xf32>) -> (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>)
  %y = kernel.call @cast(%x) shape {n = 192 : i32, rows_per_token = 1 : i32} : (tensor<?x192xf32>) -> tensor<?x192xbf16>
  return %x, %y, %c : tensor<?x192xf32>, tensor<?x192xbf16>, tensor<?x192xf8E4M3FN>
}

// The query's norm and the latent's append read columns of one value; the append
// comes earlier than it stood.
// CHECK-LABEL: func.func @query
// CHECK: %[[M:.+]]:2 = kernel.call @query_norm_append(%{{.*}}, %{{.*}}, %{{.*}}) weights [@q_gain, @kv_gain] shape {codes = 0 : i32, in_stride = 176 : i32, latent = 64 : i32, latent_eps = 2.000000e-06 : f32, latent_offset = 96 : i32, n = 96 : i32, page_tokens = 64 : i32, query_eps = {{.*}} : f32, query_offset = 0 : i32, rope = 16 : i32, scale_format = 0 : i32} : (tensor<?x176xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> (tensor<?x96xbf16>, !kernel.state<bf16>)
// CHECK-NEXT: kernel.call @copy_rows
// CHECK-NEXT: return %[[M]]#0, %[[M]]#1
func.func @query(%x: tensor<?x176xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16>) -> (tensor<?x96xbf16>, !kernel.state<bf16>) {
  %y = kernel.call @rms_norm(%x) weights [@q_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 176 : i32, n = 96 : i32} : (tensor<?x176xf32>) -> tensor<?x96xbf16>
  %between = kernel.call @copy_rows(%x) shape {n = 176 : i32} : (tensor<?x176xf32>) -> tensor<?x176xf32>
  %new = kernel.call @latent_append(%x, %angles, %latent) weights [@kv_gain] shape {eps = 2.0e-6 : f32, in_offset = 96 : i32, in_stride = 176 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x176xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
  return %y, %new : tensor<?x96xbf16>, !kernel.state<bf16>
}

// A query that is quantised leaves as codes.
// CHECK-LABEL: func.func @query_codes
// CHECK: %[[M:.+]]:3 = kernel.call @query_norm_append({{.*}}codes = 1 : i32{{.*}} scale_format = 1 : i32} : {{.*}} -> (tensor<?x96xf8E4M3FN>, tensor<?x1xf32>, !kernel.state<bf16>)
// CHECK-NEXT: return %[[M]]#0, %[[M]]#1, %[[M]]#2
func.func @query_codes(%x: tensor<?x176xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16>) -> (tensor<?x96xf8E4M3FN>, tensor<?x1xf32>, !kernel.state<bf16>) {
  %y = kernel.call @rms_norm(%x) weights [@q_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 176 : i32, n = 96 : i32} : (tensor<?x176xf32>) -> tensor<?x96xf32>
  %c, %s = kernel.call @quantize(%y) shape {n = 96 : i32, rows_per_token = 1 : i32, scale_format = 1 : i32} : (tensor<?x96xf32>) -> (tensor<?x96xf8E4M3FN>, tensor<?x1xf32>)
  %new = kernel.call @latent_append(%x, %angles, %latent) weights [@kv_gain] shape {eps = 2.0e-6 : f32, in_offset = 96 : i32, in_stride = 176 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x176xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
  return %c, %s, %new : tensor<?x96xf8E4M3FN>, tensor<?x1xf32>, !kernel.state<bf16>
}

// An old state that somebody still reads may not change earlier.
// CHECK-LABEL: func.func @query_of_read_state
// CHECK: kernel.call @rms_norm(
// CHECK: kernel.call @latent_append(
func.func @query_of_read_state(%x: tensor<?x176xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16>) -> (tensor<?x96xbf16>, !kernel.state<bf16>, !kernel.state<bf16>) {
  %y = kernel.call @rms_norm(%x) weights [@q_gain] shape {eps = 1.0e-6 : f32, in_offset = 0 : i32, in_stride = 176 : i32, n = 96 : i32} : (tensor<?x176xf32>) -> tensor<?x96xbf16>
  %new = kernel.call @latent_append(%x, %angles, %latent) weights [@kv_gain] shape {eps = 2.0e-6 : f32, in_offset = 96 : i32, in_stride = 176 : i32, latent = 64 : i32, page_tokens = 64 : i32, rope = 16 : i32} : (tensor<?x176xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
  return %y, %new, %latent : tensor<?x96xbf16>, !kernel.state<bf16>, !kernel.state<bf16>
}

// Both halves of a query.
// CHECK-LABEL: func.func @halves
// CHECK: %[[M:.+]]:2 = kernel.call @rope_absorb_query(%{{.*}}, %{{.*}}) weights [@kv_b] shape {head_stride = 48 : i32, heads = 4 : i32, latent = 64 : i32, nope = 32 : i32, rope = 16 : i32, weight_rows = 64 : i32} : (tensor<?x192xf32>, tensor<?x8x2xf32>) -> (tensor<?x4x64xbf16>, tensor<?x4x16xbf16>)
// CHECK-NEXT: return %[[M]]#0, %[[M]]#1
func.func @halves(%q: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>) -> (tensor<?x4x64xbf16>, tensor<?x4x16xbf16>) {
  %l = kernel.call @absorb_query(%q) weights [@kv_b] shape {head_stride = 48 : i32, heads = 4 : i32, latent = 64 : i32, nope = 32 : i32, weight_rows = 64 : i32} : (tensor<?x192xf32>) -> tensor<?x4x64xbf16>
  %r = kernel.call @rope(%q, %angles) shape {dim = 16 : i32, head_stride = 48 : i32, heads = 4 : i32, in_offset = 32 : i32, in_stride = 192 : i32} : (tensor<?x192xf32>, tensor<?x8x2xf32>) -> tensor<?x4x16xbf16>
  return %l, %r : tensor<?x4x64xbf16>, tensor<?x4x16xbf16>
}

// Other columns are no half.
// CHECK-LABEL: func.func @no_halves
// CHECK: kernel.call @absorb_query(
// CHECK: kernel.call @rope(
func.func @no_halves(%q: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>) -> (tensor<?x4x64xbf16>, tensor<?x4x16xbf16>) {
  %l = kernel.call @absorb_query(%q) weights [@kv_b] shape {head_stride = 48 : i32, heads = 4 : i32, latent = 64 : i32, nope = 32 : i32, weight_rows = 64 : i32} : (tensor<?x192xf32>) -> tensor<?x4x64xbf16>
  %r = kernel.call @rope(%q, %angles) shape {dim = 16 : i32, head_stride = 48 : i32, heads = 4 : i32, in_offset = 0 : i32, in_stride = 192 : i32} : (tensor<?x192xf32>, tensor<?x8x2xf32>) -> tensor<?x4x16xbf16>
  return %l, %r : tensor<?x4x64xbf16>, tensor<?x4x16xbf16>
}

// What attention gives, quantised.
// CHECK-LABEL: func.func @values
// CHECK: %[[M:.+]]:2 = kernel.call @absorb_value_quantize(%{{.*}}) weights [@kv_b] {{.*}} : (tensor<?x4x64xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>)
// CHECK-NEXT: return %[[M]]#0, %[[M]]#1
func.func @values(%o: tensor<?x4x64xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>) {
  %y = kernel.call @absorb_value(%o) weights [@kv_b] shape {heads = 4 : i32, latent = 64 : i32, row_offset = 32 : i32, value = 32 : i32, weight_rows = 64 : i32} : (tensor<?x4x64xbf16>) -> tensor<?x128xbf16>
  %c, %s = kernel.call @quantize(%y) shape {n = 128 : i32, rows_per_token = 1 : i32, scale_format = 0 : i32} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>)
  return %c, %s : tensor<?x128xf8E4M3FN>, tensor<?x1xf32>
}

// Two projections and their gated product, of rows and of codes.
// CHECK-LABEL: func.func @gated_rows
// CHECK: %[[M:.+]] = kernel.call @gated_linear(%{{.*}}) weights [@plain_gate_proj, @plain_up_proj] shape {in = 192 : i32, out = 96 : i32, scale_format = 0 : i32} : (tensor<?x192xbf16>) -> tensor<?x96xbf16>
// CHECK-NEXT: return %[[M]]
func.func @gated_rows(%x: tensor<?x192xbf16>) -> tensor<?x96xbf16> {
  %b = kernel.call @linear(%x) weights [@plain_gate_proj, @plain_up_proj] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 96 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 2 : i32} : (tensor<?x192xbf16>) -> tensor<?x192xf32>
  %h = kernel.call @swiglu(%b) shape {n = 96 : i32, rows_per_token = 1 : i32} : (tensor<?x192xf32>) -> tensor<?x96xbf16>
  return %h : tensor<?x96xbf16>
}
// CHECK-LABEL: func.func @gated_codes
// CHECK: %[[M:.+]]:2 = kernel.call @gated_linear(%{{.*}}, %{{.*}}) weights [@gate_proj, @up_proj] shape {in = 192 : i32, out = 96 : i32, scale_format = 1 : i32} : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>) -> (tensor<?x96xf8E4M3FN>, tensor<?x1xf32>)
// CHECK-NEXT: return %[[M]]#0, %[[M]]#1
func.func @gated_codes(%x: tensor<?x192xf8E4M3FN>, %xs: tensor<?x2xf32>) -> (tensor<?x96xf8E4M3FN>, tensor<?x1xf32>) {
  %b = kernel.call @linear(%x, %xs) weights [@gate_proj, @up_proj] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 96 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 2 : i32} : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>) -> tensor<?x192xf32>
  %h = kernel.call @swiglu(%b) shape {n = 96 : i32, rows_per_token = 1 : i32} : (tensor<?x192xf32>) -> tensor<?x96xf32>
  %c, %s = kernel.call @quantize(%h) shape {n = 96 : i32, rows_per_token = 1 : i32, scale_format = 1 : i32} : (tensor<?x96xf32>) -> (tensor<?x96xf8E4M3FN>, tensor<?x1xf32>)
  return %c, %s : tensor<?x96xf8E4M3FN>, tensor<?x1xf32>
}

// Codes come from codes: a product that is not quantised, or that others read as
// well, stays a call of its own.
// CHECK-LABEL: func.func @gated_to_rows
// CHECK: kernel.call @linear(
// CHECK: kernel.call @swiglu(
// CHECK: kernel.call @quantize(
func.func @gated_to_rows(%x: tensor<?x192xf8E4M3FN>, %xs: tensor<?x2xf32>) -> (tensor<?x96xf8E4M3FN>, tensor<?x96xf32>) {
  %b = kernel.call @linear(%x, %xs) weights [@gate_proj, @up_proj] shape {head_rows = 0 : i32, in = 192 : i32, out0 = 96 : i32, out1 = 96 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 2 : i32} : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>) -> tensor<?x192xf32>
  %h = kernel.call @swiglu(%b) shape {n = 96 : i32, rows_per_token = 1 : i32} : (tensor<?x192xf32>) -> tensor<?x96xf32>
  %c, %s = kernel.call @quantize(%h) shape {n = 96 : i32, rows_per_token = 1 : i32, scale_format = 1 : i32} : (tensor<?x96xf32>) -> (tensor<?x96xf8E4M3FN>, tensor<?x1xf32>)
  return %c, %h : tensor<?x96xf8E4M3FN>, tensor<?x96xf32>
}

// The same of every expert.
// CHECK-LABEL: func.func @gated_experts
// CHECK: %[[M:.+]]:2 = kernel.call @grouped_gated_linear(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) weights [@experts_gate, @experts_up] shape {experts = 16 : i32, in = 192 : i32, out = 96 : i32, scale_format = 1 : i32, topk = 3 : i32} : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>, tensor<17xi32>, tensor<?x3xi32>) -> (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>)
// CHECK-NEXT: return %[[M]]#0, %[[M]]#1
func.func @gated_experts(%x: tensor<?x192xf8E4M3FN>, %xs: tensor<?x2xf32>, %o: tensor<17xi32>, %t: tensor<?x3xi32>) -> (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>) {
  %b = kernel.call @grouped_linear(%x, %xs, %o, %t) weights [@experts_gate, @experts_up] shape {experts = 16 : i32, gather = 1 : i32, in = 192 : i32, out = 96 : i32, parts = 2 : i32, topk = 3 : i32} : (tensor<?x192xf8E4M3FN>, tensor<?x2xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %h = kernel.call @swiglu(%b) shape {n = 96 : i32, rows_per_token = 3 : i32} : (tensor<?x3x192xf32>) -> tensor<?x3x96xf32>
  %c, %s = kernel.call @quantize(%h) shape {n = 96 : i32, rows_per_token = 3 : i32, scale_format = 1 : i32} : (tensor<?x3x96xf32>) -> (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>)
  return %c, %s : tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>
}

// Choice and plan are one in decode, whose tokens are few enough.
// CHECK-LABEL: func.func @decode_moe
// FEW: %[[M:.+]]:5 = kernel.call @gate_plan(%{{.*}}) weights [@bias] shape {bias = 1 : i32, experts = 16 : i32, {{.*}}shared = 0 : i32, {{.*}}} : (tensor<?x16xf32>) -> (tensor<?x3xi32>, tensor<?x3xf32>, tensor<17xi32>, tensor<?x3xi32>, tensor<?x3xi32>)
// FEW-NEXT: return %[[M]]#1, %[[M]]#4
// MANY: kernel.call @gate_topk(
// MANY: kernel.call @expert_plan(
func.func @decode_moe(%z: tensor<?x16xf32>) -> (tensor<?x3xf32>, tensor<?x3xi32>) attributes {kernel.layer_kind = "moe"} {
  %ids, %w = kernel.call @gate_topk(%z) weights [@bias] shape {bias = 1 : i32, experts = 16 : i32, group_score = 0 : i32, groups = 4 : i32, normalize = 1 : i32, scale = 2.5 : f32, scoring = 0 : i32, topk = 3 : i32, topk_groups = 2 : i32} : (tensor<?x16xf32>) -> (tensor<?x3xi32>, tensor<?x3xf32>)
  %o, %t, %s = kernel.call @expert_plan(%ids) shape {experts = 16 : i32, shared = 0 : i32, topk = 3 : i32} : (tensor<?x3xi32>) -> (tensor<17xi32>, tensor<?x3xi32>, tensor<?x3xi32>)
  return %w, %s : tensor<?x3xf32>, tensor<?x3xi32>
}
// CHECK-LABEL: func.func @prefill_moe
// CHECK: kernel.call @gate_topk(
// CHECK: kernel.call @expert_plan(
func.func @prefill_moe(%z: tensor<?x16xf32>) -> (tensor<?x3xf32>, tensor<?x3xi32>) attributes {kernel.layer_kind = "moe"} {
  %ids, %w = kernel.call @gate_topk(%z) weights [@bias] shape {bias = 1 : i32, experts = 16 : i32, group_score = 0 : i32, groups = 4 : i32, normalize = 1 : i32, scale = 2.5 : f32, scoring = 0 : i32, topk = 3 : i32, topk_groups = 2 : i32} : (tensor<?x16xf32>) -> (tensor<?x3xi32>, tensor<?x3xf32>)
  %o, %t, %s = kernel.call @expert_plan(%ids) shape {experts = 16 : i32, shared = 0 : i32, topk = 3 : i32} : (tensor<?x3xi32>) -> (tensor<17xi32>, tensor<?x3xi32>, tensor<?x3xi32>)
  return %w, %s : tensor<?x3xf32>, tensor<?x3xi32>
}
func.func @decode(%z: tensor<?x16xf32>, %i: tensor<?x3xi32>) attributes {kernel.entry = "decode"} {
  %w, %s = kernel.layers @decode_moe layers [0](%z, %i) : (tensor<?x16xf32>, tensor<?x3xi32>) -> (tensor<?x3xf32>, tensor<?x3xi32>)
  return
}
func.func @prefill(%z: tensor<?x16xf32>, %i: tensor<?x3xi32>) attributes {kernel.entry = "prefill"} {
  %w, %s = kernel.layers @prefill_moe layers [0](%z, %i) : (tensor<?x16xf32>, tensor<?x3xi32>) -> (tensor<?x3xf32>, tensor<?x3xi32>)
  return
}
