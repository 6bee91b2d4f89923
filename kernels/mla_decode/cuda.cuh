// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mla_decode with bf16 mma.sync, sm_80 and later. A tile of the first launch is
// a token, one or all of its splits, 16 heads, and up to 512 columns of o. Its
// warps share the work thus:
//   scores   warp w: 16 keys (w % 2) of the block, one half (w / 2) of the
//            columns of the state; the halves are added in f32
//   softmax  every warp for itself, all 16 heads and 32 keys
//   o        warp w: every fourth pair of 8 columns, from pair w on
// Rounded: the weights to bf16, each sum as mma.sync rounds it, o to bf16.
#pragma once
#include "kernels/base/Attention.cuh"
#include "kernels/base/Launch.cuh"
#include "kernels/mla_decode/cuda.h"

namespace ds::kernels::cuda {

constexpr uint32_t kDecodeWarps = kDecodeThreads / kWarpLanes;
/// Pairs of 8 columns that a warp sums.
constexpr uint32_t kDecodePairs = kDecodeTileColumns / 16 / kDecodeWarps;

/// Sums of this lane: heads g and g + 8 of the tile.
struct DecodeSums {
  RunningSoftmax softmax[2];
  float o[kDecodePairs][2][4]; // fragments d of two times 8 columns

  DS_DEVICE void clear() {
    softmax[0] = softmax[1] = RunningSoftmax();
#pragma unroll
    for (uint32_t i = 0; i < kDecodePairs * 8; ++i)
      o[i / 8][i / 4 % 2][i % 4] = 0;
  }
};

/// What a tile reads and where it stands.
struct DecodeTile {
  const MLADecodeShape &shape;
  const Batch &batch;
  const bf16 *state;
  uint32_t token, sequence, keys;         // keys that the token sees
  uint32_t firstHead, firstColumn, pairs; // pairs of 8 columns of o
  bf16 *query;   // [kDecodeTileHeads, stride], shared memory from here on
  bf16 *rows;    // [2, kDecodeTileKeys, stride]
  float *scores; // [2, kDecodeTileHeads, kDecodeScoreStride]
  uint32_t stride;

  DS_DEVICE DecodeTile(const MLADecodeShape &shape, const DeviceCall &call,
                       uint32_t token, uint32_t part)
      : shape(shape), batch(*call.batch), state(operand<const bf16>(call, 2)),
        token(token), sequence(batch.sequenceOf[token]),
        keys(batch.positions[token] + 1) {
    const uint32_t ranges = ceilDiv(shape.latent, kDecodeTileColumns);
    firstHead = part / ranges * kDecodeTileHeads;
    firstColumn = part % ranges * kDecodeTileColumns;
    const uint32_t left = shape.latent - firstColumn;
    pairs = ceilDiv(left < kDecodeTileColumns ? left : kDecodeTileColumns, 16);
    stride = decodeStride(shape);
    query = sharedMemory<bf16>();
    rows = query + kDecodeTileHeads * stride;
    scores = reinterpret_cast<float *>(rows + 2 * kDecodeTileKeys * stride);
  }

  DS_DEVICE bool aligned() const {
    return shape.latent % 8 == 0 && shape.rope % 8 == 0;
  }
  /// Row `row` of shared memory, as a row of the state: latent, then rope, each
  /// padded with zeros.
  DS_DEVICE void copyBoth(bf16 *to, const bf16 *latent, const bf16 *rope,
                          bool valid) const {
    const uint32_t columns = paddedColumns(shape.latent);
    copyRow(to, latent, shape.latent, columns, valid, aligned());
    copyRow(to + columns, rope, shape.rope, paddedColumns(shape.rope), valid,
            aligned());
  }
  DS_DEVICE void copyQuery(const DeviceCall &call) const {
    for (uint32_t i = warpIndex(); i < kDecodeTileHeads; i += kDecodeWarps) {
      const bool valid = firstHead + i < shape.heads;
      const uint32_t place = token * shape.heads + (valid ? firstHead + i : 0);
      copyBoth(query + i * stride,
               rowOf(operand<const bf16>(call, 0), place, shape.latent),
               rowOf(operand<const bf16>(call, 1), place, shape.rope), valid);
    }
  }
  /// Keys first .. first + kDecodeTileKeys - 1; those that the token does not
  /// see become zeros and are not read.
  DS_DEVICE void copyKeys(uint32_t first, uint32_t stage) const {
    const uint32_t width = shape.latent + shape.rope;
    for (uint32_t i = warpIndex(); i < kDecodeTileKeys; i += kDecodeWarps) {
      const bool valid = first + i < keys;
      const uint32_t key = valid ? first + i : 0;
      const bf16 *row = pageRows(state, batch, sequence, key / shape.pageTokens,
                                 shape.pageTokens, width) +
                        size_t(key % shape.pageTokens) * width;
      copyBoth(rows + (stage * kDecodeTileKeys + i) * stride, row,
               row + shape.latent, valid);
    }
    copyAsyncCommit();
  }

