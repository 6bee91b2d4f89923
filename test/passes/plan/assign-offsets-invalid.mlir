// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -plan-assign-offsets -verify-diagnostics

// What two bodies use outlives both, and only pinned buffers do.
// expected-error @below {{is used by two bodies and not pinned}}
plan.buffer @a scratch size 64
plan.body @begin row @globals slots 0 {
  plan.step @one [#plan.arg<buffer @a write>] barrier
}
plan.body @end row @globals slots 0 {
  plan.step @two [#plan.arg<buffer @a read>] barrier
}

// -----

// A place is a pinned buffer.
plan.buffer @a scratch size 64
// expected-error @below {{lies in no pinned buffer: a}}
plan.buffer @b scratch size 64 in @a

// -----

// A place is there.
// expected-error @below {{lies in no pinned buffer: residual}}
plan.buffer @b scratch size 64 in @residual
