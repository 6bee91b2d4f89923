// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How attention_prefill is cut for a GPU. A first launch expands the keys and
// values of all tokens of the run's sequences, as bf16, into the workspace: one
// row of heads * (nope + value) per token, sequence after sequence. A second
// walks them in blocks of 64 keys, counted from key 0 of the sequence.
#pragma once
#include "kernels/attention_prefill/attention_prefill.h"
#include "kernels/base/LaunchShape.h"
#include "kernels/base/TileSizes.h"

namespace ds::kernels::cuda {

/// Queries of a tile, and keys in shared memory at a time.
constexpr uint32_t kPrefillTileTokens = 64;
constexpr uint32_t kPrefillTileKeys = 64;
/// Most columns of o that a tile sums.
constexpr uint32_t kPrefillTileColumns = 128;
constexpr uint32_t kPrefillThreads = 128;

/// Elements of a token's expanded row.
DS_SHARED_FUNCTION constexpr uint32_t
prefillRow(const AttentionPrefillShape &shape) {
  return shape.heads * (shape.nope + shape.value);
}
/// 268 MB for 128 heads of 128 + 128 and a context of 4096.
DS_SHARED_FUNCTION constexpr uint64_t
prefillWorkspace(const AttentionPrefillShape &shape) {
  const uint64_t tokens =
      uint64_t(ceilDiv(shape.context, shape.pageTokens)) * shape.pageTokens;
  return tokens * prefillRow(shape) * sizeof(bf16);
}

/// Ranges of columns of o, each a tile of its own.
DS_SHARED_FUNCTION constexpr uint32_t
prefillRanges(const AttentionPrefillShape &shape) {
  return ceilDiv(shape.value, kPrefillTileColumns);
}
/// Elements between rows in shared memory: an odd number of 16 bytes, so that
/// the eight rows of a matrix load lie in different banks.
DS_SHARED_FUNCTION constexpr uint32_t
prefillKeyStride(const AttentionPrefillShape &shape) {
  return paddedColumns(shape.nope) + paddedColumns(shape.rope) + 8;
}
constexpr uint32_t kPrefillValueStride = kPrefillTileColumns + 8;

/// Queries, keys, values: 68,608 bytes for 128 + 64 and 128.
DS_SHARED_FUNCTION constexpr uint32_t
prefillShared(const AttentionPrefillShape &shape) {
  return ((kPrefillTileTokens + kPrefillTileKeys) * prefillKeyStride(shape) +
          kPrefillTileKeys * kPrefillValueStride) *
         uint32_t(sizeof(bf16));
}

// How many tiles there are depends on the keys and on how many sequences the
// tokens belong to; blocks take several where there are more than these.

/// Of the first launch: a block of keys and kTileColumns rows of the weights.
DS_SHARED_FUNCTION constexpr TileCount
prefillExpandTiles(const AttentionPrefillShape &shape) {
  return {TileCount::Tokens, ceilDiv(prefillRow(shape), kTileColumns), 1,
          kTileRows, 1};
}
/// Of the second: a block of queries, a head and a range of columns.
DS_SHARED_FUNCTION constexpr TileCount
prefillTiles(const AttentionPrefillShape &shape) {
  return {TileCount::Tokens, shape.heads * prefillRanges(shape), 1,
          kPrefillTileTokens / 2, 0};
}

} // namespace ds::kernels::cuda
