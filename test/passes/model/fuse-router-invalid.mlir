// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -ds-fuse-router -verify-diagnostics

#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>

// Logits that something else reads cannot disappear into the router.
func.func @logits_are_seen(%u: tensor<?x192xf32>) -> tensor<?x16xf32> {
  %z = ds.linear %u, [@gate] : tensor<?x192xf32> -> tensor<?x16xf32>
  // expected-error @below {{does not read the router's projection alone}}
  %ids, %w = ds.gate %z {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  return %z : tensor<?x16xf32>
}

// -----

#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>

// Nor can logits that no projection made.
func.func @logits_come_from_elsewhere(%z: tensor<?x16xf32>) {
  // expected-error @below {{does not read the router's projection alone}}
  %ids, %w = ds.gate %z {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  return
}
