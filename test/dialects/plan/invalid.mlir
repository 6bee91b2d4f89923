// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// A buffer has bytes.
// expected-error @below {{size is 0, expected at least 1}}
plan.buffer @b scratch size 0

// -----

// Host memory is not pinned: it lies in no arena.
// expected-error @below {{lies in host memory and in the arena}}
plan.buffer @b host size 64 pinned

// -----

// A host buffer has memory of its own.
// expected-error @below {{lies in host memory and in the arena}}
plan.buffer @b host size 64 in @residual

// -----

// A buffer is a place or lies in one.
// expected-error @below {{is pinned and lies in a pinned buffer}}
plan.buffer @b scratch size 64 pinned in @residual

// -----

// Only host memory has a slice per layer.
// expected-error @below {{has a slice per layer in scratch, expected host}}
plan.buffer @b scratch size 64 layer_stride 32

// -----

// A row holds names of weights.
// expected-error @below {{holds 3 : i64, expected a weight or a list of weights}}
plan.row @globals [@w, 3]

// -----

// A list in a row holds names of weights.
// expected-error @below {{holds [@w, 3], expected a weight or a list of weights}}
plan.row @globals [[@w, 3]]

// -----

// An operand is of a kind that a record knows.
plan.body @body row @globals slots 1 {
  // expected-error @below {{unknown kind of operand weight}}
  plan.step @k [#plan.arg<weight @w read>] barrier
}

// -----

// An operand is read or written.
plan.body @body row @globals slots 1 {
  // expected-error @below {{unknown access}}
  plan.step @k [#plan.arg<buffer @b take>] barrier
}

// -----

// Weights are never written.
plan.body @body row @globals slots 1 {
  // expected-error @below {{a slot is written, but weights are read-only}}
  plan.step @k [#plan.arg<slot 0 write>] barrier
}
