// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-fold-yarn -verify-diagnostics

// A rope that stands anywhere else would be left, so it is refused.
// expected-error @below {{"rope" was not folded}}
func.func private @elsewhere() attributes {rope = #ds.rope<dim = 16, theta = 1.0e4>}
