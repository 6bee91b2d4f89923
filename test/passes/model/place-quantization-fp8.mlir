// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -ds-place-quantization="activations=fp8 rest=f32" | FileCheck %s --check-prefixes=CHECK,F32
// RUN: dsc-opt %s -split-input-file -ds-place-quantization=activations=fp8 | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: not dsc-opt %s -split-input-file -ds-place-quantization="activations=fp8 rest=f16" 2>&1 | FileCheck %s --check-prefix=WRONG

// WRONG: error: the rest of activations is `f16`, expected bf16 or f32

#mla = #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
#gate = #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>
#blocks = #ds.encoding<f8E4M3FN, block = 128 x 128>

// What a sequence remembers has the element of the rest.
// F32: ds.state @latent width 80 element f32
// BF16: ds.state @latent width 80 element bf16
ds.state @latent width 80 element f32 page 64
ds.weight @blocks [96, 192] #blocks
ds.weight @more_blocks [80, 192] #blocks
ds.weight @down [192, 96] #blocks
ds.weight @o_proj [192, 128] #blocks
ds.weight @plain [16, 192] #ds.encoding<bf16>

// A value is quantised once, where it is made, for all who read it; the norm
// hands it over in f32.
// CHECK-LABEL: func.func @once_per_value
// CHECK: %[[X:.+]] = ds.rms_norm {{.*}} -> tensor<?x192xf32>
// CHECK-NEXT: %[[CODES:.+]], %[[SCALES:.+]] = ds.quantize %[[X]] scales f32 : tensor<?x192xf32> -> tensor<?x192xf8E4M3FN>, tensor<?x2xf32>
// CHECK-NEXT: ds.linear %[[CODES]] scales %[[SCALES]], [@blocks] : tensor<?x192xf8E4M3FN>, tensor<?x2xf32> -> tensor<?x96xf32>
// CHECK-NEXT: ds.linear %[[CODES]] scales %[[SCALES]], [@more_blocks]
// CHECK-NOT: ds.cast
func.func @once_per_value(%r: tensor<?x192xf32>) {
  %x = ds.rms_norm %r, @gain {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xf32>
  %a = ds.linear %x, [@blocks] : tensor<?x192xf32> -> tensor<?x96xf32>
  %b = ds.linear %x, [@more_blocks] : tensor<?x192xf32> -> tensor<?x80xf32>
  return
}

// Matrices that are not FP8 read the same value rounded to the rest's element,
// once: the router, and a projection that the checkpoint keeps in bf16.
// CHECK-LABEL: func.func @others_read_rows
// CHECK: %{{.+}}, %[[X:.+]] = ds.add_rms_norm {{.*}} -> tensor<?x192xf32>
// CHECK: %[[CODES:.+]], %{{.+}} = ds.quantize %[[X]]
// BF16: %[[ROUNDED:.+]] = ds.cast %[[X]] : tensor<?x192xf32> -> tensor<?x192xbf16>
// F32: ds.router %[[X]],
// BF16: ds.router %[[ROUNDED]],
// CHECK: ds.linear %[[CODES]] scales
// F32: ds.linear %[[X]], [@plain]
// BF16: ds.linear %[[ROUNDED]], [@plain]
// CHECK-NOT: ds.cast
func.func @others_read_rows(%r: tensor<?x192xf32>) {
  %s, %x = ds.add_rms_norm %r, %r, @gain {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xf32>
  %ids, %w = ds.router %x, @gate, @bias {gate = #gate} : tensor<?x192xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  %a = ds.linear %x, [@blocks] : tensor<?x192xf32> -> tensor<?x96xf32>
  %b = ds.linear %x, [@plain] : tensor<?x192xf32> -> tensor<?x16xf32>
  return
}

// What only matrices of bf16 read is rounded where it is made, as ever.
// CHECK-LABEL: func.func @rounded_as_ever
// F32: ds.rms_norm {{.*}} -> tensor<?x192xf32>
// BF16: ds.rms_norm {{.*}} -> tensor<?x192xbf16>
// CHECK-NEXT: ds.linear %{{[^ ]+}}, [@plain]
func.func @rounded_as_ever(%r: tensor<?x192xf32>) {
  %x = ds.rms_norm %r, @gain {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x192xf32>
  %b = ds.linear %x, [@plain] : tensor<?x192xf32> -> tensor<?x16xf32>
  return
}

// Attention rounds its result; the projections it absorbs are never quantised,
// o_proj behind them is.
// CHECK-LABEL: func.func @attention
// F32: %[[O:.+]] = ds.per_head_linear value %{{.*}} : tensor<?x4x64xf32> -> tensor<?x128xf32>
// BF16: %[[O:.+]] = ds.per_head_linear value %{{.*}} : tensor<?x4x64xbf16> -> tensor<?x128xbf16>
// F32: ds.quantize %[[O]] scales f32 : tensor<?x128xf32> -> tensor<?x128xf8E4M3FN>, tensor<?x1xf32>
// BF16: ds.quantize %[[O]] scales f32 : tensor<?x128xbf16> -> tensor<?x128xf8E4M3FN>, tensor<?x1xf32>
func.func @attention(%q: tensor<?x4x64xf32>) {
  %o = ds.per_head_linear value %q, @kv_b {mla = #mla} : tensor<?x4x64xf32> -> tensor<?x128xf32>
  %y = ds.linear %o, [@o_proj] : tensor<?x128xf32> -> tensor<?x192xf32>
  return
}

// Slots are rows too: each has scales of its own.
// CHECK-LABEL: func.func @experts
// CHECK: %[[H:.+]] = ds.swiglu {{.*}} -> tensor<?x3x96xf32>
// CHECK-NEXT: %[[CODES:.+]], %[[SCALES:.+]] = ds.quantize %[[H]] scales f32 : tensor<?x3x96xf32> -> tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>
// CHECK-NEXT: ds.grouped_linear %[[CODES]] scales %[[SCALES]], %{{.*}}, %{{.*}}, [@down] : (tensor<?x3x96xf8E4M3FN>, tensor<?x3x1xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
func.func @experts(%g: tensor<?x3x96xf32>, %offsets: tensor<17xi32>, %token_of: tensor<?x3xi32>) {
  %h = ds.swiglu %g, %g : tensor<?x3x96xf32> -> tensor<?x3x96xf32>
  %y = ds.grouped_linear %h, %offsets, %token_of, [@down] : (tensor<?x3x96xf32>, tensor<17xi32>, tensor<?x3xi32>) -> tensor<?x3x192xf32>
  return
}

// -----

// A model whose checkpoint says scale_fmt has scales of that format.
// CHECK-LABEL: ds.model
// CHECK: ds.quantize %{{.*}} scales ue8m0
module attributes {ds.model = #ds.model<family = "deepseek_v3", hidden_size = 192, num_hidden_layers = 2, vocab_size = 512, max_position_embeddings = 512, scale_fmt = "ue8m0">} {
  ds.weight @blocks [96, 192] #ds.encoding<f8E4M3FN, block = 128 x 128>
  func.func @powers_of_two(%x: tensor<?x192xf32>) {
    %a = ds.linear %x, [@blocks] : tensor<?x192xf32> -> tensor<?x96xf32>
    return
  }
}
