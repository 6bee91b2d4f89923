// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-fuse-norm-quant | FileCheck %s

// The norm of a sum is one op with it, and the sum is what the next add reads.
// CHECK-LABEL: func.func @add_and_norm_are_one
// CHECK-SAME: %[[R:[a-z0-9]+]]: {{.*}}, %[[D:[a-z0-9]+]]: {{.*}}, %[[NEXT:[a-z0-9]+]]:
// CHECK: %[[SUM:.+]], %[[X:.+]] = ds.add_rms_norm %[[R]], %[[D]], @gain {eps = 9.99999997E-7 : f32}
// CHECK-NOT: ds.rms_norm
// CHECK: %[[STREAM:.+]] = ds.add %[[SUM]], %[[NEXT]]
// CHECK: return %[[STREAM]], %[[X]]
func.func @add_and_norm_are_one(%r: tensor<?x8xf32>, %d: tensor<?x8xf32>, %next: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %sum = ds.add %r, %d : tensor<?x8xf32>
  %x = ds.rms_norm %sum, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
  %stream = ds.add %sum, %next : tensor<?x8xf32>
  return %stream, %x : tensor<?x8xf32>, tensor<?x8xf32>
}

// A norm of anything else stays: those of low-rank projections.
// CHECK-LABEL: func.func @other_norms_stay
// CHECK: ds.rms_norm
func.func @other_norms_stay(%a: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %x = ds.rms_norm %a, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// A second norm of the same sum reads the sum that the first one leaves.
// CHECK-LABEL: func.func @two_norms_of_one_sum
// CHECK: %[[SUM:.+]], %{{.+}} = ds.add_rms_norm %{{.*}}, %{{.*}}, @gain
// CHECK: ds.rms_norm %[[SUM]], @other
// CHECK-NOT: ds.add %
func.func @two_norms_of_one_sum(%r: tensor<?x8xf32>, %d: tensor<?x8xf32>) {
  %sum = ds.add %r, %d : tensor<?x8xf32>
  %x = ds.rms_norm %sum, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = ds.rms_norm %sum, @other {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
  return
}
