// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How mla_decode is cut for a GPU. The keys of a token are cut into splits of
// kDecodeSplit, the first beginning at key 0 of its sequence. Small runs deal
// splits out to blocks, which leave partial results in the workspace, and a
// second launch merges them; in large runs a block walks all splits of a token
// and merges as it goes. Both merge split by split, in order, with the same
// operations: the bits are the same, so a token's result does not depend on
// which of the two its run was.
#pragma once
#include "kernels/base/LaunchShape.h"
#include "kernels/base/Matrix.h"
#include "kernels/mla_decode/mla_decode.h"

namespace ds::kernels::cuda {

constexpr uint32_t kDecodeSplit = 256;
/// Heads of a tile: the rows of one matrix instruction.
constexpr uint32_t kDecodeTileHeads = 16;
/// Keys in shared memory at a time; as many are on their way meanwhile.
constexpr uint32_t kDecodeTileKeys = 32;
/// Most columns of o that a tile sums.
constexpr uint32_t kDecodeTileColumns = 512;
constexpr uint32_t kDecodeThreads = 128;
/// Tiles that keep a GPU busy: runs with as many leave no token's keys to
/// several blocks.
constexpr uint32_t kDecodeBusy = 128;

/// Tiles of a token and a split: groups of heads, times ranges of columns.
DS_SHARED_FUNCTION constexpr uint32_t decodeParts(const MLADecodeShape &shape) {
  return ceilDiv(shape.heads, kDecodeTileHeads) *
         ceilDiv(shape.latent, kDecodeTileColumns);
}
/// Most tokens of a run whose splits are dealt out.
DS_SHARED_FUNCTION constexpr uint32_t
decodeSplitTokens(const MLADecodeShape &shape) {
  const uint32_t tokens = kDecodeBusy / decodeParts(shape);
  return tokens ? tokens : 1;
}
/// Most splits beyond their tokens' first that are dealt out. Tokens of
/// different sequences never have more, unless a page is longer than a split
/// and the last one goes beyond the context.
DS_SHARED_FUNCTION constexpr uint32_t
decodeFurtherSplits(const MLADecodeShape &shape) {
  return shape.context / kDecodeSplit;
}

/// Partial results of splits: slot t for the first of token t, then the
/// further ones of all tokens, in order.
struct DecodePartials {
  float *largest; // [slots, heads] score
  float *sum;     // [slots, heads] of the weights relative to it
  float *o;       // [slots, heads, paddedColumns(latent)], not divided by sum
  uint64_t bytes;

  DS_INLINE DecodePartials(const MLADecodeShape &shape, void *workspace) {
    const uint64_t rows =
        uint64_t(decodeSplitTokens(shape) + decodeFurtherSplits(shape)) *
        shape.heads;
    WorkspacePieces pieces{workspace};
    largest = pieces.take<float>(rows);
    sum = pieces.take<float>(rows);
    o = pieces.take<float>(rows * paddedColumns(shape.latent));
    bytes = pieces.used;
  }
};

/// Elements between rows of the state in shared memory. An odd number of 16
/// bytes: the eight rows of a matrix load lie in different banks.
DS_SHARED_FUNCTION constexpr uint32_t
decodeStride(const MLADecodeShape &shape) {
  return paddedColumns(shape.latent) + paddedColumns(shape.rope) + 8;
}
/// Floats between rows of scores, for the banks as well.
constexpr uint32_t kDecodeScoreStride = kDecodeTileKeys + 8;

/// Queries, two blocks of keys, two halves of the scores: 98,560 bytes for a
/// latent of 512 and a rope of 64.
DS_SHARED_FUNCTION constexpr uint32_t
decodeShared(const MLADecodeShape &shape) {
  return (kDecodeTileHeads + 2 * kDecodeTileKeys) * decodeStride(shape) *
             uint32_t(sizeof(bf16)) +
         2 * kDecodeTileHeads * kDecodeScoreStride * uint32_t(sizeof(float));
}
DS_SHARED_FUNCTION constexpr TileCount
decodeTiles(const MLADecodeShape &shape) {
  return {TileCount::Tokens, decodeParts(shape), 1, 1,
          decodeFurtherSplits(shape)};
}
inline uint64_t decodeWorkspace(const MLADecodeShape &shape) {
  return DecodePartials(shape, nullptr).bytes;
}
/// A tile of the second launch is one token and one head.
DS_SHARED_FUNCTION constexpr TileCount mergeTiles(const MLADecodeShape &shape) {
  return {TileCount::Tokens, shape.heads, 1, 1, 0};
}

} // namespace ds::kernels::cuda
