// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-fuse-router | FileCheck %s

#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>

// Projection and choice are one op; its logits are seen nowhere else.
// CHECK-LABEL: func.func @router_is_one_op
// CHECK-SAME: %[[U:[a-z0-9]+]]: tensor<?x192xf32>
// CHECK-NOT: ds.linear
// CHECK: %[[IDS:.+]], %[[W:.+]] = ds.router %[[U]], @gate, @bias {gate = #gate}
// CHECK: return %[[IDS]], %[[W]]
func.func @router_is_one_op(%u: tensor<?x192xf32>) -> (tensor<?x3xi32>, tensor<?x3xf32>) {
  %z = ds.linear %u, [@gate] : tensor<?x192xf32> -> tensor<?x16xf32>
  %ids, %w = ds.gate %z, @bias {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  return %ids, %w : tensor<?x3xi32>, tensor<?x3xf32>
}

// Models without a correction bias have a router too.
// CHECK-LABEL: func.func @bias_may_be_absent
// CHECK: ds.router %{{.*}}, @gate {gate = #gate}
func.func @bias_may_be_absent(%u: tensor<?x192xf32>) {
  %z = ds.linear %u, [@gate] : tensor<?x192xf32> -> tensor<?x16xf32>
  %ids, %w = ds.gate %z {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  return
}