  /// This warp's half of 16 keys' scores.
  DS_DEVICE void score(uint32_t stage) const {
    const uint32_t half = warpIndex() / 2, lane = laneIndex();
    const uint32_t firstKey = warpIndex() % 2 * 16;
    const uint32_t steps = (stride - 8) / 16;
    const uint32_t begin = half ? ceilDiv(steps, 2) : 0;
    const uint32_t end = half ? steps : ceilDiv(steps, 2);
    const bf16 *a = query + lane % 16 * stride + lane / 16 * 8;
    const bf16 *b =
        rows +
        (stage * kDecodeTileKeys + firstKey + lane / 16 * 8 + lane % 8) *
            stride +
        lane / 8 % 2 * 8;
    float d[2][4] = {};
#pragma unroll 6
    for (uint32_t step = begin; step < end; ++step) {
      uint32_t heads[4], two[4];
      loadMatrix4(heads, a + step * 16);
      loadMatrix4(two, b + step * 16);
      mmaBF16(d[0], heads, {two[0], two[1]});
      mmaBF16(d[1], heads, {two[2], two[3]});
    }
    float *to = scores +
                (half * kDecodeTileHeads + lane / 4) * kDecodeScoreStride +
                firstKey + lane % 4 * 2;
#pragma unroll
    for (uint32_t i = 0; i < 8; ++i)
      to[i / 2 % 2 * 8 * kDecodeScoreStride + i / 4 * 8 + i % 2] =
          d[i / 4][i % 4];
  }

  /// Weights of a head's keys, those that this lane has in fragments a of two
  /// steps of 16 keys: 2t, 2t + 1, 2t + 8, 2t + 9 and the same 16 further on.
  DS_DEVICE float weigh(RunningSoftmax &softmax, uint32_t head, uint32_t first,
                        float (&weights)[8]) const {
#pragma unroll
    for (uint32_t i = 0; i < 8; ++i) {
      const uint32_t key = i / 2 * 8 + laneIndex() % 4 * 2 + i % 2;
      const float *at = scores + head * kDecodeScoreStride + key;
      const float sum = add(at[0], at[kDecodeTileHeads * kDecodeScoreStride]);
      weights[i] = first + key < keys ? mul(sum, shape.scale) : kMinusInfinity;
    }
    return addScores(softmax, weights);
  }

  /// Adds the weighted rows of a block of keys that begins at `first`.
  DS_DEVICE void addRows(DecodeSums &sums, uint32_t first,
                         uint32_t stage) const {
    const uint32_t lane = laneIndex();
    float weights[2][8], factors[2];
    factors[0] = weigh(sums.softmax[0], lane / 4, first, weights[0]);
    factors[1] = weigh(sums.softmax[1], lane / 4 + 8, first, weights[1]);
    uint32_t a[2][4];
#pragma unroll
    for (uint32_t i = 0; i < 8; ++i) {
      const uint32_t key = i / 4 * 4 + i / 2 % 2 * 2;
      a[i / 4][i % 4] = packBF16(weights[i % 2][key], weights[i % 2][key + 1]);
    }
    const bf16 *row =
        rows +
        (stage * kDecodeTileKeys + lane / 8 % 2 * 8 + lane % 8) * stride +
        firstColumn + lane / 16 * 8;
#pragma unroll
    for (uint32_t i = 0; i < kDecodePairs; ++i) {
      const uint32_t pair = warpIndex() + i * kDecodeWarps;
      // Whole rounds of pairs need no test; shapes are constants.
      if ((i + 1) * kDecodeWarps > pairs && pair >= pairs)
        continue;
#pragma unroll
      for (uint32_t j = 0; j < 8; ++j)
        sums.o[i][j / 4][j % 4] =
            mul(sums.o[i][j / 4][j % 4], factors[j / 2 % 2]);
#pragma unroll
      for (uint32_t step = 0; step < 2; ++step) {
        uint32_t two[4];
        loadMatrix4Transposed(two, row + step * 16 * stride + pair * 16);
        mmaBF16(sums.o[i][0], a[step], {two[0], two[1]});
        mmaBF16(sums.o[i][1], a[step], {two[2], two[3]});
      }
    }
  }

