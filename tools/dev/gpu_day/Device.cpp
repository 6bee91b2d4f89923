// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dev/gpu_day/Device.h"
#include "tools/dev/gpu_day/Check.h"
#include <algorithm>
#include <cstring>
#include <cuda.h>
#include <dlfcn.h>

namespace ds::day {
using namespace kernels;
namespace {

/// Memory of the device; freed with the object.
class Allocation {
public:
  Allocation() = default;
  explicit Allocation(size_t bytes) : bytes_(bytes) {
    check(cudaMalloc(&data_, std::max<size_t>(bytes, 1)), "cudaMalloc");
  }
  explicit Allocation(const Bytes &host) : Allocation(host.size()) {
    write(host.data());
  }
  Allocation(Allocation &&other) noexcept { swap(other); }
  Allocation &operator=(Allocation &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Allocation() { cudaFree(data_); }

  void write(const void *host) {
    check(cudaMemcpy(data_, host, bytes_, cudaMemcpyHostToDevice),
          "cudaMemcpy to the device");
  }
  void read(void *host) const {
    check(cudaMemcpy(host, data_, bytes_, cudaMemcpyDeviceToHost),
          "cudaMemcpy from the device");
  }
  void *data() const { return data_; }
  size_t bytes() const { return bytes_; }

private:
  void swap(Allocation &other) {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }
  void *data_ = nullptr;
  size_t bytes_ = 0;
};

template <class T>
Allocation copyOf(const std::vector<T> &host) {
  Allocation memory(host.size() * sizeof(T));
  memory.write(host.data());
  return memory;
}

/// The driver's function, which the runtime library has no name for.
decltype(&cuTensorMapEncodeTiled) encodeFunction() {
  static void *driver = dlopen("libcuda.so.1", RTLD_NOW);
  auto *found = driver ? dlsym(driver, "cuTensorMapEncodeTiled") : nullptr;
  if (!found)
    fail("libcuda.so.1 has no cuTensorMapEncodeTiled");
  return reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(found);
}

TensorMap encoded(const TensorMapSpec &spec, void *matrix, uint32_t runRows) {
  TensorMap map;
  static_assert(sizeof map == sizeof(CUtensorMap));
  cuuint64_t size[] = {spec.columns,
                       spec.rows ? spec.rows : uint64_t(runRows) * spec.perRow};
  cuuint64_t pitch[] = {uint64_t(spec.columns) * spec.elementBytes};
  cuuint32_t box[] = {spec.boxColumns, spec.boxRows}, step[] = {1, 1};
  CUresult result = encodeFunction()(
      reinterpret_cast<CUtensorMap *>(&map),
      spec.elementBytes == 1 ? CU_TENSOR_MAP_DATA_TYPE_UINT8
                             : CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
      2, matrix, size, pitch, box, step, CU_TENSOR_MAP_INTERLEAVE_NONE,
      CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
      CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS)
    fail("cuTensorMapEncodeTiled: error " + std::to_string(result));
  return map;
}

struct OneLaunch {
  const void *function;
  uint32_t blocks, threads, sharedBytes;
  Allocation maps;
  DeviceCall call;
};

} // namespace

struct DeviceRow::Memory {
  std::vector<Allocation> operands, entries, arrays;
  Allocation batch, workspace, flush;
  std::vector<OneLaunch> launches;
};

DeviceRow::DeviceRow(const KernelRow &row, const Example &example,
                     const Run &run, const std::vector<Operand> &operands)
    : memory_(std::make_unique<Memory>()) {
  Memory &memory = *memory_;
  DeviceCall call{};
  std::vector<std::vector<void *>> lists(operands.size());
  for (size_t i = 0; i < operands.size(); ++i) {
    for (const auto &bytes : operands[i].list) {
      memory.entries.emplace_back(*bytes);
      lists[i].push_back(memory.entries.back().data());
    }
    memory.operands.push_back(operands[i].list.empty()
                                  ? Allocation(*operands[i].device)
                                  : copyOf(lists[i]));
    call.operands[i] = memory.operands.back().data();
  }
  Batch batch = run.view();
  auto place = [&](const std::vector<uint32_t> &host) {
    memory.arrays.push_back(copyOf(host));
    return static_cast<const uint32_t *>(memory.arrays.back().data());
  };
  batch.tokenIds = place(run.tokenIds);
  batch.positions = place(run.positions);
  batch.sequenceOf = place(run.sequenceOf);
  batch.firstToken = place(run.firstToken);
  batch.pageTable = place(run.pageTable);
  batch.rowIndex = place(run.rowIndex);
  memory.batch = copyOf(std::vector<Batch>{batch});
  call.batch = static_cast<const Batch *>(memory.batch.data());

  uint64_t workspace = 0;
  for (const Launch &launch : launchesOf(row))
    workspace = std::max(workspace, launch.workspace(example.value));
  memory.workspace = Allocation(workspace);
  call.workspace = memory.workspace.data();

  const DeviceInfo info = deviceInfo();
  for (const KernelEntry *entry = kKernelTable; entry->row; ++entry) {
    if (row.name != entry->row || example.label != entry->label)
      continue;
    const Launch &launch = launchesOf(row)[entry->launch];
    OneLaunch one{entry->function,
                  0,
                  launch.threads,
                  launch.sharedBytes(example.value),
                  {},
                  call};
    std::vector<TensorMap> maps;
    const cuda::TensorMaps wanted = launch.maps(example.value);
    for (uint32_t i = 0; i < wanted.count; ++i) {
      const TensorMapSpec &spec = wanted.list[i];
      for (uint32_t at = 0; at < std::max(spec.list, 1u); ++at)
        maps.push_back(encoded(
            spec,
            spec.list ? lists[spec.operand][spec.first + at * spec.stride]
                      : call.operands[spec.operand],
            run.tokens));
    }
    one.maps = copyOf(maps);
    one.call.maps = static_cast<const TensorMap *>(one.maps.data());
    check(cudaFuncSetAttribute(one.function,
                               cudaFuncAttributeMaxDynamicSharedMemorySize,
                               int(one.sharedBytes)),
          "cudaFuncSetAttribute");
    int together = 0;
    check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(
              &together, one.function, int(one.threads), one.sharedBytes),
          "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
    one.blocks =
        std::min(std::max(1u, tilesOf(launch.tiles(example.value), batch)),
                 std::max(1u, uint32_t(together)) * info.multiprocessors);
    memory.launches.push_back(std::move(one));
  }
  memory.flush = Allocation(2 * info.secondLevelCache);
}

DeviceRow::~DeviceRow() = default;

void DeviceRow::run() const {
  for (const OneLaunch &one : memory_->launches) {
    DeviceCall call = one.call;
    void *arguments[] = {&call};
    check(cudaLaunchKernel(one.function, one.blocks, one.threads, arguments,
                           one.sharedBytes, nullptr),
          "cudaLaunchKernel");
  }
}

void DeviceRow::fetch(std::vector<Operand> &operands) const {
  check(cudaDeviceSynchronize(), "the kernel");
  for (size_t i = 0; i < operands.size(); ++i)
    if (operands[i].isOutput)
      memory_->operands[i].read(operands[i].device->data());
}

double DeviceRow::seconds() const {
  constexpr int kRounds = 15;
  cudaEvent_t begin, end;
  check(cudaEventCreate(&begin), "cudaEventCreate");
  check(cudaEventCreate(&end), "cudaEventCreate");
  std::vector<float> milliseconds(kRounds);
  for (float &each : milliseconds) {
    check(cudaMemsetAsync(memory_->flush.data(), 0, memory_->flush.bytes(),
                          nullptr),
          "cudaMemsetAsync");
    check(cudaEventRecord(begin, nullptr), "cudaEventRecord");
    run();
    check(cudaEventRecord(end, nullptr), "cudaEventRecord");
    check(cudaEventSynchronize(end), "the kernel");
    check(cudaEventElapsedTime(&each, begin, end), "cudaEventElapsedTime");
  }
  cudaEventDestroy(begin);
  cudaEventDestroy(end);
  std::nth_element(milliseconds.begin(), milliseconds.begin() + kRounds / 2,
                   milliseconds.end());
  return milliseconds[kRounds / 2] * 1e-3;
}

DeviceInfo deviceInfo() {
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, 0), "cudaGetDeviceProperties");
  const int number = properties.major * 10 + properties.minor;
  std::string architecture = "sm_" + std::to_string(number);
  for (const LevelInfo &level : architectures())
    if (level.name == architecture + "a")
      architecture += "a";
  return {properties.name, architecture,
          uint32_t(properties.multiProcessorCount), properties.totalGlobalMem,
          size_t(properties.l2CacheSize)};
}

} // namespace ds::day
