// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -plan-verify-schedule -verify-diagnostics

// Steps of a body: aliases, races and gaps.

// A schedule that holds: each value is read before its bytes are taken, steps
// between barriers touch nothing in common, the head reads what prefill left.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @begin row @globals slots 1 {
  plan.step @embedding [#plan.arg<buffer @next write>, #plan.arg<slot 0 read>] barrier
}
plan.body @layer row @globals slots 1 {
  plan.step @norm [#plan.arg<buffer @residual read>, #plan.arg<buffer @a write>] barrier
  plan.step @append [#plan.arg<buffer @a read>, #plan.arg<state @latent write>] barrier
  plan.step @other [#plan.arg<buffer @a read>, #plan.arg<buffer @b write>]
  plan.step @attention [#plan.arg<buffer @b read>, #plan.arg<state @latent read>, #plan.arg<buffer @next write>] barrier
}
plan.body @head row @globals slots 1 {
  plan.step @head_norm [#plan.arg<buffer @residual read>, #plan.arg<buffer @a write>] barrier
  plan.step @lm_head [#plan.arg<buffer @a read>, #plan.arg<buffer @logits write>] barrier
}
plan.entry prefill max_rows 8 {
  plan.call @begin layer 0 ordinal 0
  plan.call @layer layer 0 ordinal 0
}
plan.entry head max_rows 8 {
  plan.call @head layer 0 ordinal 0
}

// -----

// A seed of an alias: @b took @a's bytes, and @a is read behind it.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 64
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  plan.step @one [#plan.arg<buffer @a write>] barrier
  // expected-note @below {{written as @b here}}
  plan.step @two [#plan.arg<buffer @b write>] barrier
  // expected-error @below {{reads @a: its bytes were taken by then}}
  plan.step @three [#plan.arg<buffer @a read>] barrier
}

// -----

// Half of the bytes are enough.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @a scratch size 128 offset 64
plan.buffer @b scratch size 128 offset 0
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  plan.step @one [#plan.arg<buffer @a write>] barrier
  // expected-note @below {{written as @b here}}
  plan.step @two [#plan.arg<buffer @b write>] barrier
  // expected-error @below {{reads @a: its bytes were taken by then}}
  plan.step @three [#plan.arg<buffer @a read>] barrier
}

// -----

// The next value of a pinned buffer ends the value that the body found there.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-note @below {{written as @next here}}
  plan.step @one [#plan.arg<buffer @next write>] barrier
  // expected-error @below {{reads @residual: its bytes were taken by then}}
  plan.step @two [#plan.arg<buffer @residual read>] barrier
}

// -----

// A race: a value is written and read between the same barriers.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-note @below {{written as @a here}}
  plan.step @one [#plan.arg<buffer @a write>] barrier
  // expected-error @below {{reads @a: no barrier stands between}}
  plan.step @two [#plan.arg<buffer @a read>]
}

// -----

// A race: a value that is read is overwritten beside its reader.
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
  // expected-error @below {{writes @a: no barrier stands between}}
  plan.step @two [#plan.arg<buffer @a write>]
}

// -----

// A race on bytes that two buffers share.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 64
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-note @below {{written as @a here}}
  plan.step @one [#plan.arg<buffer @a write>] barrier
  // expected-error @below {{writes @b: no barrier stands between}}
  plan.step @two [#plan.arg<buffer @b write>]
}

// -----

// A race on a state.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @next scratch size 64 in @residual offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @b scratch size 64 offset 128
plan.buffer @logits host size 64 offset 0
plan.body @body row @globals slots 1 {
  // expected-note @below {{written as @latent here}}
  plan.step @one [#plan.arg<state @latent write>] barrier
  // expected-error @below {{reads @latent: no barrier stands between}}
  plan.step @two [#plan.arg<state @latent read>]
}
