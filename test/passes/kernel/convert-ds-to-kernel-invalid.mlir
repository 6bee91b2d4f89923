// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -convert-ds-to-kernel -verify-diagnostics

// A weight that no kernel reads has no word.
// expected-error @below {{has no kernel that reads #ds.encoding<f16>}}
ds.weight @w [8] #ds.encoding<f16>

// -----

// A cast rounds; nothing widens rows.
func.func @wrong(%x: tensor<?x8xbf16>) {
  // expected-error @below {{is computed by no kernel}}
  %y = ds.cast %x : tensor<?x8xbf16> -> tensor<?x8xf32>
  return
}

// -----

// A kernel that reads whole rows cannot read a view.
func.func @wrong(%x: tensor<?x8xf32>) {
  %v = ds.columns %x[0, 4] : tensor<?x8xf32> -> tensor<?x4xf32>
  // expected-error @below {{reads a view of columns, but add_rows reads whole rows}}
  %y = ds.add %v, %v : tensor<?x4xf32>
  return
}

// -----

// SwiGLU's operands are halves of one value.
func.func @wrong(%x: tensor<?x8xf32>) {
  // expected-error @below {{reads two values, but swiglu reads gate and up side by side (ds-fuse-projections)}}
  %y = ds.swiglu %x, %x : tensor<?x8xf32> -> tensor<?x8xf32>
  return
}

// -----

// Rope must have become a table.
func.func @wrong(%batch: !ds.batch) {
  // expected-error @below {{has no frequencies (ds-fold-yarn)}}
  %t = ds.rope_table %batch {rope = #ds.rope<dim = 4, theta = 1.0e4>} : tensor<?x2x2xf32>
  return
}

// -----

// Side by side, lists of experts' weights have one shape.
ds.weight @a [8, 8] #ds.encoding<bf16> count 2
ds.weight @b [4, 8] #ds.encoding<bf16> count 2
func.func @wrong(%x: tensor<?x8xf32>, %o: tensor<3xi32>, %t: tensor<?x1xi32>) {
  // expected-error @below {{has weights of several shapes side by side}}
  %y = ds.grouped_linear %x, %o, %t, [@a, @b] {gather} : (tensor<?x8xf32>, tensor<3xi32>, tensor<?x1xi32>) -> tensor<?x1x12xf32>
  return
}

// -----

// A state argument is one of the module's states.
// expected-error @below {{takes more states than the module has}}
func.func @wrong(%latent: !ds.state) {
  return
}

// -----

// An op that was not lowered before is none of a kernel.
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
ds.state @latent width 80 element bf16 page 64
func.func @wrong(%batch: !ds.batch, %q: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) {
  // expected-error @below {{is computed by no kernel}}
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
  return
}

// -----

// A value of the model that another dialect holds is left over.
// expected-error @below {{still belongs to the model}}
func.func @wrong() attributes {other = #ds.encoding<bf16>} {
  return
}
