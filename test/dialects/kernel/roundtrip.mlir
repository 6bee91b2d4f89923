// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s | dsc-opt | FileCheck %s
// RUN: dsc-opt %s --mlir-print-op-generic | dsc-opt | FileCheck %s

// The model's widths and the level are attributes of the module.
// CHECK: module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", hidden_size = 192 : i32}}
module attributes {kernel.levels = ["avx2"], kernel.model = {family = "deepseek_v3", hidden_size = 192 : i32}} {

// Each encoding of a weight is a word; a list says how many, a constant what.
// CHECK: kernel.weight @gain [192] bf16
kernel.weight @gain [192] bf16
// CHECK: kernel.weight @down_proj [192, 96] f8e4m3fn_bs128 count 16
kernel.weight @down_proj [192, 96] f8e4m3fn_bs128 count 16
// CHECK: kernel.weight @inv_freq [2] f32 value dense<[1.000000e+00, 5.000000e-01]> : tensor<2xf32>
kernel.weight @inv_freq [2] f32 value dense<[1.0, 0.5]> : tensor<2xf32>
// CHECK: kernel.state @latent width 80 element bf16 page 64
kernel.state @latent width 80 element bf16 page 64

// An entry names its phase; a state argument names its state.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME: %[[OLD:[a-z0-9]+]]: !kernel.state<bf16> {kernel.state = @latent}
// CHECK-SAME: attributes {kernel.entry = "prefill"}
func.func @prefill(%r: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}) -> !kernel.state<bf16> attributes {kernel.entry = "prefill"} {
  // CHECK: %{{.+}}:3 = kernel.layers @prefill_moe layers [1, 2](%{{.*}}, %{{.*}}, %{{.*}}, %[[OLD]]) :
  %r2, %d2, %new = kernel.layers @prefill_moe layers [1, 2](%r, %r, %angles, %latent) : (tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> (tensor<?x192xf32>, tensor<?x192xf32>, !kernel.state<bf16>)
  return %new : !kernel.state<bf16>
}

// A call has a family and a shape; weights, variant and tap may be absent.
// CHECK-LABEL: func.func @prefill_moe
// CHECK-SAME: %[[OLD:[a-z0-9]+]]: !kernel.state<bf16> {kernel.state = @latent}
// CHECK-SAME: attributes {kernel.layer_kind = "moe"}
func.func @prefill_moe(%r: tensor<?x192xf32>, %d: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !kernel.state<bf16> {kernel.state = @latent}) -> (tensor<?x192xf32>, tensor<?x192xf32>, !kernel.state<bf16>) attributes {kernel.layer_kind = "moe"} {
  // CHECK: kernel.call @add_rows(%{{.*}}, %{{.*}}) shape {n = 192 : i32} tap "hidden" : (tensor<?x192xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  %hidden = kernel.call @add_rows(%r, %d) shape {n = 192 : i32} tap "hidden" : (tensor<?x192xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  // CHECK: kernel.call @add_rms_norm(%{{.*}}, %{{.*}}) weights [@gain] shape {eps = {{.*}} : f32, n = 192 : i32} variants ["add_rms_norm_bf16_avx2"] : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xbf16>)
  %s, %x = kernel.call @add_rms_norm(%r, %d) weights [@gain] shape {n = 192 : i32, eps = 1.0e-6 : f32} variants ["add_rms_norm_bf16_avx2"] : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xbf16>)
  // CHECK: %[[NEW:.+]] = kernel.call @latent_append(%{{.*}}, %{{.*}}, %[[OLD]]) {{.*}} -> !kernel.state<bf16>
  %new = kernel.call @latent_append(%s, %angles, %latent) shape {} : (tensor<?x192xf32>, tensor<?x8x2xf32>, !kernel.state<bf16>) -> !kernel.state<bf16>
  // CHECK: return %{{.*}}, %{{.*}}, %[[NEW]]
  return %s, %d, %new : tensor<?x192xf32>, tensor<?x192xf32>, !kernel.state<bf16>
}
}
