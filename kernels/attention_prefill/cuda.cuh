// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// attention_prefill with bf16 mma.sync, sm_80 and later. A tile of the second
// launch is up to 64 queries of one sequence, one head, up to 128 columns of o;
// a warp has 16 of the queries. Nothing that is computed for a query depends on
// its place in the tile: blocks of keys stand at absolute positions, and one
// that it does not see changes no bit of its sums.
// Rounded: queries, expanded keys and values and the weights to bf16, each sum
// as mma.sync rounds it, o to bf16.
#pragma once
#include "kernels/attention_prefill/cuda.h"
#include "kernels/base/Attention.cuh"
#include "kernels/base/Launch.cuh"
#include "kernels/base/ScaleBlocks.cuh"

namespace ds::kernels::cuda {

constexpr uint32_t kPrefillWarps = kPrefillThreads / kWarpLanes;

/// A block of keys or of queries of one sequence.
struct SequenceBlock {
  uint32_t sequence, block;
  uint32_t firstRow; // expanded rows of the sequences before
};

/// Tokens of a sequence, those of earlier runs included; 0 without tokens in
/// this run.
DS_DEVICE uint32_t keysOf(const Batch &batch, uint32_t sequence) {
  const uint32_t end = batch.firstToken[sequence + 1];
  return end == batch.firstToken[sequence] ? 0 : batch.positions[end - 1] + 1;
}
DS_DEVICE uint32_t tokensOf(const Batch &batch, uint32_t sequence) {
  return batch.firstToken[sequence + 1] - batch.firstToken[sequence];
}

/// Calls tile(block, part) for this block's share of blocksOf(sequence) blocks
/// of every sequence times `parts`.
template <class BlocksOf, class Tile>
DS_DEVICE void forSequenceBlocks(const Batch &batch, uint32_t parts,
                                 BlocksOf &&blocksOf, Tile &&tile) {
  uint32_t index = blockIndex();
  uint32_t firstRow = 0;
  for (uint32_t sequence = 0; sequence < batch.sequences; ++sequence) {
    const uint32_t blocks = blocksOf(sequence);
    for (; index < blocks * parts; index += gridBlocks()) {
      tile(SequenceBlock{sequence, index / parts, firstRow}, index % parts);
      syncBlock();
    }
    index -= blocks * parts;
    firstRow += keysOf(batch, sequence);
  }
}

/// Row `key` of a sequence in the state.
DS_DEVICE uint32_t stateRow(const Batch &batch, uint32_t sequence, uint32_t key,
                            uint32_t pageTokens) {
  return batch.pageTable[size_t(sequence) * batch.pagesPerSequence +
                         key / pageTokens] *
             pageTokens +
         key % pageTokens;
}

/// Keys and values of all heads.
template <class W>
DS_DEVICE void prefillExpand(const AttentionPrefillShape &shape,
                             const DeviceCall &call) {
  const Batch &batch = *call.batch;
  const uint32_t width = prefillRow(shape);
  const uint32_t stride = shape.latent + shape.rope;
  const Vectors<bf16> rows{operand<const bf16>(call, 2), nullptr, stride,
                           stride, shape.latent};
  const auto w = Matrix<W>::at(call.operands + 4, shape.latent);
  forSequenceBlocks(
      batch, ceilDiv(width, kTileColumns),
      [&](uint32_t sequence) {
        return ceilDiv(keysOf(batch, sequence), kTileRows);
      },
      [&](const SequenceBlock &at, uint32_t part) {
        const uint32_t firstKey = at.block * kTileRows;
        const uint32_t count =
            smaller(keysOf(batch, at.sequence) - firstKey, kTileRows);
        const uint32_t first = part * kTileColumns;
        const uint32_t columns = smaller(width - first, kTileColumns);
        const WarpSums sums = multiplyRows<BF16Units>(
            rows, count,
            [&](uint32_t i) {
              return stateRow(batch, at.sequence, firstKey + i,
                              shape.pageTokens);
            },
            w, first, columns);
        forRuns(
            sums, count, columns,
            [&](uint32_t row, uint32_t column, const auto &values, uint32_t n) {
              storeRun(rowOf(static_cast<bf16 *>(call.workspace),
                             at.firstRow + firstKey + row, width) +
                           first + column,
                       values, n);
            });
      });
}

/// Sums of this lane: rows g and g + 8 of its warp's queries.
struct PrefillSums {
  static constexpr uint32_t kPairs = kPrefillTileColumns / 16;
  RunningSoftmax softmax[2];
  float o[kPairs][2][4]; // fragments d of two times 8 columns
};

/// What a tile reads and where it stands.
struct PrefillTile {
  const AttentionPrefillShape &shape;
  const DeviceCall &call;
  const Batch &batch;
  uint32_t sequence, firstRow;         // see SequenceBlock
  uint32_t firstToken, tokens;         // of the batch; up to kPrefillTileTokens
  uint32_t position;                   // of the first
  uint32_t keys;                       // that the last sees
  uint32_t head, firstColumn, columns; // of o
  uint32_t stride;
  bf16 *queries; // [kPrefillTileTokens, stride], shared memory from here on
  bf16 *rows;    // [kPrefillTileKeys, stride]
  bf16 *values;  // [kPrefillTileKeys, kPrefillValueStride]

