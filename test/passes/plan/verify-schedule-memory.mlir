// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -plan-verify-schedule -verify-diagnostics

// Places of buffers, and what bodies leave for each other.

// The size of the memory is known.
// expected-error @below {{the plan has no budget}}
module {
  plan.buffer @a scratch size 64 offset 0
}

// -----

// Every buffer has its place.
plan.budget scratch 256 scratch_lower_bound 256 host 64
// expected-error @below {{has no offset}}
plan.buffer @a scratch size 64

// -----

// Places are multiples of 64.
plan.budget scratch 256 scratch_lower_bound 256 host 64
// expected-error @below {{starts at 32, expected a multiple of 64}}
plan.buffer @a scratch size 64 offset 32

// -----

// The arena is not overrun.
plan.budget scratch 256 scratch_lower_bound 256 host 64
// expected-error @below {{ends beyond its memory of 256 bytes}}
plan.buffer @a scratch size 128 offset 192

// -----

// No single buffer is larger than its memory.
plan.budget scratch 256 scratch_lower_bound 256 host 64
// expected-error @below {{ends beyond its memory of 256 bytes}}
plan.buffer @a scratch size 320 offset 0

// -----

// Host memory is not overrun.
plan.budget scratch 256 scratch_lower_bound 256 host 64
// expected-error @below {{ends beyond its memory of 64 bytes}}
plan.buffer @logits host size 128 offset 0

// -----

// A place is there.
plan.budget scratch 256 scratch_lower_bound 256 host 64
// expected-error @below {{does not lie in @residual}}
plan.buffer @next scratch size 64 in @residual offset 0

// -----

// A place is pinned.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @a scratch size 64 offset 0
// expected-error @below {{does not lie in @a}}
plan.buffer @next scratch size 64 in @a offset 0

// -----

// What lies in a place lies at its beginning.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
// expected-error @below {{does not lie in @residual}}
plan.buffer @next scratch size 64 in @residual offset 64

// -----

// And is no larger than it.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
// expected-error @below {{does not lie in @residual}}
plan.buffer @next scratch size 128 in @residual offset 0

// -----

// A buffer of one body does not take bytes of what all bodies share: the value
// that another body looks for would be gone.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 128 pinned offset 0
// expected-error @below {{takes bytes of "residual", which outlives bodies}}
plan.buffer @a scratch size 64 offset 64

// -----

// Pinned buffers do not share bytes.
plan.budget scratch 256 scratch_lower_bound 256 host 64
// expected-error @below {{takes bytes of "delta", which outlives bodies}}
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @delta scratch size 64 pinned offset 0

// -----

// Nor do buffers that the session reads.
plan.budget scratch 256 scratch_lower_bound 256 host 128
// expected-error @below {{takes bytes of "tap", which outlives bodies}}
plan.buffer @logits host size 128 offset 0
plan.buffer @tap host size 64 offset 64

// -----

// A call names a body.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.entry prefill max_rows 8 {
  // expected-error @below {{calls no body: layer}}
  plan.call @layer layer 0 ordinal 0
}

// -----

// A gap between bodies: the layer looks for what nothing left.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @next scratch size 64 in @residual offset 0
plan.body @layer row @globals slots 1 {
  plan.step @norm [#plan.arg<buffer @residual read>, #plan.arg<buffer @a write>] barrier
}
plan.entry prefill max_rows 8 {
  // expected-error @below {{finds nothing in @residual}}
  plan.call @layer layer 0 ordinal 0
}

// -----

// Left behind it, it is not there before.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @next scratch size 64 in @residual offset 0
plan.body @begin row @globals slots 1 {
  plan.step @embedding [#plan.arg<buffer @next write>] barrier
}
plan.body @layer row @globals slots 1 {
  plan.step @norm [#plan.arg<buffer @residual read>, #plan.arg<buffer @a write>] barrier
}
plan.entry prefill max_rows 8 {
  // expected-error @below {{finds nothing in @residual}}
  plan.call @layer layer 0 ordinal 0
  plan.call @begin layer 0 ordinal 0
}

// -----

// The head reads what every entry leaves: here decode leaves nothing.
plan.budget scratch 256 scratch_lower_bound 256 host 64
plan.buffer @residual scratch size 64 pinned offset 0
plan.buffer @a scratch size 64 offset 64
plan.buffer @next scratch size 64 in @residual offset 0
plan.body @begin row @globals slots 1 {
  plan.step @embedding [#plan.arg<buffer @next write>] barrier
}
plan.body @layer row @globals slots 1 {
  plan.step @norm [#plan.arg<buffer @residual read>, #plan.arg<buffer @a write>] barrier
}
plan.body @empty row @globals slots 1 {
  plan.step @other [#plan.arg<buffer @a write>] barrier
}
plan.entry prefill max_rows 8 {
  plan.call @begin layer 0 ordinal 0
}
plan.entry decode max_rows 8 {
  plan.call @empty layer 0 ordinal 0
}
plan.entry head max_rows 8 {
  // expected-error @below {{finds nothing in @residual}}
  plan.call @layer layer 0 ordinal 0
}
