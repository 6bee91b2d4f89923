// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t
// RUN: not dsc-opt %t/no-phase.mlir -ds-select-mla 2>&1 | FileCheck %s --check-prefix=LEFT
// RUN: not dsc-opt %t/no-scale.mlir -ds-select-mla 2>&1 | FileCheck %s --check-prefix=LEFT
// RUN: not dsc-opt %t/no-phase.mlir -ds-select-mla=force=both 2>&1 | FileCheck %s --check-prefix=FORCE

// Attention that belongs to no phase, or whose scale is not known yet, is not
// left for a later pass to find.
// LEFT: error: 'ds.mla_attention' op has no form: its function has no phase, or its scale is not folded

// There are two forms.
// FORCE: error: force is `both`, expected expanded or absorbed

//--- no-phase.mlir
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @anything(%batch: !ds.batch, %q: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) {
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #mla, scale = 0.15 : f32} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
  return
}

//--- no-scale.mlir
#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
func.func @decode(%batch: !ds.batch, %q: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) attributes {ds.phase = "decode"} {
  %o = ds.mla_attention %batch, %q, %angles, %latent, @kv_b {mla = #mla, rope = #ds.rope<dim = 16, theta = 1.0e4>} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x128xf32>
  return
}
