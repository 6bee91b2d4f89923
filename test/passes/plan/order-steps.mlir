// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -plan-order-steps | FileCheck %s

plan.buffer @in scratch size 64 pinned
plan.buffer @gate_up scratch size 64
plan.buffer @shared scratch size 64
plan.buffer @slots scratch size 64
plan.buffer @routed scratch size 64
plan.buffer @sum scratch size 64
plan.buffer @next scratch size 64 in @in

// Two chains that do not touch run side by side: step for step between the same
// barriers. The sum waits for both, so three barriers are enough for five steps.
// CHECK-LABEL: plan.body @independent_chains
// CHECK-NEXT: plan.step @gate_up {{.*}} barrier
// CHECK-NEXT: plan.step @slots {{.*}}]{{$}}
// CHECK-NEXT: plan.step @shared {{.*}} barrier
// CHECK-NEXT: plan.step @routed {{.*}}]{{$}}
// CHECK-NEXT: plan.step @sum {{.*}} barrier
// CHECK-NEXT: }
plan.body @independent_chains row @globals slots 1 {
  plan.step @gate_up [#plan.arg<buffer @in read>, #plan.arg<buffer @gate_up write>, #plan.arg<slot 0 read>] barrier
  plan.step @shared [#plan.arg<buffer @gate_up read>, #plan.arg<buffer @shared write>] barrier
  plan.step @slots [#plan.arg<buffer @in read>, #plan.arg<buffer @slots write>, #plan.arg<slot 0 read>] barrier
  plan.step @routed [#plan.arg<buffer @slots read>, #plan.arg<buffer @routed write>] barrier
  plan.step @sum [#plan.arg<buffer @shared read>, #plan.arg<buffer @routed read>, #plan.arg<buffer @sum write>] barrier
}

// What is read is not overwritten before: the write waits for the reader.
// CHECK-LABEL: plan.body @writes_wait_for_readers
// CHECK-NEXT: plan.step @reader {{.*}} barrier
// CHECK-NEXT: plan.step @writer {{.*}} barrier
plan.body @writes_wait_for_readers row @globals slots 0 {
  plan.step @reader [#plan.arg<buffer @shared read>, #plan.arg<buffer @sum write>] barrier
  plan.step @writer [#plan.arg<buffer @shared write>] barrier
}

// The next value of a pinned buffer lies in its bytes, so it waits likewise.
// CHECK-LABEL: plan.body @places_are_bytes
// CHECK-NEXT: plan.step @reader {{.*}} barrier
// CHECK-NEXT: plan.step @writer {{.*}} barrier
plan.body @places_are_bytes row @globals slots 0 {
  plan.step @reader [#plan.arg<buffer @in read>, #plan.arg<buffer @sum write>] barrier
  plan.step @writer [#plan.arg<buffer @next write>] barrier
}

// A state is read behind its append; steps that only read it share the time.
// CHECK-LABEL: plan.body @states_are_ordered
// CHECK-NEXT: plan.step @append {{.*}} barrier
// CHECK-NEXT: plan.step @attention {{.*}} barrier
// CHECK-NEXT: plan.step @another {{.*}}]{{$}}
plan.body @states_are_ordered row @globals slots 0 {
  plan.step @append [#plan.arg<buffer @in read>, #plan.arg<state @latent write>] barrier
  plan.step @attention [#plan.arg<state @latent read>, #plan.arg<buffer @sum write>] barrier
  plan.step @another [#plan.arg<state @latent read>, #plan.arg<buffer @shared write>] barrier
}

// Weights are read-only: sharing a slot is no dependence.
// CHECK-LABEL: plan.body @weights_bind_nothing
// CHECK-NEXT: plan.step @one {{.*}} barrier
// CHECK-NEXT: plan.step @two {{.*}}]{{$}}
plan.body @weights_bind_nothing row @globals slots 1 {
  plan.step @one [#plan.arg<buffer @in read>, #plan.arg<buffer @sum write>, #plan.arg<slot 0 read>] barrier
  plan.step @two [#plan.arg<buffer @in read>, #plan.arg<buffer @shared write>, #plan.arg<slot 0 read>] barrier
}