  DS_DEVICE PrefillTile(const AttentionPrefillShape &shape,
                        const DeviceCall &call, const SequenceBlock &at,
                        uint32_t part)
      : shape(shape), call(call), batch(*call.batch), sequence(at.sequence),
        firstRow(at.firstRow) {
    const uint32_t all = tokensOf(batch, sequence);
    // Those that see most keys begin first.
    const uint32_t first =
        (ceilDiv(all, kPrefillTileTokens) - 1 - at.block) * kPrefillTileTokens;
    firstToken = batch.firstToken[sequence] + first;
    tokens = smaller(all - first, kPrefillTileTokens);
    position = batch.positions[firstToken];
    keys = position + tokens;
    head = part % shape.heads;
    firstColumn = part / shape.heads * kPrefillTileColumns;
    columns = smaller(shape.value - firstColumn, kPrefillTileColumns);
    stride = prefillKeyStride(shape);
    queries = sharedMemory<bf16>();
    rows = queries + kPrefillTileTokens * stride;
    values = rows + kPrefillTileKeys * stride;
  }

  DS_DEVICE void copyQueries() const {
    const uint32_t nope = paddedColumns(shape.nope);
    for (uint32_t i = warpIndex(); i < kPrefillTileTokens; i += kPrefillWarps) {
      const bool valid = i < tokens;
      const uint32_t place =
          (firstToken + (valid ? i : 0)) * shape.heads + head;
      const float *query =
          rowOf(operand<const float>(call, 0), place, shape.headStride);
      for (uint32_t c = 2 * laneIndex(); c < nope; c += 2 * kWarpLanes)
        store4(queries + i * stride + c,
               packBF16(valid && c < shape.nope ? query[c] : 0.0f,
                        valid && c + 1 < shape.nope ? query[c + 1] : 0.0f));
      copyRow(queries + i * stride + nope,
              rowOf(operand<const bf16>(call, 1), place, shape.rope),
              shape.rope, paddedColumns(shape.rope), valid,
              shape.rope % 8 == 0);
    }
  }
  /// The expanded row of a key, where this head's columns begin.
  DS_DEVICE const bf16 *expanded(uint32_t key) const {
    return rowOf(static_cast<const bf16 *>(call.workspace), firstRow + key,
                 prefillRow(shape)) +
           head * (shape.nope + shape.value);
  }
  DS_DEVICE bool expandedAligned() const {
    return shape.nope % 8 == 0 && shape.value % 8 == 0;
  }
  /// Keys from `first` on; those that no query sees become zeros.
  DS_DEVICE void copyKeys(uint32_t first) const {
    const uint32_t nope = paddedColumns(shape.nope);
    const uint32_t width = shape.latent + shape.rope;
    copyRows<kPrefillThreads>(rows, stride, kPrefillTileKeys, shape.nope, nope,
                              expandedAligned(), [&](uint32_t i) {
                                return first + i < keys ? expanded(first + i)
                                                        : nullptr;
                              });
    copyRows<kPrefillThreads>(
        rows + nope, stride, kPrefillTileKeys, shape.rope,
        paddedColumns(shape.rope), shape.latent % 8 == 0 && shape.rope % 8 == 0,
        [&](uint32_t i) -> const bf16 * {
          if (first + i >= keys)
            return nullptr;
          return rowOf(operand<const bf16>(call, 2),
                       stateRow(batch, sequence, first + i, shape.pageTokens),
                       width) +
                 shape.latent;
        });
    copyAsyncCommit();
  }
  DS_DEVICE void copyValues(uint32_t first) const {
    copyRows<kPrefillThreads>(
        values, kPrefillValueStride, kPrefillTileKeys, columns,
        paddedColumns(columns), expandedAligned(),
        [&](uint32_t i) -> const bf16 * {
          return first + i < keys
                     ? expanded(first + i) + shape.nope + firstColumn
                     : nullptr;
        });
    copyAsyncCommit();
  }

