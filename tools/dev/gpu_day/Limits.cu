// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops of nothing but memory traffic, or nothing but matrix instructions.
#include "kernels/base/Mma.cuh"
#include "kernels/base/Tile.cuh"
#include "tools/dev/gpu_day/Check.h"
#include "tools/dev/gpu_day/Device.h"

namespace ds::day {
namespace {
using namespace kernels::cuda;

constexpr uint32_t kThreads = 256;
constexpr uint32_t kRounds = 2048; // of a loop of matrix instructions
constexpr uint32_t kChains = 8;    // independent sums of a warp

__global__ void readAll(const Vector16 *from, size_t count, uint32_t *out) {
  uint32_t sum = 0;
  for (size_t i = blockIndex() * size_t(kThreads) + threadIndex(); i < count;
       i += size_t(gridBlocks()) * kThreads) {
    const Vector16 value = loadReadOnly16(from + i);
    sum += value.word[0] ^ value.word[1] ^ value.word[2] ^ value.word[3];
  }
  if (sum == 1) // never, but the compiler cannot know
    *out = sum;
}

template <bool f8>
__global__ void multiplyWarps(float *out) {
  float d[kChains][4] = {};
  const uint32_t a[4] = {threadIndex(), 1, 2, 3}, b[2] = {4, threadIndex()};
#pragma unroll 1
  for (uint32_t i = 0; i < kRounds; ++i)
#pragma unroll
    for (uint32_t chain = 0; chain < kChains; ++chain)
      if constexpr (f8)
        mmaF8(d[chain], a, b);
      else
        mmaBF16(d[chain], a, b);
  float sum = 0;
  for (auto &chain : d)
    sum += chain[0] + chain[1] + chain[2] + chain[3];
  if (sum == 12345)
    *out = sum;
}

constexpr uint32_t kTileBytes = (64 + 256) * 128;

template <class T>
__global__ void __launch_bounds__(kThreads) multiplyWarpgroups(float *out) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  for (uint32_t i = threadIndex(); i < kTileBytes / 4; i += kThreads)
    sharedMemory<uint32_t>()[i] = (i * 2654435761u) & 0x3f3f3f3f;
  fenceProxyAsync();
  syncBlock();
  float d[128] = {};
  const auto a = SharedDescriptor::at(sharedMemory());
  const auto b = SharedDescriptor::at(sharedMemory() + 64 * 128);
#pragma unroll 1
  for (uint32_t i = 0; i < kRounds; ++i) {
    warpgroupFence();
#pragma unroll
    for (uint32_t byte = 0; byte < 128; byte += 32)
      warpgroupMma<T>(d, a.advance(byte), b.advance(byte), true);
    warpgroupCommit();
    warpgroupWait<1>();
  }
  warpgroupWait<0>();
  pinRegisters(d);
  float sum = 0;
  for (float each : d)
    sum += each;
  if (sum == 12345)
    *out = sum;
#endif
}

/// Seconds of one call, the best of a few after a first.
template <class Function>
double secondsOf(Function &&function) {
  cudaEvent_t begin, end;
  check(cudaEventCreate(&begin), "cudaEventCreate");
  check(cudaEventCreate(&end), "cudaEventCreate");
  float best = 0;
  for (int round = 0; round < 6; ++round) {
    check(cudaEventRecord(begin), "cudaEventRecord");
    function();
    check(cudaGetLastError(), "a loop for the limits");
    check(cudaEventRecord(end), "cudaEventRecord");
    check(cudaEventSynchronize(end), "a loop for the limits");
    float now = 0;
    check(cudaEventElapsedTime(&now, begin, end), "cudaEventElapsedTime");
    if (round == 1 || (round > 1 && now < best))
      best = now;
  }
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  return best * 1e-3;
}

template <class T>
double warpgroupRate(uint32_t blocks, float *out) {
  check(cudaFuncSetAttribute(multiplyWarpgroups<T>,
                             cudaFuncAttributeMaxDynamicSharedMemorySize,
                             kTileBytes),
        "cudaFuncSetAttribute");
  const double seconds = secondsOf(
      [&] { multiplyWarpgroups<T><<<blocks, kThreads, kTileBytes>>>(out); });
  return 2.0 * 64 * 256 * (128 / sizeof(T)) * kRounds * (kThreads / 128) *
         blocks / seconds;
}

} // namespace

Limits measureLimits() {
  const DeviceInfo info = deviceInfo();
  const size_t bytes = std::min<size_t>(size_t(1) << 30, info.memory / 8);
  uint8_t *memory = nullptr;
  check(cudaMalloc(&memory, 2 * bytes), "cudaMalloc");
  check(cudaMemset(memory, 0, 2 * bytes), "cudaMemset");
  auto *out = reinterpret_cast<float *>(memory);
  const uint32_t blocks = info.multiprocessors * 8;
  Limits limits{};
  limits.copy = 2.0 * double(bytes) / secondsOf([&] {
                  check(cudaMemcpyAsync(memory + bytes, memory, bytes,
                                        cudaMemcpyDeviceToDevice),
                        "cudaMemcpyAsync");
                });
  limits.read = double(bytes) / secondsOf([&] {
                  readAll<<<blocks, kThreads>>>(
                      reinterpret_cast<const Vector16 *>(memory), bytes / 16,
                      reinterpret_cast<uint32_t *>(out));
                });
  const double warps = double(kRounds) * kChains * (kThreads / 32) * blocks;
  limits.bf16 = 2.0 * 16 * 8 * 16 * warps / secondsOf([&] {
                  multiplyWarps<false><<<blocks, kThreads>>>(out);
                });
  limits.bf16By = "mma.sync";
  limits.f8By = "none";
  if (info.architecture == "sm_89") {
    limits.f8 = 2.0 * 16 * 8 * 32 * warps / secondsOf([&] {
                  multiplyWarps<true><<<blocks, kThreads>>>(out);
                });
    limits.f8By = "mma.sync";
  } else if (info.architecture == "sm_90a") {
    limits.bf16 = warpgroupRate<kernels::bf16>(blocks, out);
    limits.f8 = warpgroupRate<kernels::f8e4m3fn>(blocks, out);
    limits.bf16By = limits.f8By = "wgmma";
  }
  cudaFree(memory);
  return limits;
}

} // namespace ds::day
