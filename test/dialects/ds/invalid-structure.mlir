// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// Symbols, layers, and attributes of functions and of the module.

// A weight has sides.
// expected-error @below {{shape is [], expected one or two sides of at least 1}}
ds.weight @w [] #ds.encoding<bf16>

// -----

// A weight is a vector or a matrix; more of them make a list.
// expected-error @below {{shape is [2, 3, 4], expected one or two sides of at least 1}}
ds.weight @w [2, 3, 4] #ds.encoding<bf16>

// -----

// No side of a weight is empty.
// expected-error @below {{shape is [192, 0], expected one or two sides of at least 1}}
ds.weight @w [192, 0] #ds.encoding<bf16>

// -----

// Only a matrix has blocks.
// expected-error @below {{is a vector with scale blocks, expected a matrix}}
ds.weight @w [192] #ds.encoding<f8E4M3FN, block = 128 x 128>

// -----

// A list of weights has members.
// expected-error @below {{count is 0, expected at least 1}}
ds.weight @w [192] #ds.encoding<bf16> count 0

// -----

// A state's rows hold values.
// expected-error @below {{width and page must be at least 1}}
ds.state @latent width 0 element f32 page 64

// -----

// A state's pages hold rows.
// expected-error @below {{width and page must be at least 1}}
ds.state @latent width 80 element f32 page 0

// -----

// A state holds floats.
// expected-error @below {{element is 'i32', expected a float}}
ds.state @latent width 80 element i32 page 64

// -----

// A list of layers has members.
func.func private @layer(!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state)
func.func @wrong(%batch: !ds.batch, %r: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) {
  // expected-error @below {{names no layer}}
  %r2, %d2, %l2 = ds.layers @layer layers [](%batch, %r, %r, %angles, %latent) : (!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state)
  return
}

// -----

// States come back as they were given.
func.func private @layer(!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state)
func.func @wrong(%batch: !ds.batch, %r: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) {
  // expected-error @below {{takes 1 states and gives 0}}
  %r2, %d2 = ds.layers @layer layers [0](%batch, %r, %r, %angles, %latent) : (!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>)
  return
}

// -----

// Layers run a function.
ds.weight @layer [192] #ds.encoding<bf16>
func.func @wrong(%batch: !ds.batch, %r: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) {
  // expected-error @below {{callee layer is not a function}}
  %r2, %d2, %l2 = ds.layers @layer layers [0](%batch, %r, %r, %angles, %latent) : (!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state)
  return
}

// -----

// The function takes and gives what the layers pass.
func.func private @layer(!ds.batch)
func.func @wrong(%batch: !ds.batch, %r: tensor<?x192xf32>, %angles: tensor<?x8x2xf32>, %latent: !ds.state) {
  // expected-error @below {{callee layer has type '(!ds.batch) -> ()'}}
  %r2, %d2, %l2 = ds.layers @layer layers [0](%batch, %r, %r, %angles, %latent) : (!ds.batch, tensor<?x192xf32>, tensor<?x192xf32>, tensor<?x8x2xf32>, !ds.state) -> (tensor<?x192xf32>, tensor<?x192xf32>, !ds.state)
  return
}

// -----

// A kind of layer is one that the importer knows.
// expected-error @below {{ds.layer_kind is "sparse", expected one of dense, moe, mtp}}
func.func private @layer() attributes {ds.layer_kind = "sparse"}

// -----

// Only a function is of a layer kind.
// expected-error @below {{ds.layer_kind belongs on a function}}
module attributes {ds.layer_kind = "dense"} {}

// -----

// A phase is one of three.
// expected-error @below {{ds.phase is "train", expected one of prefill, decode, extend}}
func.func private @layer() attributes {ds.phase = "train"}

// -----

// Only a function belongs to a phase.
// expected-error @below {{ds.phase belongs on a function}}
module attributes {ds.phase = "decode"} {}

// -----

// The model is described on the module.
// expected-error @below {{ds.model belongs on the module}}
func.func private @layer() attributes {ds.model = 1 : i32}

// -----

// The model is described by its attribute.
// expected-error @below {{ds.model is 1 : i32, expected a #ds.model}}
module attributes {ds.model = 1 : i32} {}

// -----

// A misspelt attribute does not pass in silence.
// expected-error @below {{attribute ds.modle is unknown}}
module attributes {ds.modle = 1 : i32} {}