  /// Position of this warp's query `row`.
  DS_DEVICE uint32_t positionOf(uint32_t row) const {
    return position + warpIndex() * 16 + row;
  }

  /// Products of this warp's queries and the block's keys: fragments d of 8
  /// keys each.
  DS_DEVICE void score(float (&d)[kPrefillTileKeys / 8][4]) const {
    const uint32_t lane = laneIndex(), steps = (stride - 8) / 16;
    const bf16 *a =
        queries + (warpIndex() * 16 + lane % 16) * stride + lane / 16 * 8;
    const bf16 *b =
        rows + (lane / 16 * 8 + lane % 8) * stride + lane / 8 % 2 * 8;
#pragma unroll 2
    for (uint32_t step = 0; step < steps; ++step) {
      uint32_t some[4];
      loadMatrix4(some, a + step * 16);
#pragma unroll
      for (uint32_t i = 0; i < kPrefillTileKeys / 16; ++i) {
        uint32_t two[4];
        loadMatrix4(two, b + i * 16 * stride + step * 16);
        mmaBF16(d[2 * i], some, {two[0], two[1]});
        mmaBF16(d[2 * i + 1], some, {two[2], two[3]});
      }
    }
  }

  /// Weights of the keys that begin at `first`, as fragments a of 16 keys each.
  DS_DEVICE void weigh(PrefillSums &sums,
                       const float (&d)[kPrefillTileKeys / 8][4],
                       uint32_t first, uint32_t (&a)[kPrefillTileKeys / 16][4],
                       float (&factors)[2]) const {
    constexpr uint32_t kOwn = kPrefillTileKeys / 4; // of a row
#pragma unroll
    for (uint32_t h = 0; h < 2; ++h) {
      const uint32_t last = positionOf(laneIndex() / 4 + 8 * h);
      float weights[kOwn];
#pragma unroll
      for (uint32_t i = 0; i < kOwn; ++i) {
        const uint32_t key = first + i / 2 * 8 + laneIndex() % 4 * 2 + i % 2;
        weights[i] = key <= last ? mul(d[i / 2][2 * h + i % 2], shape.scale)
                                 : kMinusInfinity;
      }
      factors[h] = addScores(sums.softmax[h], weights);
#pragma unroll
      for (uint32_t i = 0; i < kOwn / 2; ++i)
        a[i / 2][i % 2 * 2 + h] = packBF16(weights[2 * i], weights[2 * i + 1]);
    }
  }

  /// Whether a value of the block is infinite or NaN. All lanes call.
  DS_DEVICE bool anyNonfinite() const {
    bool found = false;
    const uint32_t octets = paddedColumns(columns) / 8;
    for (uint32_t i = laneIndex(); i < kPrefillTileKeys * octets;
         i += kWarpLanes) {
      const Vector16 some =
          load16(values + i / octets * kPrefillValueStride + i % octets * 8);
      for (uint32_t word : some.word)
        found |= (word & 0x7f80) == 0x7f80 || (word & 0x7f800000) == 0x7f800000;
    }
    return ballot(found) != 0;
  }

