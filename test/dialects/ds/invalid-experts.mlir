// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// The mixture of experts: 16 experts, 3 per token.

// A logit per expert.
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{logits' rows hold 192 values, expected 16}}
  %i, %v = ds.gate %u {gate = #gate} : tensor<?x192xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  return
}

// -----

// The gate gives topk ids.
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{rows of ids hold 2 values, expected 3}}
  %i, %v = ds.gate %z {gate = #gate} : tensor<?x16xf32> -> tensor<?x2xi32>, tensor<?x3xf32>
  return
}

// -----

// The gate gives topk weights.
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{rows of weights hold 2 values, expected 3}}
  %i, %v = ds.gate %z {gate = #gate} : tensor<?x16xf32> -> tensor<?x3xi32>, tensor<?x2xf32>
  return
}

// -----

// The router gives topk ids.
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{rows of ids hold 2 values, expected 3}}
  %i, %v = ds.router %u, @gate {gate = #gate} : tensor<?x192xf32> -> tensor<?x2xi32>, tensor<?x3xf32>
  return
}

// -----

// The router gives topk weights.
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{rows of weights hold 2 values, expected 3}}
  %i, %v = ds.router %u, @gate {gate = #gate} : tensor<?x192xf32> -> tensor<?x3xi32>, tensor<?x2xf32>
  return
}

// -----

// There are experts.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{experts and intermediate must be at least 1}}
  %o = ds.experts %u, %ids, %w gate_proj @g up_proj @u down_proj @d {experts = 0 : i64, intermediate = 96 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Experts have a width.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{experts and intermediate must be at least 1}}
  %o = ds.experts %u, %ids, %w gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 0 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
  return
}

// -----

// What the shared experts give is added as it is.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{shared is 'tensor<?x96xf32>', expected the result's 'tensor<?x192xf32>'}}
  %o = ds.experts %u, %ids, %w shared %s gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 96 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x96xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Each chosen expert has a weight.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{rows of weights hold 2 values, expected 3}}
  %o = ds.experts %u, %ids, %w2 gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 96 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x2xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Experts keep the width.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{result rows hold 96 values, expected 192}}
  %o = ds.experts %u, %ids, %w gate_proj @g up_proj @u down_proj @d {experts = 16 : i64, intermediate = 96 : i64} : (tensor<?x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x96xf32>
  return
}

// -----

// Every expert has a first slot, and there is an end.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{offsets hold 16 values, expected 17}}
  %o, %t, %sl = ds.expert_plan %ids {experts = 16 : i64} : tensor<?x3xi32> -> tensor<16xi32>
  return
}

// -----

// A grouped projection has a weight.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{has 0 weights, expected 1 to 4}}
  %o = ds.grouped_linear %u, %offsets, %ids, [] {gather} : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x96xf32>
  return
}

// -----

// A grouped projection gives a row per slot.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{result is 'tensor<?x2x96xf32>', expected 3 slots per token}}
  %o = ds.grouped_linear %u, %offsets, %ids, [@g] {gather} : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x2x96xf32>
  return
}

// -----

// With gather the rows are those of tokens.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{input is 'tensor<?x3x192xf32>', expected a row per token}}
  %o = ds.grouped_linear %y, %offsets, %ids, [@g] {gather} : (tensor<?x3x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x96xf32>
  return
}

// -----

// Without gather the rows are those of slots.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{input is 'tensor<?x192xf32>', expected a row per slot}}
  %o = ds.grouped_linear %u, %offsets, %ids, [@g] : (tensor<?x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x96xf32>
  return
}

// -----

// There are as many slots as the choice has.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{input is 'tensor<?x2x192xf32>', expected a row per slot}}
  %o = ds.grouped_linear %y2, %offsets, %ids, [@g] : (tensor<?x2x192xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x96xf32>
  return
}

// -----

// Each slot has a weight.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{rows of weights hold 2 values, expected 3}}
  %o = ds.combine %y, %ids, %w2 : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x2xf32>) -> tensor<?x192xf32>
  return
}

// -----

// The sum is as wide as its summands.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{result rows hold 96 values, expected 192}}
  %o = ds.combine %y, %ids, %w : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x96xf32>
  return
}

// -----

// Every chosen expert's slot is there.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{input is 'tensor<?x2x192xf32>', expected 3 slots per token}}
  %o = ds.combine %y2, %ids, %w : (tensor<?x2x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>) -> tensor<?x192xf32>
  return
}

// -----

// The sum starts with rows of its own width.
func.func @wrong(%z: tensor<?x16xf32>, %u: tensor<?x192xf32>, %ids: tensor<?x3xi32>, %w: tensor<?x3xf32>, %w2: tensor<?x2xf32>, %y: tensor<?x3x192xf32>, %y2: tensor<?x2x192xf32>, %offsets: tensor<17xi32>, %s: tensor<?x96xf32>) {
  // expected-error @below {{shared is 'tensor<?x96xf32>', expected the result's 'tensor<?x192xf32>'}}
  %o = ds.combine %y, %ids, %w shared %s : (tensor<?x3x192xf32>, tensor<?x3xi32>, tensor<?x3xf32>, tensor<?x96xf32>) -> tensor<?x192xf32>
  return
}
