// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -plan-assign-offsets | FileCheck %s

// Pinned buffers lie first, each on a multiple of 64. @a and @c never live
// together and share bytes; @b lives with both. At the peak 128 pinned bytes, 256
// and 128 live: the arena is no larger. Host memory is counted by itself.
// CHECK: plan.budget scratch 512 scratch_lower_bound 512 host 192
// CHECK: plan.buffer @residual scratch size 100 pinned offset 0
// CHECK: plan.buffer @a scratch size 256 offset 128
// CHECK: plan.buffer @b scratch size 128 offset 384
// CHECK: plan.buffer @c scratch size 200 offset 128
// CHECK: plan.buffer @logits host size 100 offset 0
// CHECK: plan.buffer @tap host size 64 layer_stride 32 offset 128
// CHECK: plan.buffer @next scratch size 100 in @residual offset 0
plan.buffer @residual scratch size 100 pinned
plan.buffer @a scratch size 256
plan.buffer @b scratch size 128
plan.buffer @c scratch size 200
plan.buffer @logits host size 100
plan.buffer @tap host size 64 layer_stride 32
plan.buffer @next scratch size 100 in @residual
plan.body @body row @globals slots 0 {
  plan.step @one [#plan.arg<buffer @residual read>, #plan.arg<buffer @a write>] barrier
  plan.step @two [#plan.arg<buffer @a read>, #plan.arg<buffer @b write>] barrier
  plan.step @three [#plan.arg<buffer @b read>, #plan.arg<buffer @c write>] barrier
}

// -----

// Between two barriers order is open, so what is used there lives together,
// even where a step stands behind the last use: @b may not take @a's bytes.
// CHECK: plan.budget scratch 384 scratch_lower_bound 384 host 0
// CHECK: plan.buffer @a scratch size 128 offset 128
// CHECK: plan.buffer @b scratch size 128 offset 256
// CHECK: plan.buffer @c scratch size 128 offset 0
plan.buffer @a scratch size 128
plan.buffer @b scratch size 128
plan.buffer @c scratch size 128
plan.body @body row @globals slots 0 {
  plan.step @one [#plan.arg<buffer @c write>] barrier
  plan.step @two [#plan.arg<buffer @c read>, #plan.arg<buffer @a write>] barrier
  plan.step @three [#plan.arg<buffer @b write>]
}

// -----

// A buffer goes into the smallest gap that holds it: @small fits between @kept
// and @edge, and leaves the large gap below @kept alone.
// CHECK: plan.buffer @large scratch size 512 offset 0
// CHECK: plan.buffer @kept scratch size 256 offset 512
// CHECK: plan.buffer @gap scratch size 128 offset 768
// CHECK: plan.buffer @edge scratch size 128 offset 896
// CHECK: plan.buffer @small scratch size 100 offset 768
plan.buffer @large scratch size 512
plan.buffer @kept scratch size 256
plan.buffer @gap scratch size 128
plan.buffer @edge scratch size 128
plan.buffer @small scratch size 100
plan.body @body row @globals slots 0 {
  plan.step @one [#plan.arg<buffer @large write>, #plan.arg<buffer @kept write>, #plan.arg<buffer @gap write>, #plan.arg<buffer @edge write>] barrier
  plan.step @two [#plan.arg<buffer @kept read>, #plan.arg<buffer @edge read>, #plan.arg<buffer @small write>] barrier
}

// -----

// Bodies follow each other: they share everything but what is pinned.
// CHECK: plan.budget scratch 192 scratch_lower_bound 192 host 0
// CHECK: plan.buffer @residual scratch size 64 pinned offset 0
// CHECK: plan.buffer @first scratch size 128 offset 64
// CHECK: plan.buffer @second scratch size 100 offset 64
plan.buffer @residual scratch size 64 pinned
plan.buffer @first scratch size 128
plan.buffer @second scratch size 100
plan.body @begin row @globals slots 0 {
  plan.step @one [#plan.arg<buffer @first write>] barrier
}
plan.body @end row @globals slots 0 {
  plan.step @one [#plan.arg<buffer @second write>] barrier
}

// -----

// An old budget is replaced, not joined.
// CHECK: plan.budget scratch 64 scratch_lower_bound 64 host 0
// CHECK-NOT: plan.budget
plan.budget scratch 1 scratch_lower_bound 1 host 1
plan.buffer @residual scratch size 64 pinned
