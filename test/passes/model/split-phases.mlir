// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-split-phases | FileCheck %s

!rows = tensor<?x8xf32>
!angles = tensor<?x2x2xf32>

// @forward is copied once per phase; the copies run layer functions of their
// phase, in the same layers. Nothing of the old ones is left.
// CHECK-NOT: @forward
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: attributes {ds.phase = "prefill"}
// CHECK: ds.layers @prefill_dense layers [0]
// CHECK: ds.layers @prefill_moe layers [1, 2]
// CHECK: ds.tap
// CHECK-LABEL: func.func @decode(
// CHECK-SAME: attributes {ds.phase = "decode"}
// CHECK: ds.layers @decode_dense layers [0]
// CHECK: ds.layers @decode_moe layers [1, 2]
// CHECK-NOT: ds.tap
// CHECK: return
// CHECK-NOT: @layer_
func.func @forward(%batch: !ds.batch, %r: !rows, %angles: !angles, %latent: !ds.state) -> (!rows, !rows, !ds.state) {
  %r1, %d1, %l1 = ds.layers @layer_dense layers [0](%batch, %r, %r, %angles, %latent) : (!ds.batch, !rows, !rows, !angles, !ds.state) -> (!rows, !rows, !ds.state)
  %r2, %d2, %l2 = ds.layers @layer_moe layers [1, 2](%batch, %r1, %d1, %angles, %l1) : (!ds.batch, !rows, !rows, !angles, !ds.state) -> (!rows, !rows, !ds.state)
  ds.tap %r2, %d2 : !rows
  return %r2, %d2, %l2 : !rows, !rows, !ds.state
}

// A layer keeps its kind and gets its phase.
// CHECK-LABEL: func.func @prefill_dense
// CHECK-SAME: attributes {ds.layer_kind = "dense", ds.phase = "prefill"}
// CHECK-LABEL: func.func @decode_dense
// CHECK-SAME: attributes {ds.layer_kind = "dense", ds.phase = "decode"}
func.func @layer_dense(%batch: !ds.batch, %r: !rows, %d: !rows, %angles: !angles, %latent: !ds.state) -> (!rows, !rows, !ds.state) attributes {ds.layer_kind = "dense"} {
  return %r, %d, %latent : !rows, !rows, !ds.state
}

// A prompt's values are given out, those of generated tokens are not.
// CHECK-LABEL: func.func @prefill_moe
// CHECK: ds.tap %
// CHECK: ds.tap_experts %
// CHECK-LABEL: func.func @decode_moe
// CHECK-NOT: ds.tap
func.func @layer_moe(%batch: !ds.batch, %r: !rows, %d: !rows, %angles: !angles, %latent: !ds.state) -> (!rows, !rows, !ds.state) attributes {ds.layer_kind = "moe"} {
  ds.tap %r, %d : !rows
  %z = ds.linear %r, [@gate] : !rows -> tensor<?x16xf32>
  %ids, %w = ds.gate %z {gate = #ds.gate<experts = 16, topk = 3, n_group = 1, topk_group = 1, scoring = sigmoid, normalize = true, scale = 1.0>} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  ds.tap_experts %ids : tensor<?x3xi32>
  return %r, %d, %latent : !rows, !rows, !ds.state
}

// One head serves all phases.
// CHECK-LABEL: func.func @head(
// CHECK-NOT: ds.phase
// CHECK-NOT: @layer_
func.func @head(%batch: !ds.batch, %r: !rows, %d: !rows) -> !rows {
  return %r : !rows
}
