// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -kernel-fold-shared-expert -kernel-verify-calls | FileCheck %s

kernel.weight @gate [96, 192] bf16 count 16
kernel.weight @up [96, 192] bf16 count 16
kernel.weight @down [192, 96] bf16 count 16
kernel.weight @s_gate [96, 192] bf16
kernel.weight @s_up [96, 192] bf16
kernel.weight @s_down [192, 96] bf16
kernel.weight @b_gate [96, 192] f8e4m3fn_bs128
kernel.weight @b_up [96, 192] f8e4m3fn_bs128

// Every token has one more slot, of one more expert, whose weights stand behind
// the others'; the sum takes it from there.
// CHECK-LABEL: func.func @folded
// CHECK: %[[PLAN:.+]]:3 = kernel.call @expert_plan(%{{.*}}) shape {experts = 16 : i32, shared = 1 : i32, topk = 3 : i32} : (tensor<?x3xi32>) -> (tensor<18xi32>, tensor<?x4xi32>, tensor<?x4xi32>)
// CHECK-NEXT: %[[H:.+]] = kernel.call @grouped_gated_linear(%{{.*}}, %[[PLAN]]#0, %[[PLAN]]#1) weights [@gate, @up, @s_gate, @s_up] shape {experts = 17 : i32, {{.*}}topk = 4 : i32} : {{.*}} -> tensor<?x4x96xf32>
// CHECK-NEXT: %[[Y:.+]] = kernel.call @grouped_linear(%[[H]], %[[PLAN]]#0, %[[PLAN]]#1) weights [@down, @s_down] shape {experts = 17 : i32, {{.*}}topk = 4 : i32} : {{.*}} -> tensor<?x4x192xf32>
// CHECK-NEXT: kernel.call @combine(%[[Y]], %[[PLAN]]#2, %{{.*}}) shape {hidden = 192 : i32, shared = 2 : i32, topk = 3 : i32} : (tensor<?x4x192xf32>, tensor<?x4xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
// CHECK-NEXT: return
func.func @folded(%u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>) -> tensor<?x192xf32> {
  %o, %t, %s = kernel.call @expert_plan(%ids) shape {experts = 16 : i32, shared = 0 : i32, topk = 3 : i32} : (tensor<?x3xi32>) -> (tensor<17xi32>, tensor<?x3xi32>, tensor<?x3xi32>)
  %sh = kernel.call @gated_linear(%u) weights [@s_gate, @s_up] shape {in = 192 : i32, out = 96 : i32, scale_format = 0 : i32} : (tensor<?x192xf32>) -> tensor<?x96xf32>
  %sd = kernel.call @linear(%sh) weights [@s_down] shape {head_rows = 0 : i32, in = 96 : i32, out0 = 192 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x96xf32>) -> tensor<?x192xf32>
  %h = kernel.call @grouped_gated_linear(%u, %o, %t) weights [@gate, @up] shape {experts = 16 : i32, in = 192 : i32, out = 96 : i32, scale_format = 0 : i32, topk = 3 : i32} : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x96xf32>
  %y = kernel.call @grouped_linear(%h, %o, %t) weights [@down] shape {experts = 16 : i32, gather = 0 : i32, in = 96 : i32, out = 192 : i32, parts = 1 : i32, topk = 3 : i32} : (tensor<?x3x96xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %d = kernel.call @combine(%y, %s, %w, %sd) shape {hidden = 192 : i32, shared = 1 : i32, topk = 3 : i32} : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return %d : tensor<?x192xf32>
}

// An expert that is stored in another way is none of them.
// CHECK-LABEL: func.func @other_encoding
// CHECK: kernel.call @gated_linear
// CHECK: shared = 1 : i32
func.func @other_encoding(%u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>) -> tensor<?x192xf32> {
  %o, %t, %s = kernel.call @expert_plan(%ids) shape {experts = 16 : i32, shared = 0 : i32, topk = 3 : i32} : (tensor<?x3xi32>) -> (tensor<17xi32>, tensor<?x3xi32>, tensor<?x3xi32>)
  %sh = kernel.call @gated_linear(%u) weights [@b_gate, @b_up] shape {in = 192 : i32, out = 96 : i32, scale_format = 0 : i32} : (tensor<?x192xf32>) -> tensor<?x96xf32>
  %sd = kernel.call @linear(%sh) weights [@s_down] shape {head_rows = 0 : i32, in = 96 : i32, out0 = 192 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x96xf32>) -> tensor<?x192xf32>
  %h = kernel.call @grouped_gated_linear(%u, %o, %t) weights [@gate, @up] shape {experts = 16 : i32, in = 192 : i32, out = 96 : i32, scale_format = 0 : i32, topk = 3 : i32} : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x96xf32>
  %y = kernel.call @grouped_linear(%h, %o, %t) weights [@down] shape {experts = 16 : i32, gather = 0 : i32, in = 96 : i32, out = 192 : i32, parts = 1 : i32, topk = 3 : i32} : (tensor<?x3x96xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %d = kernel.call @combine(%y, %s, %w, %sd) shape {hidden = 192 : i32, shared = 1 : i32, topk = 3 : i32} : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return %d : tensor<?x192xf32>
}

// Nor is one whose output somebody else reads.
// CHECK-LABEL: func.func @read_elsewhere
// CHECK: kernel.call @gated_linear
// CHECK: shared = 1 : i32
func.func @read_elsewhere(%u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>) -> (tensor<?x192xf32>, tensor<?x192xf32>) {
  %o, %t, %s = kernel.call @expert_plan(%ids) shape {experts = 16 : i32, shared = 0 : i32, topk = 3 : i32} : (tensor<?x3xi32>) -> (tensor<17xi32>, tensor<?x3xi32>, tensor<?x3xi32>)
  %sh = kernel.call @gated_linear(%u) weights [@s_gate, @s_up] shape {in = 192 : i32, out = 96 : i32, scale_format = 0 : i32} : (tensor<?x192xf32>) -> tensor<?x96xf32>
  %sd = kernel.call @linear(%sh) weights [@s_down] shape {head_rows = 0 : i32, in = 96 : i32, out0 = 192 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x96xf32>) -> tensor<?x192xf32>
  %h = kernel.call @grouped_gated_linear(%u, %o, %t) weights [@gate, @up] shape {experts = 16 : i32, in = 192 : i32, out = 96 : i32, scale_format = 0 : i32, topk = 3 : i32} : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x96xf32>
  %y = kernel.call @grouped_linear(%h, %o, %t) weights [@down] shape {experts = 16 : i32, gather = 0 : i32, in = 96 : i32, out = 192 : i32, parts = 1 : i32, topk = 3 : i32} : (tensor<?x3x96xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %d = kernel.call @combine(%y, %s, %w, %sd) shape {hidden = 192 : i32, shared = 1 : i32, topk = 3 : i32} : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return %d, %sd : tensor<?x192xf32>, tensor<?x192xf32>
}

// Nor one of another width.
// CHECK-LABEL: func.func @wider
// CHECK: kernel.call @gated_linear
// CHECK: shared = 1 : i32
kernel.weight @w_gate [128, 192] bf16
kernel.weight @w_up [128, 192] bf16
kernel.weight @w_down [192, 128] bf16
func.func @wider(%u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>) -> tensor<?x192xf32> {
  %o, %t, %s = kernel.call @expert_plan(%ids) shape {experts = 16 : i32, shared = 0 : i32, topk = 3 : i32} : (tensor<?x3xi32>) -> (tensor<17xi32>, tensor<?x3xi32>, tensor<?x3xi32>)
  %sh = kernel.call @gated_linear(%u) weights [@w_gate, @w_up] shape {in = 192 : i32, out = 128 : i32, scale_format = 0 : i32} : (tensor<?x192xf32>) -> tensor<?x128xf32>
  %sd = kernel.call @linear(%sh) weights [@w_down] shape {head_rows = 0 : i32, in = 128 : i32, out0 = 192 : i32, out1 = 0 : i32, out2 = 0 : i32, out3 = 0 : i32, parts = 1 : i32} : (tensor<?x128xf32>) -> tensor<?x192xf32>
  %h = kernel.call @grouped_gated_linear(%u, %o, %t) weights [@gate, @up] shape {experts = 16 : i32, in = 192 : i32, out = 96 : i32, scale_format = 0 : i32, topk = 3 : i32} : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x96xf32>
  %y = kernel.call @grouped_linear(%h, %o, %t) weights [@down] shape {experts = 16 : i32, gather = 0 : i32, in = 96 : i32, out = 192 : i32, parts = 1 : i32, topk = 3 : i32} : (tensor<?x3x96xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  %d = kernel.call @combine(%y, %s, %w, %sd) shape {hidden = 192 : i32, shared = 1 : i32, topk = 3 : i32} : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return %d : tensor<?x192xf32>
}
