// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the code inside a plan is called. The only header of this room that the
// runtime includes; nothing but C++ here.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace ds {

/// The ragged batch of one run: T tokens of B sequences. The tokens of one
/// sequence are neighbours and their positions consecutive. The caller owns
/// all arrays; kernels only read them.
struct Batch {
  uint32_t tokens;            // T
  uint32_t sequences;         // B
  uint32_t rows;              // R, rows the head works on
  uint32_t pagesPerSequence;  // columns of pageTable
  const uint32_t *tokenIds;   // [T]
  const uint32_t *positions;  // [T] place of the token in its sequence, from 0
  const uint32_t *sequenceOf; // [T]
  const uint32_t *firstToken; // [B + 1], tokens of sequence b are
                              // firstToken[b] .. firstToken[b + 1] - 1
  const uint32_t *pageTable;  // [B, pagesPerSequence] page of a state
  const uint32_t *rowIndex;   // [R] tokens whose logits are asked for
};

/// One step of a run as a kernel sees it. Operands stand in the order of the
/// kernel's contract: inputs, outputs, weights. A state is one operand: the
/// first byte of page 0 of this layer; page p follows p * pageTokens rows on.
/// A weight list is one operand: a pointer to an array of pointers.
struct Call {
  const Batch *batch;
  void *const *operands;
  void *workspace; // this worker's own, 64-byte aligned, contents undefined
};

/// Computes tiles tileBegin .. tileEnd - 1. What a tile holds is the kernel's
/// own affair; results do not depend on how tiles are dealt out.
using RunFunction = void(const Call *call, uint32_t tileBegin,
                         uint32_t tileEnd);
/// How many tiles this batch has.
using TilesFunction = uint32_t(const Batch *batch);

} // namespace ds
