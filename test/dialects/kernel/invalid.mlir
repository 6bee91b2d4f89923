// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// A weight has sides.
// expected-error @below {{has 0 dimensions, expected 1 or 2}}
kernel.weight @w [] bf16

// -----

// A weight is a vector or a matrix.
// expected-error @below {{has 3 dimensions, expected 1 or 2}}
kernel.weight @w [2, 3, 4] bf16

// -----

// No side of a weight is empty.
// expected-error @below {{has a dimension of 0, expected at least 1}}
kernel.weight @w [192, 0] bf16

// -----

// A list of weights has members.
// expected-error @below {{count is 0, expected at least 1}}
kernel.weight @w [192] bf16 count 0

// -----

// Only a matrix has blocks.
// expected-error @below {{is a vector, but blocks of 128 x 128 need a matrix}}
kernel.weight @w [192] f8e4m3fn_bs128

// -----

// A constant is stored as f32.
// expected-error @below {{has a value that is not f32}}
kernel.weight @w [2] bf16 value dense<1.0> : tensor<2xf32>

// -----

// A constant's values are f32.
// expected-error @below {{has a value that is not f32}}
kernel.weight @w [2] f32 value dense<1.0> : tensor<2xbf16>

// -----

// A constant has the weight's shape.
// expected-error @below {{has a value of another shape}}
kernel.weight @w [2] f32 value dense<1.0> : tensor<3xf32>

// -----

// A state's element is one that kernels compute on.
// expected-error @below {{element is 'f16', expected f32 or bf16}}
kernel.state @latent width 80 element f16 page 64

// -----

// A state's rows hold values.
// expected-error @below {{width and page are at least 1}}
kernel.state @latent width 0 element bf16 page 64

// -----

// A state's pages hold rows.
// expected-error @below {{width and page are at least 1}}
kernel.state @latent width 80 element bf16 page 0

// -----

// A shape is of numbers that a contract can hold.
func.func @wrong(%r: tensor<?x192xf32>) {
  // expected-error @below {{shape field "n" is neither i32 nor f32}}
  %s = kernel.call @add_rows(%r, %r) shape {n = 192 : i64} : (tensor<?x192xf32>, tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// A tap gives one value out.
func.func @wrong(%r: tensor<?x192xf32>) {
  // expected-error @below {{is a tap with 2 results, expected 1}}
  %s, %t = kernel.call @add_rows(%r, %r) shape {n = 192 : i32} tap "hidden" : (tensor<?x192xf32>, tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf32>)
  return
}

// -----

// A state does not come from nowhere.
func.func @wrong(%r: tensor<?x192xf32>) {
  // expected-error @below {{returns a state that it does not take}}
  %s = kernel.call @add_rows(%r, %r) shape {n = 192 : i32} : (tensor<?x192xf32>, tensor<?x192xf32>) -> !kernel.state<bf16>
  return
}

// -----

// A list of layers has members.
func.func @wrong(%r: tensor<?x192xf32>) {
  // expected-error @below {{runs no layer}}
  %s = kernel.layers @body layers [](%r) : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Layers are numbered from 0.
func.func @wrong(%r: tensor<?x192xf32>) {
  // expected-error @below {{runs layer -1}}
  %s = kernel.layers @body layers [-1](%r) : (tensor<?x192xf32>) -> tensor<?x192xf32>
  return
}

// -----

// Layers give back no more than they take.
func.func @wrong(%r: tensor<?x192xf32>) {
  // expected-error @below {{returns 2 values, takes 1}}
  %s, %t = kernel.layers @body layers [0](%r) : (tensor<?x192xf32>) -> (tensor<?x192xf32>, tensor<?x192xf32>)
  return
}

// -----

// An entry is named by a word.
// expected-error @below {{kernel.entry is 1 : i32, expected a string}}
func.func private @f() attributes {kernel.entry = 1 : i32}

// -----

// A layer kind is a word.
// expected-error @below {{kernel.layer_kind is 1 : i32, expected a string}}
func.func private @f() attributes {kernel.layer_kind = 1 : i32}

// -----

// Levels are words.
// expected-error @below {{kernel.levels is "avx2", expected an array of strings}}
module attributes {kernel.levels = "avx2"} {}

// -----

// Each of them.
// expected-error @below {{kernel.levels is ["avx2", 2], expected an array of strings}}
module attributes {kernel.levels = ["avx2", 2]} {}

// -----

// There is one.
// expected-error @below {{kernel.levels is [], expected an array of strings}}
module attributes {kernel.levels = []} {}

// -----

// The model is a dictionary of its widths.
// expected-error @below {{kernel.model is "deepseek_v3", expected a dictionary}}
module attributes {kernel.model = "deepseek_v3"} {}

// -----

// A misspelt attribute does not pass in silence.
// expected-error @below {{attribute kernel.levles is unknown}}
module attributes {kernel.levles = ["avx2"]} {}
