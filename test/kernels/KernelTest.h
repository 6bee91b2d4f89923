// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a row of the table on a ragged batch and checks what every contract
// promises: no byte outside the operands is touched, and results depend neither
// on how tiles are dealt out nor on the other tokens of the batch.
#pragma once
#include "test/kernels/Buffer.h"
#include "test/kernels/NativeKernels.h"
#include <gtest/gtest.h>

namespace ds::kernels::test {

/// A batch and the arrays it points to.
struct RaggedBatch {
  struct Sequence {
    uint32_t past;   // tokens that are in the states already
    uint32_t tokens; // tokens of this run
  };
  /// Pages are dealt out in random order; every token's logits are asked for.
  RaggedBatch(std::vector<Sequence> sequences, uint32_t pageTokens,
              uint64_t seed = 1);

  /// Token t as a batch of its own, over the same pages.
  RaggedBatch alone(uint32_t t) const;
  /// Valid as long as this object is neither moved nor changed.
  Batch view() const;
  uint32_t tokens() const { return uint32_t(tokenIds.size()); }

  uint32_t pages; // of a state that all sequences share
  uint32_t pagesPerSequence;
  std::vector<uint32_t> tokenIds, positions, sequenceOf, firstToken, pageTable,
      rowIndex;

private:
  RaggedBatch() = default;
};

struct Operand {
  enum Role { Input, Output };
  void *data;
  size_t bytes;
  Role role;
  size_t tokenBytes; // of one token's row; 0 where all tokens share the operand
  size_t entries = 0; // of a weight list
};
Operand input(const Buffer &buffer, size_t tokenBytes);
Operand output(const Buffer &buffer, size_t tokenBytes);
Operand shared(const Buffer &buffer);
/// A weight list: the array of pointers itself.
Operand list(const std::vector<void *> &pointers);

/// A call: the shape (owned elsewhere), the batch, operands in contract order.
struct KernelCase {
  const void *shape;
  RaggedBatch batch;
  std::vector<Operand> operands;
};

/// How tiles are dealt out.
enum class Split { Whole, SinglesBackwards, Uneven };

/// Poisons all outputs and a workspace of exactly the promised size, then runs
/// every tile.
void runKernel(const NativeKernel &kernel, const KernelCase &test,
               Split split = Split::Whole);

/// The outputs have the same bits for every Split. Leaves them filled.
void expectSplitIndependent(const NativeKernel &kernel, const KernelCase &test);

/// Outputs with tokenBytes have, token by token, the same bits when the token
/// is run alone; shared outputs (a state) get the same bits when every token is
/// run alone, one after the other. Leaves them filled.
void expectTokenIndependent(const NativeKernel &kernel, const KernelCase &test);

/// |got - want| <= bound, element by element; NaN only where NaN is wanted.
void expectWithin(const std::vector<double> &got,
                  const std::vector<double> &want,
                  const std::vector<double> &bound);

} // namespace ds::kernels::test
