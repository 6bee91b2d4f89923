// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/kernels/KernelTest.h"
#include "kernels/base/DeviceCall.h"
#include "test/kernels/DeviceCopies.h"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace ds::kernels::test {

RaggedBatch::RaggedBatch(std::vector<Sequence> sequences, uint32_t pageTokens,
                         uint64_t seed) {
  Random random(seed);
  pagesPerSequence = 1;
  for (Sequence s : sequences)
    pagesPerSequence = std::max(
        pagesPerSequence, (s.past + s.tokens + pageTokens - 1) / pageTokens);
  pages = pagesPerSequence * uint32_t(sequences.size());
  pageTable.resize(pages);
  std::iota(pageTable.begin(), pageTable.end(), 0u);
  for (uint32_t i = pages; i > 1; --i)
    std::swap(pageTable[i - 1], pageTable[random.below(i)]);
  for (uint32_t b = 0; b < sequences.size(); ++b) {
    firstToken.push_back(tokens());
    for (uint32_t i = 0; i < sequences[b].tokens; ++i) {
      rowIndex.push_back(tokens());
      tokenIds.push_back(random.below(1000));
      positions.push_back(sequences[b].past + i);
      sequenceOf.push_back(b);
    }
  }
  firstToken.push_back(tokens());
}

RaggedBatch RaggedBatch::alone(uint32_t t) const {
  RaggedBatch one;
  one.pages = pages;
  one.pagesPerSequence = pagesPerSequence;
  one.tokenIds = {tokenIds[t]};
  one.positions = {positions[t]};
  one.sequenceOf = {0};
  one.firstToken = {0, 1};
  auto row = pageTable.begin() + size_t(sequenceOf[t]) * pagesPerSequence;
  one.pageTable.assign(row, row + pagesPerSequence);
  one.rowIndex = {0};
  return one;
}

Batch RaggedBatch::view() const {
  return {tokens(),
          uint32_t(firstToken.size() - 1),
          uint32_t(rowIndex.size()),
          pagesPerSequence,
          tokenIds.data(),
          positions.data(),
          sequenceOf.data(),
          firstToken.data(),
          pageTable.data(),
          rowIndex.data()};
}

Operand input(const Buffer &buffer, size_t tokenBytes) {
  return {buffer.data(), buffer.bytes(), Operand::Input, tokenBytes};
}
Operand output(const Buffer &buffer, size_t tokenBytes) {
  return {buffer.data(), buffer.bytes(), Operand::Output, tokenBytes};
}
Operand shared(const Buffer &buffer) { return input(buffer, 0); }
Operand list(const std::vector<void *> &pointers) {
  return {const_cast<void **>(pointers.data()), 0, Operand::Input, 0,
          pointers.size()};
}

namespace {

/// Neither poisons nor checks.
void dealTiles(const NativeKernel &kernel, const void *shape,
               const Batch &batch, void *const *operands, Split split) {
  // The contract aligns workspace to 64 bytes; its end, rounded up, is guarded.
  size_t bytes = (kernel.workspace(shape) + 63) / 64 * 64;
  Buffer workspace(bytes);
  Call call{&batch, operands, bytes == 0 ? nullptr : workspace.data()};
  uint32_t tiles = kernel.tiles(shape, &batch);
  switch (split) {
  case Split::Whole:
    kernel.run(shape, &call, 0, tiles);
    break;
  case Split::SinglesBackwards:
    for (uint32_t tile = tiles; tile-- != 0;) {
      workspace.poison();
      kernel.run(shape, &call, tile, tile + 1);
    }
    break;
  case Split::Uneven:
    for (uint32_t begin = 0, width = 1; begin < tiles; width += 2) {
      uint32_t end = std::min(tiles, begin + width);
      kernel.run(shape, &call, begin, end);
      begin = end;
    }
    break;
  }
}

/// The same with the test's operands at other addresses, or on a device.
void dealTiles(const NativeKernel &kernel, const KernelCase &test,
               const RaggedBatch &batch, const std::vector<void *> &operands,
               Split split) {
  Batch view = batch.view();
  if (!kernel.isEmulated())
    return dealTiles(kernel, test.shape, view, operands.data(), split);
  DeviceCopies copies(test.operands, operands);
  std::vector<void *> onDevice = copies.operands();
  onDevice.resize(kDeviceOperands);
  dealTiles(kernel, test.shape, view, onDevice.data(),
            kernel.canSplit() ? split : Split::Whole);
  copies.copyBack();
}

void poisonOutputs(const KernelCase &test) {
  for (const Operand &operand : test.operands)
    if (operand.role == Operand::Output)
      std::memset(operand.data, 0xff, operand.bytes);
}

std::vector<std::string> outputBits(const KernelCase &test) {
  std::vector<std::string> bits;
  for (const Operand &operand : test.operands)
    if (operand.role == Operand::Output)
      bits.emplace_back(static_cast<const char *>(operand.data), operand.bytes);
  return bits;
}

} // namespace

void runKernel(const NativeKernel &kernel, const KernelCase &test,
               Split split) {
  poisonOutputs(test);
  std::vector<void *> operands;
  for (const Operand &operand : test.operands)
    operands.push_back(operand.data);
  dealTiles(kernel, test, test.batch, operands, split);
}

void expectSplitIndependent(const NativeKernel &kernel,
                            const KernelCase &test) {
  runKernel(kernel, test, Split::SinglesBackwards);
  auto singles = outputBits(test);
  runKernel(kernel, test, Split::Uneven);
  EXPECT_TRUE(outputBits(test) == singles) << "uneven tiles";
  runKernel(kernel, test, Split::Whole);
  EXPECT_TRUE(outputBits(test) == singles) << "all tiles in one call";
}

void expectTokenIndependent(const NativeKernel &kernel,
                            const KernelCase &test) {
  runKernel(kernel, test);
  auto together = outputBits(test);
  poisonOutputs(test);
  for (uint32_t t = 0; t < test.batch.tokens(); ++t) {
    std::vector<void *> operands;
    for (const Operand &operand : test.operands)
      operands.push_back(static_cast<char *>(operand.data) +
                         t * operand.tokenBytes);
    dealTiles(kernel, test, test.batch.alone(t), operands, Split::Whole);
  }
  EXPECT_TRUE(outputBits(test) == together) << "token by token";
}

void expectWithin(const std::vector<double> &got,
                  const std::vector<double> &want,
                  const std::vector<double> &bound) {
  ASSERT_EQ(got.size(), want.size());
  ASSERT_EQ(bound.size(), want.size());
  size_t wrong = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    bool good = got[i] == want[i] || std::isnan(want[i])
                    ? got[i] == want[i] || std::isnan(got[i])
                    : std::abs(got[i] - want[i]) <= bound[i];
    if (!good && ++wrong <= 3)
      ADD_FAILURE() << "element " << i << ": " << got[i] << ", expected "
                    << want[i] << " +- " << bound[i];
  }
  EXPECT_EQ(wrong, 0u) << "of " << got.size() << " elements";
}

} // namespace ds::kernels::test
