// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: dsc-opt %s -split-input-file -verify-diagnostics

// Rows and projections.

// A norm keeps the width.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{result rows hold 96 values, expected 192}}
  %y = ds.rms_norm %x, @g {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// The norm of a sum keeps the width.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{result rows hold 96 values, expected 192}}
  %s, %y = ds.add_rms_norm %x, %x, @g {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// The head's norm keeps the width.
func.func @wrong(%x: tensor<?x192xf32>, %batch: !ds.batch) {
  // expected-error @below {{result rows hold 96 values, expected 192}}
  %y = ds.head_norm %batch, %x, %x, @g {eps = 1.0e-6 : f32} : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// A projection has a weight.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{has 0 weights, expected 1 to 4}}
  %y = ds.linear %x, [] : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// One call takes at most four weights.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{has 5 weights, expected 1 to 4}}
  %y = ds.linear %x, [@a, @b, @c, @d, @e] : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// A view ends where its rows end.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{columns 100 to 196 are not all there: input rows hold 192 values}}
  %y = ds.columns %x[100, 96] : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// A view begins where its rows begin.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{columns -1 to 95 are not all there}}
  %y = ds.columns %x[-1, 96] : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// A view shows something.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{columns 0 to 0 are not all there}}
  %y = ds.columns %x[0, 0] : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// A view of rows is rows.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{changes the rank}}
  %y = ds.columns %x[0, 96] : tensor<?x192xf32> -> tensor<?x2x96xf32>
  return
}

// -----

// A view has the size it says.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{result rows hold 95 values, expected 96}}
  %y = ds.columns %x[0, 96] : tensor<?x192xf32> -> tensor<?x95xf32>
  return
}

// -----

// The gated activation keeps the shape.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{result has shape 'tensor<?x96xf32>', operands have 'tensor<?x192xf32>'}}
  %y = ds.swiglu %x, %x : tensor<?x192xf32> -> tensor<?x96xf32>
  return
}

// -----

// A cast keeps the shape.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{changes the shape}}
  %y = ds.cast %x : tensor<?x192xf32> -> tensor<?x96xbf16>
  return
}

// -----

// A cast casts.
func.func @wrong(%x: tensor<?x192xf32>) {
  // expected-error @below {{keeps the element 'f32'}}
  %y = ds.cast %x : tensor<?x192xf32> -> tensor<?x192xf32>
  return
}
