// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -ds-split-phases -verify-diagnostics

// Without a forward pass there is nothing to split.
// expected-error @below {{has no @forward to split into phases}}
module {
  func.func private @head()
}

// -----

// A function that is no layer, no head and no forward pass has no phase.
func.func @forward() {
  return
}
// expected-error @below {{belongs to no phase}}
func.func private @other()
