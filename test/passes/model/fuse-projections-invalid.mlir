// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-fuse-projections -verify-diagnostics

ds.weight @gate_proj [320, 192] #ds.encoding<bf16>
ds.weight @up_proj [320, 192] #ds.encoding<f8E4M3FN, block = 128 x 128>

// Gate and up of two encodings cannot be one call, and SwiGLU reads one value.
func.func @gate_and_up_differ(%x: tensor<?x192xf32>) {
  %gate = ds.linear %x, [@gate_proj] : tensor<?x192xf32> -> tensor<?x320xf32>
  %up = ds.linear %x, [@up_proj] : tensor<?x192xf32> -> tensor<?x320xf32>
  // expected-error @below {{cannot read gate and up side by side: their weights differ in encoding}}
  %h = ds.swiglu %gate, %up : tensor<?x320xf32> -> tensor<?x320xf32>
  return
}
