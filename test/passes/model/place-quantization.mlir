// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -ds-place-quantization | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: dsc-opt %s -ds-place-quantization=activations=bf16 | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: dsc-opt %s -ds-place-quantization=activations=f32 | FileCheck %s --check-prefixes=CHECK,F32
// RUN: not dsc-opt %s -ds-place-quantization=activations=f16 2>&1 | FileCheck %s --check-prefix=WRONG

// WRONG: error: activations are `f16`, expected bf16, f32 or fp8

#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>

// What a sequence remembers has the element of the activations.
// BF16: ds.state @latent width 80 element bf16
// F32: ds.state @latent width 80 element f32
ds.state @latent width 80 element f32 page 64

// A norm rounds its own result; the sum and the projection's result stay f32.
// CHECK-LABEL: func.func @norms_round_what_they_make
// BF16: ds.add_rms_norm {{.*}} : tensor<?x8xf32> -> tensor<?x8xbf16>
// BF16-NEXT: ds.linear {{.*}} : tensor<?x8xbf16> -> tensor<?x8xf32>
// F32: ds.add_rms_norm {{.*}} : tensor<?x8xf32> -> tensor<?x8xf32>
// F32-NEXT: ds.linear {{.*}} : tensor<?x8xf32> -> tensor<?x8xf32>
func.func @norms_round_what_they_make(%r: tensor<?x8xf32>, %d: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %s, %x = ds.add_rms_norm %r, %d, @gain {eps = 1.0e-6 : f32} : tensor<?x8xf32> -> tensor<?x8xf32>
  %y = ds.linear %x, [@w] : tensor<?x8xf32> -> tensor<?x8xf32>
  return %s, %y : tensor<?x8xf32>, tensor<?x8xf32>
}

// A matrix's input that nothing rounds gets a cast, and none where it need not.
// CHECK-LABEL: func.func @other_inputs_are_cast
// BF16: %[[ROUNDED:.+]] = ds.cast %{{.*}} : tensor<?x8xf32> -> tensor<?x8xbf16>
// BF16: ds.linear %[[ROUNDED]],
// F32-NOT: ds.cast
// F32: ds.linear
func.func @other_inputs_are_cast(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = ds.linear %x, [@w] : tensor<?x8xf32> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The absorbed form reads its query in f32 and rounds once behind each step.
// CHECK-LABEL: func.func @absorbed_form
// BF16: ds.per_head_linear key %{{.*}} : tensor<?x192xf32> -> tensor<?x4x64xbf16>
// BF16: ds.rope {{.*}} -> tensor<?x4x16xbf16>
// BF16: ds.latent_attention {{.*}} -> tensor<?x4x64xbf16>
// BF16: ds.per_head_linear value %{{.*}} : tensor<?x4x64xbf16> -> tensor<?x128xbf16>
// F32-NOT: bf16
// F32: return
func.func @absorbed_form(%batch: !ds.batch, %q: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) {
  %ql = ds.per_head_linear key %q, @kv_b {mla = #mla} : tensor<?x192xf32> -> tensor<?x4x64xf32>
  %qr = ds.rope %q, %angles {mla = #mla} : tensor<?x192xf32>, tensor<?x8x2xf32> -> tensor<?x4x16xf32>
  %ol = ds.latent_attention %batch, %ql, %qr, %latent {mla = #mla, scale = 0.15 : f32} : tensor<?x4x64xf32>, tensor<?x4x16xf32> -> tensor<?x4x64xf32>
  %o = ds.per_head_linear value %ol, @kv_b {mla = #mla} : tensor<?x4x64xf32> -> tensor<?x128xf32>
  %y = ds.linear %o, [@o_proj] : tensor<?x128xf32> -> tensor<?x8xf32>
  return
}

// The router multiplies rounded rows, but its choice is made in f32.
// CHECK-LABEL: func.func @choice_stays_f32
// BF16: ds.router {{.*}} : tensor<?x192xbf16> -> tensor<?x3xi32>, tensor<?x3xf32>
// F32: ds.router {{.*}} : tensor<?x192xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
func.func @choice_stays_f32(%r: tensor<?x192xf32>) {
  %x = ds.rms_norm %r, @gain {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xf32>
  %ids, %w = ds.router %x, @gate, @bias {gate = #gate} : tensor<?x192xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  return
}

// Slots of experts are rounded between their two projections.
// CHECK-LABEL: func.func @experts_round_behind_the_activation
// BF16: ds.swiglu {{.*}} -> tensor<?x3x96xbf16>
// BF16: ds.grouped_linear {{.*}} : (tensor<?x3x96xbf16>, {{.*}} -> tensor<?x3x192xf32>
// F32-NOT: bf16
func.func @experts_round_behind_the_activation(%g: tensor<?x3x96xf32>, %offsets: tensor<17xi32>, %token_of: tensor<?x3xi32>) {
  %h = ds.swiglu %g, %g : tensor<?x3x96xf32> -> tensor<?x3x96xf32>
  %y = ds.grouped_linear %h, %offsets, %token_of, [@d] : (tensor<?x3x96xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  return
}
