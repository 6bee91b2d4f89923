// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-select-experts | FileCheck %s

// Slots are sorted by expert; gate and up are one call that gathers each
// token's row, down reads rows of slots; the sum is in the gate's order.
// CHECK-LABEL: func.func @experts_become_grouped
// CHECK-SAME: %[[U:[a-z0-9]+]]: tensor<?x192xf32>, %[[IDS:[a-z0-9]+]]: tensor<?x3xi32>, %[[W:[a-z0-9]+]]: {{.*}}, %[[SHARED:[a-z0-9]+]]:
// CHECK-NOT: ds.experts
// CHECK: %[[OFFSETS:.+]], %[[TOKEN_OF:.+]], %[[SLOT_OF:.+]] = ds.expert_plan %[[IDS]] {experts = 16 : i64} : {{.*}} -> tensor<17xi32>
// CHECK: %[[GATE_UP:.+]] = ds.grouped_linear %[[U]], %[[OFFSETS]], %[[TOKEN_OF]], [@g, @u] {gather} : {{.*}} -> tensor<?x3x192xf32>
// CHECK-DAG: %[[GATE:.+]] = ds.columns %[[GATE_UP]][0, 96]
// CHECK-DAG: %[[UP:.+]] = ds.columns %[[GATE_UP]][96, 96]
// CHECK: %[[ACTIVATED:.+]] = ds.swiglu %[[GATE]], %[[UP]]
// CHECK: %[[Y:.+]] = ds.grouped_linear %[[ACTIVATED]], %[[OFFSETS]], %[[TOKEN_OF]], [@d] : {{.*}} -> tensor<?x3x192xf32>
// CHECK: %[[SUM:.+]] = ds.combine %[[Y]], %[[SLOT_OF]], %[[W]] shared %[[SHARED]]
// CHECK: return %[[SUM]]
func.func @experts_become_grouped(%u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %shared: tensor<?x192xf32>) -> tensor<?x192xf32> {
  %y = ds.experts %u, %ids, %w shared %shared gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 96 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return %y : tensor<?x192xf32>
}

// Without shared experts the sum starts at nothing.
// CHECK-LABEL: func.func @no_shared_experts
// CHECK: ds.combine
// CHECK-NOT: shared
// CHECK: return
func.func @no_shared_experts(%u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>) -> tensor<?x192xf32> {
  %y = ds.experts %u, %ids, %w gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 96 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
  return %y : tensor<?x192xf32>
}
