// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RMS normalisation of one row by a block (model-spec 1.4), the part that
// rms_norm, add_rms_norm, head_norm and latent_append share.
//
// Order of the mean: thread t sums the squares of quads t, t + threads, …, of
// their columns in turn, with fused multiply-adds; then the lanes of a warp by
// butterfly, then the warps one by one. Every square passes at most
// 4 * ceil(quads / threads) + 5 + threads / 32 roundings.
// Row and gain wait in shared memory: each element is read once.
#pragma once
#include "kernels/base/Launch.cuh"
#include "kernels/base/NormalizeShared.h"
#include "kernels/base/Quad.cuh"

namespace ds::kernels::cuda {

/// x[i] / sqrt(mean(x * x) + eps) * gain[i], two products.
DS_DEVICE Quad scaled(const Quad &x, float factor, const Quad &gain) {
  Quad y;
  for (uint32_t i = 0; i < kQuadColumns; ++i)
    y.lane[i] = mul(mul(x.lane[i], factor), gain.lane[i]);
  return y;
}

/// Quads of a thread that are on their way from memory together.
constexpr uint32_t kNormQuads = 4;

/// Asks load(quad) for every quad of a row, zeros behind its last column, shows
/// it to keep(quad, x), and gives write(quad, y) the normalised ones. Each is
/// the calling thread's own; of the same thread, loads may come before earlier
/// keeps. Whole warps call write, with zeros beyond the row. The block's shared
/// memory has normalizeShared(n) bytes and is free again after a syncBlock.
/// kThreads are the block's.
template <uint32_t kThreads, class Load, class Keep, class Write>
DS_DEVICE void normalize(uint32_t n, float eps, const bf16 *gain, Load &&load,
                         Keep &&keep, Write &&write) {
  float *warps = sharedMemory<float>();
  Quad *row = reinterpret_cast<Quad *>(warps + kNormThreads / kWarpLanes);
  PackedQuad *gains = reinterpret_cast<PackedQuad *>(row + quads(n));
  float sum = 0;
  for (uint32_t first = threadIndex(); first < quads(n);
       first += kNormQuads * kThreads) {
    Quad x[kNormQuads];
    PackedQuad g[kNormQuads];
    for (uint32_t i = 0; i < kNormQuads; ++i)
      if (const uint32_t quad = first + i * kThreads; quad < quads(n)) {
        const uint32_t at = quad * kQuadColumns;
        x[i] = load(quad);
        g[i] = loadPacked(gain + at, n - at, areWhole(n));
      }
    for (uint32_t i = 0; i < kNormQuads; ++i)
      if (const uint32_t quad = first + i * kThreads; quad < quads(n)) {
        keep(quad, x[i]);
        row[quad] = x[i];
        gains[quad] = g[i];
        for (uint32_t j = 0; j < kQuadColumns; ++j)
          sum = fma(x[i].lane[j], x[i].lane[j], sum);
      }
  }
  const float mean = divide(blockSum(sum, warps), float(n));
  const float factor = reciprocalSquareRoot(add(mean, eps));
  for (uint32_t first = threadIndex() - laneIndex(); first < quads(n);
       first += kThreads) {
    const uint32_t quad = first + laneIndex();
    write(quad, quad < quads(n) ? scaled(row[quad], factor, unpack(gains[quad]))
                                : Quad{});
  }
}

/// A `keep` for normalize.
struct KeepNothing {
  DS_DEVICE void operator()(uint32_t, const Quad &) const {}
};

/// A `keep` or `write` for normalize: stores to a row, each element rounded
/// once.
template <class A>
DS_DEVICE auto storeTo(A *row, uint32_t n, bool whole) {
  return [=](uint32_t quad, const Quad &y) {
    const uint32_t at = quad * kQuadColumns;
    if (at < n)
      storeQuad(row + at, y, n - at, whole);
  };
}

} // namespace ds::kernels::cuda