  /// Keys first .. last - 1, which are in one split. The first block of keys is
  /// on its way to `stage`; begins to copy the block at `next`, if the tile has
  /// such keys, in place of one beyond the last.
  DS_DEVICE void addSplit(DecodeSums &sums, uint32_t first, uint32_t last,
                          uint32_t end, uint32_t &stage) const {
    sums.clear();
    for (; first < last; first += kDecodeTileKeys, stage ^= 1) {
      copyAsyncWait<0>();
      syncBlock(); // the block is there, and nobody reads the one before
      if (first + kDecodeTileKeys < end)
        copyKeys(first + kDecodeTileKeys, stage ^ 1);
      score(stage);
      syncBlock();
      addRows(sums, first, stage);
    }
  }

  /// Calls to(head, column, o, softmax) for pairs of neighbouring columns.
  template <class Store>
  DS_DEVICE void forPairs(const DecodeSums &sums, Store &&to) const {
#pragma unroll
    for (uint32_t i = 0; i < kDecodePairs; ++i) {
      const uint32_t pair = warpIndex() + i * kDecodeWarps;
      if ((i + 1) * kDecodeWarps > pairs && pair >= pairs)
        continue;
#pragma unroll
      for (uint32_t j = 0; j < 4; ++j) {
        const uint32_t head = firstHead + laneIndex() / 4 + j % 2 * 8;
        if (head < shape.heads)
          to(head, firstColumn + pair * 16 + j / 2 * 8 + laneIndex() % 4 * 2,
             &sums.o[i][j / 2][j % 2 * 2], sums.softmax[j % 2]);
      }
    }
  }
};

/// The splits of a run.
struct DecodeSchedule {
  const Batch &batch;
  bool dealt;      // splits are tiles of their own
  uint32_t pieces; // tokens, or splits

