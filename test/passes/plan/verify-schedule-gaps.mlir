// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -plan-verify-schedule -verify-diagnostics

// Steps of a body: barriers, and values that are not there.

// Two steps may read the same beside each other, then one writes: still a race.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  plan.step @zero [#plan.arg<buffer @a write>] barrier
  // expected-note @below {{read as @a here}}
  plan.step @one [#plan.arg<buffer @a read>] barrier
  plan.step @two [#plan.arg<buffer @a read>]
  // expected-error @below {{writes @a: no barrier stands between}}
  plan.step @three [#plan.arg<buffer @a write>]
}

// -----

// One step does not read and write the same bytes: its workers run in any order.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-error @below {{touches @next and @residual in the same place and writes}}
  plan.step @one [#plan.arg<buffer @residual read>, #plan.arg<buffer @next write>] barrier
}

// -----

// A gap: a value that nothing wrote is read.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-error @below {{reads @a, which nothing wrote}}
  plan.step @one [#plan.arg<buffer @a read>] barrier
}

// -----

// Written later is not written.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-error @below {{reads @a, which nothing wrote}}
  plan.step @one [#plan.arg<buffer @a read>] barrier
  plan.step @two [#plan.arg<buffer @a write>] barrier
}

// -----

// A value of another body is no value of this one.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @begin row @globals slots 1 {
  plan.step @one [#plan.arg<buffer @a write>] barrier
}
plan.body @end row @globals slots 1 {
  // expected-error @below {{reads @a, which nothing wrote}}
  plan.step @one [#plan.arg<buffer @a read>] barrier
}

// -----

// A body may follow any other: it begins with a barrier.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-error @below {{is first and has no barrier}}
  plan.step @one [#plan.arg<buffer @a write>]
}

// -----

// A buffer of a step exists.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-error @below {{uses no buffer: @c}}
  plan.step @one [#plan.arg<buffer @c write>] barrier
}