  /// Adds the values of the keys that begin at `first`.
  DS_DEVICE void addValues(PrefillSums &sums,
                           const uint32_t (&a)[kPrefillTileKeys / 16][4],
                           const float (&factors)[2], uint32_t first) const {
    const uint32_t lane = laneIndex(), pairs = ceilDiv(columns, 16);
    const bf16 *row = values +
                      (lane / 8 % 2 * 8 + lane % 8) * kPrefillValueStride +
                      lane / 16 * 8;
    // An infinity times the weight 0 of a query that does not see its key would
    // be NaN: such blocks are added query by query.
    const bool apart =
        first + kPrefillTileKeys > positionOf(0) + 1 && anyNonfinite();
#pragma unroll
    for (uint32_t i = 0; i < PrefillSums::kPairs; ++i) {
      if (i >= pairs)
        continue;
#pragma unroll
      for (uint32_t j = 0; j < 8; ++j)
        sums.o[i][j / 4][j % 4] =
            mul(sums.o[i][j / 4][j % 4], factors[j / 2 % 2]);
      if (apart) {
        addApart(sums.o[i], a, row + i * 16, first);
        continue;
      }
#pragma unroll
      for (uint32_t step = 0; step < kPrefillTileKeys / 16; ++step) {
        uint32_t two[4];
        loadMatrix4Transposed(two,
                              row + step * 16 * kPrefillValueStride + i * 16);
        mmaBF16(sums.o[i][0], a[step], {two[0], two[1]});
        mmaBF16(sums.o[i][1], a[step], {two[2], two[3]});
      }
    }
  }
  /// The same for 16 columns, with values of zero where a query does not look.
  DS_DEVICE void addApart(float (&o)[2][4],
                          const uint32_t (&a)[kPrefillTileKeys / 16][4],
                          const bf16 *row, uint32_t first) const {
#pragma unroll 1
    for (uint32_t query = 0; query < 16; ++query) {
      const uint32_t seen = positionOf(query) + 1;
      float d[2][4];
#pragma unroll
      for (uint32_t j = 0; j < 8; ++j)
        d[j / 4][j % 4] = o[j / 4][j % 4];
#pragma unroll
      for (uint32_t step = 0; step < kPrefillTileKeys / 16; ++step) {
        uint32_t two[4];
        loadMatrix4Transposed(two, row + step * 16 * kPrefillValueStride);
#pragma unroll
        for (uint32_t j = 0; j < 4; ++j) {
          const uint32_t key =
              first + step * 16 + j % 2 * 8 + laneIndex() % 4 * 2;
          if (key >= seen)
            two[j] = 0;
          else if (key + 1 >= seen)
            two[j] &= 0xffff;
        }
        mmaBF16(d[0], a[step], {two[0], two[1]});
        mmaBF16(d[1], a[step], {two[2], two[3]});
      }
#pragma unroll
      for (uint32_t j = 0; j < 8; ++j)
        if (laneIndex() / 4 + j / 2 % 2 * 8 == query)
          o[j / 4][j % 4] = d[j / 4][j % 4];
    }
  }

  DS_DEVICE void run() const {
    PrefillSums sums;
    sums.softmax[0] = sums.softmax[1] = RunningSoftmax();
#pragma unroll
    for (uint32_t i = 0; i < PrefillSums::kPairs * 8; ++i)
      sums.o[i / 8][i / 4 % 2][i % 4] = 0;
    copyQueries();
    copyKeys(0);
#pragma unroll 1
    for (uint32_t first = 0; first < keys; first += kPrefillTileKeys) {
      const bool sees = first <= positionOf(15) && warpIndex() * 16 < tokens;
      copyAsyncWait<0>();
      syncBlock(); // keys are there, and nobody reads the values before
      copyValues(first);
      float d[kPrefillTileKeys / 8][4] = {};
      if (sees)
        score(d);
      copyAsyncWait<0>();
      syncBlock(); // values are there, and nobody reads the keys any more
      if (first + kPrefillTileKeys < keys)
        copyKeys(first + kPrefillTileKeys);
      if (!sees)
        continue;
      uint32_t a[kPrefillTileKeys / 16][4];
      float factors[2];
      weigh(sums, d, first, a, factors);
      addValues(sums, a, factors, first);
    }
    store(sums);
  }

  DS_DEVICE void store(const PrefillSums &sums) const {
    const uint32_t pairs = ceilDiv(columns, 16);
#pragma unroll
    for (uint32_t h = 0; h < 2; ++h) {
      const uint32_t row = warpIndex() * 16 + laneIndex() / 4 + 8 * h;
      if (row >= tokens)
        continue;
      const float inverse = divide(1, sums.softmax[h].sum);
      bf16 *o = rowOf(operand<bf16>(call, 3), firstToken + row,
                      shape.heads * shape.value) +
                head * shape.value + firstColumn;
#pragma unroll
      for (uint32_t i = 0; i < PrefillSums::kPairs * 2; ++i)
        if (i / 2 < pairs)
          storePair(o, i * 8 + laneIndex() % 4 * 2, columns,
                    shape.value % 2 == 0,
                    mul(sums.o[i / 2][i % 2][2 * h], inverse),
                    mul(sums.o[i / 2][i % 2][2 * h + 1], inverse));
    }
  }
};

DS_DEVICE void prefillAttend(const AttentionPrefillShape &shape,
                             const DeviceCall &call) {
  const Batch &batch = *call.batch;
  forSequenceBlocks(
      batch, shape.heads * prefillRanges(shape),
      [&](uint32_t sequence) {
        return ceilDiv(tokensOf(batch, sequence), kPrefillTileTokens);
      },
      [&](const SequenceBlock &at, uint32_t part) {
        PrefillTile(shape, call, at, part).run();
      });
}

} // namespace ds::kernels::cuda