  DS_DEVICE DecodeSchedule(const MLADecodeShape &shape, const Batch &batch)
      : batch(batch), dealt(batch.tokens <= decodeSplitTokens(shape)),
        pieces(batch.tokens) {
    if (!dealt)
      return;
    const uint32_t further = furtherBefore(batch.tokens);
    // Several tokens of one sequence can be too many.
    dealt = further <= decodeFurtherSplits(shape);
    if (dealt)
      pieces += further;
  }
  /// Splits of a token beyond its first.
  DS_DEVICE uint32_t further(uint32_t token) const {
    return batch.positions[token] / kDecodeSplit;
  }
  DS_DEVICE uint32_t furtherBefore(uint32_t token) const {
    uint32_t sum = 0;
    for (uint32_t t = 0; t < token; ++t)
      sum += further(t);
    return sum;
  }
};

DS_DEVICE void decodePiece(const MLADecodeShape &shape, const DeviceCall &call,
                           const DecodeSchedule &schedule, uint32_t piece,
                           uint32_t part) {
  const Batch &batch = *call.batch;
  uint32_t token = piece, split = 0, slot = piece;
  if (piece >= batch.tokens) {
    split = piece - batch.tokens;
    slot = decodeSplitTokens(shape) + split;
    for (token = 0; split >= schedule.further(token); ++token)
      split -= schedule.further(token);
    ++split;
  }
  const bool whole = !schedule.dealt || schedule.further(token) == 0;

  const DecodeTile tile(shape, call, token, part);
  const uint32_t begin = split * kDecodeSplit;
  const uint32_t left = tile.keys - begin;
  const uint32_t end =
      whole || left < kDecodeSplit ? tile.keys : begin + kDecodeSplit;
  tile.copyQuery(call);
  tile.copyKeys(begin, 0);
  DecodeSums total, sums;
  uint32_t stage = 0;
  tile.addSplit(total, begin,
                end - begin < kDecodeSplit ? end : begin + kDecodeSplit, end,
                stage);
  for (uint32_t first = begin + kDecodeSplit; first < end;
       first += kDecodeSplit) {
    tile.addSplit(sums, first,
                  end - first < kDecodeSplit ? end : first + kDecodeSplit, end,
                  stage);
    const MergeFactors factors[2] = {merge(total.softmax[0], sums.softmax[0]),
                                     merge(total.softmax[1], sums.softmax[1])};
#pragma unroll
    for (uint32_t i = 0; i < kDecodePairs * 8; ++i) {
      float &o = total.o[i / 8][i / 4 % 2][i % 4];
      o = merged(factors[i / 2 % 2], o, sums.o[i / 8][i / 4 % 2][i % 4]);
    }
  }

  if (whole) {
    tile.forPairs(total, [&](uint32_t head, uint32_t column, const float *o,
                             const RunningSoftmax &softmax) {
      const float inverse = divide(1, softmax.sum);
      storePair(rowOf(operand<bf16>(call, 3), token * shape.heads + head,
                      shape.latent),
                column, shape.latent, shape.latent % 2 == 0, mul(o[0], inverse),
                mul(o[1], inverse));
    });
    return;
  }
  const DecodePartials partials(shape, call.workspace);
  tile.forPairs(total, [&](uint32_t head, uint32_t column, const float *o,
                           const RunningSoftmax &softmax) {
    const uint32_t row = slot * shape.heads + head;
    float *to = rowOf(partials.o, row, paddedColumns(shape.latent)) + column;
    to[0] = o[0];
    to[1] = o[1];
    if (column == 0) {
      partials.largest[row] = softmax.largest;
      partials.sum[row] = softmax.sum;
    }
  });
}

DS_DEVICE void mlaDecodeSplits(const MLADecodeShape &shape,
                               const DeviceCall &call) {
  const DecodeSchedule schedule(shape, *call.batch);
  const uint32_t parts = decodeParts(shape), tiles = schedule.pieces * parts;
  for (uint32_t tile = blockIndex(); tile < tiles; tile += gridBlocks()) {
    decodePiece(shape, call, schedule, tile / parts, tile % parts);
    syncBlock();
  }
}

/// Merges the splits of a token and a head, in order.
DS_DEVICE void mlaDecodeMerge(const MLADecodeShape &shape,
                              const DeviceCall &call) {
  const Batch &batch = *call.batch;
  const DecodeSchedule schedule(shape, batch);
  if (!schedule.dealt)
    return;
  const DecodePartials partials(shape, call.workspace);
  const uint32_t columns = paddedColumns(shape.latent);
  const uint32_t tiles = tilesOf(mergeTiles(shape), batch);
  for (uint32_t tile = blockIndex(); tile < tiles; tile += gridBlocks()) {
    const uint32_t token = tile / shape.heads, head = tile % shape.heads;
    const uint32_t further = schedule.further(token);
    if (further == 0)
      continue;
    const uint32_t next =
        decodeSplitTokens(shape) + schedule.furtherBefore(token);
    bf16 *o = rowOf(operand<bf16>(call, 3), tile, shape.latent);
    for (uint32_t c = threadIndex() * 4; c < columns; c += kDecodeThreads * 4) {
      RunningSoftmax total;
      float sums[4];
      for (uint32_t split = 0; split <= further; ++split) {
        const uint32_t slot = split ? next + split - 1 : token;
        const uint32_t row = slot * shape.heads + head;
        const RunningSoftmax part{partials.largest[row], partials.sum[row]};
        const Vector16 some = load16(rowOf(partials.o, row, columns) + c);
        if (split == 0) {
          total = part;
          for (uint32_t i = 0; i < 4; ++i)
            sums[i] = __builtin_bit_cast(float, some.word[i]);
          continue;
        }
        const MergeFactors factors = merge(total, part);
        for (uint32_t i = 0; i < 4; ++i)
          sums[i] =
              merged(factors, sums[i], __builtin_bit_cast(float, some.word[i]));
      }
      const float inverse = divide(1, total.sum);
      storePair(o, c, shape.latent, shape.latent % 2 == 0,
                mul(sums[0], inverse), mul(sums[1], inverse));
      storePair(o, c + 2, shape.latent, shape.latent % 2 == 0,
                mul(sums[2], inverse), mul(sums[3], inverse));
    }
  }
}

} // namespace ds::kernels::cuda
