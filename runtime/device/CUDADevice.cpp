// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/CUDADevice.h"
#include <algorithm>
#include <cstring>
#include <thread>

namespace ds::rt {
namespace {

// Values of the driver's enumerations.
constexpr unsigned kCapabilityMajor = 75, kCapabilityMinor = 76,
                   kMultiprocessors = 16;
constexpr unsigned kMaxDynamicShared = 8; // a function's attribute
constexpr unsigned kNonBlockingStream = 1;
constexpr unsigned kEventWithoutTime = 2;
constexpr unsigned kCaptureThreadLocal = 1;
constexpr unsigned kElementUint8 = 0, kElementBF16 = 9;
constexpr unsigned kNoInterleave = 0, kSwizzle128 = 3, kPromote128 = 2,
                   kFillZeros = 0;
// Dynamic shared memory that a kernel gets without asking.
constexpr uint32_t kPlainShared = 48 * 1024;

using Clock = std::chrono::steady_clock;

unsigned long long address(DevicePointer pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

std::string textOf(const DeviceWork &work) {
  if (work.isGraph)
    return "the " + std::string(work.name) + " graph of " +
           std::to_string(work.step) + " tokens";
  return "step " + std::to_string(work.step) + " (" + work.name + ")";
}

} // namespace

Result<std::unique_ptr<CUDADevice>>
CUDADevice::open(const CUDAOptions &options) {
  DS_ASSIGN(CUDADriver driver, CUDADriver::open(options.library));
  std::unique_ptr<CUDADevice> device(new CUDADevice(driver, options));
  DS_TRY(device->create());
  return device;
}

Status CUDADevice::create() {
  int count = 0;
  if (unsigned code = driver_.deviceCount(&count);
      code && code != CUDADriver::NoDevice)
    return check(code, "cuDeviceGetCount");
  if (options_.device >= uint32_t(std::max(count, 0)))
    return Error{.code = ErrorCode::DeviceAbsent,
                 .subject = options_.device == 0
                                ? std::string("the plan needs 1 CUDA device")
                                : "CUDA devices, number " +
                                      std::to_string(options_.device) +
                                      " is wanted",
                 .found = std::to_string(count)};
  DS_TRY(check(driver_.device(&device_, int(options_.device)), "cuDeviceGet"));
  char product[128] = {};
  DS_TRY(check(driver_.deviceName(product, sizeof product - 1, device_),
               "cuDeviceGetName"));
  name_ = product;
  int major = 0, minor = 0;
  DS_TRY(check(driver_.deviceAttribute(&major, kCapabilityMajor, device_),
               "cuDeviceGetAttribute"));
  DS_TRY(check(driver_.deviceAttribute(&minor, kCapabilityMinor, device_),
               "cuDeviceGetAttribute"));
  capability_ = {uint32_t(major), uint32_t(minor)};
  DS_TRY(check(driver_.retainContext(&context_, device_),
               "cuDevicePrimaryCtxRetain"));
  DS_TRY(check(driver_.setContext(context_), "cuCtxSetCurrent"));
  DS_TRY(check(driver_.createStream(&stream_, kNonBlockingStream),
               "cuStreamCreate"));
  for (Mark &mark : marks_)
    DS_TRY(check(driver_.createEvent(&mark.event, kEventWithoutTime),
                 "cuEventCreate"));
  return {};
}

CUDADevice::~CUDADevice() {
  if (isLost_ || !context_)
    return;
  driver_.setContext(context_);
  for (void *graph : graphs_)
    driver_.destroyGraphExec(graph);
  for (const Mark &mark : marks_)
    if (mark.event)
      driver_.destroyEvent(mark.event);
  for (const Staging &staging : staging_)
    if (staging.event)
      driver_.destroyEvent(staging.event);
  for (void *memory : hostMemory_)
    driver_.freeHost(memory);
  for (unsigned long long memory : memory_)
    driver_.free(memory);
  if (module_)
    driver_.unloadModule(module_);
  if (stream_)
    driver_.destroyStream(stream_);
  driver_.releaseContext(device_);
}

/// Any code but success is the end: errors of kernels are sticky, and the
/// others are mistakes of ours.
Status CUDADevice::check(unsigned code, const char *function,
                         const DeviceWork *work) {
  if (code == CUDADriver::Success)
    return {};
  isLost_ = true;
  // A launch reports what an earlier one did: name the first not known to end.
  if (!work && firstMark_ != endMark_)
    work = &marks_[firstMark_ % kMarks].work;
  return Error{.code = ErrorCode::DeviceFailed,
               .subject = where_ + ": " + function + ": " +
                          driver_.nameOf(code) +
                          (work ? " in or after " + textOf(*work) : ""),
               .help = "the NVIDIA driver's log (dmesg, nvidia-smi) may say "
                       "more; start again"};
}

Result<Device::Space> CUDADevice::space() {
  size_t free = 0, total = 0;
  DS_TRY(check(driver_.memoryInfo(&free, &total), "cuMemGetInfo"));
  return Space{free, total};
}

Result<DevicePointer> CUDADevice::allocate(uint64_t bytes) {
  unsigned long long memory = 0;
  if (!bytes)
    return DevicePointer(nullptr);
  unsigned code = driver_.allocate(&memory, bytes);
  if (code == CUDADriver::OutOfMemory)
    return Error{.code = ErrorCode::DeviceSpace,
                 .subject = where_ + ": cannot get " + std::to_string(bytes) +
                            " bytes of memory in one piece"};
  DS_TRY(check(code, "cuMemAlloc"));
  memory_.push_back(memory);
  return reinterpret_cast<DevicePointer>(uintptr_t(memory));
}

Result<std::byte *> CUDADevice::allocateHost(uint64_t bytes) {
  void *memory = nullptr;
  if (!bytes)
    return static_cast<std::byte *>(nullptr);
  unsigned code = driver_.allocateHost(&memory, bytes);
  if (code == CUDADriver::OutOfMemory)
    return Error{.code = ErrorCode::MemoryUnavailable,
                 .subject = "cannot get " + std::to_string(bytes) +
                            " bytes of pinned memory"};
  DS_TRY(check(code, "cuMemAllocHost"));
  hostMemory_.push_back(memory);
  return static_cast<std::byte *>(memory);
}

Status CUDADevice::createStaging() {
  for (Staging &staging : staging_) {
    DS_ASSIGN(staging.data, allocateHost(kStagingBytes));
    DS_TRY(check(driver_.createEvent(&staging.event, kEventWithoutTime),
                 "cuEventCreate"));
  }
  return {};
}

Status CUDADevice::upload(DevicePointer to, const void *from, uint64_t bytes) {
  if (!staging_[0].data)
    DS_TRY(createStaging());
  for (uint64_t at = 0; at < bytes; at += kStagingBytes) {
    uint64_t part = std::min(kStagingBytes, bytes - at);
    Staging &staging = staging_[nextStaging_++ % staging_.size()];
    if (staging.isUsed)
      DS_TRY(wait([&] { return driver_.queryEvent(staging.event); },
                  "cuEventQuery", nullptr));
    std::memcpy(staging.data, static_cast<const std::byte *>(from) + at, part);
    DS_TRY(copyIn(to + at, staging.data, part));
    DS_TRY(check(driver_.recordEvent(staging.event, stream_), "cuEventRecord"));
    staging.isUsed = true;
  }
  return {};
}

Status CUDADevice::copyIn(DevicePointer to, const std::byte *from,
                          uint64_t bytes) {
  return bytes ? check(driver_.copyIn(address(to), from, bytes, stream_),
                       "cuMemcpyHtoDAsync")
               : Status();
}

Status CUDADevice::copyOut(std::byte *to, DevicePointer from, uint64_t bytes) {
  return bytes ? check(driver_.copyOut(to, address(from), bytes, stream_),
                       "cuMemcpyDtoHAsync")
               : Status();
}

Status CUDADevice::load(std::span<const uint8_t> image) {
  if (unsigned code = driver_.loadModule(&module_, image.data()))
    return Error{
        .code = ErrorCode::DeviceImage,
        .subject = where_ + ": the driver does not take the code: " +
                   driver_.nameOf(code),
        .notes = {"the driver is for CUDA " + cudaVersion(driver_.version)},
        .help = "install a newer NVIDIA driver, or compile the model "
                "again for this device"};
  return {};
}

Result<DeviceKernel> CUDADevice::kernel(const char *symbol,
                                        uint32_t sharedBytes) {
  void *function = nullptr;
  unsigned code = driver_.function(&function, module_, symbol);
  if (code == CUDADriver::NotFound)
    return DeviceKernel(nullptr);
  DS_TRY(check(code, "cuModuleGetFunction"));
  if (sharedBytes > kPlainShared)
    if (unsigned refused = driver_.setFunctionAttribute(
            function, kMaxDynamicShared, int(sharedBytes)))
      return Error{.code = ErrorCode::DeviceImage,
                   .subject = where_ + ": no block gets the shared memory " +
                              "that " + symbol + " needs, " +
                              std::to_string(sharedBytes) +
                              " bytes: " + driver_.nameOf(refused)};
  return DeviceKernel(function);
}

Result<uint32_t> CUDADevice::mostBlocks(DeviceKernel kernel, uint32_t threads,
                                        uint32_t sharedBytes) {
  int each = 0, multiprocessors = 0;
  DS_TRY(check(driver_.occupancy(&each, kernel, int(threads), sharedBytes),
               "cuOccupancyMaxActiveBlocksPerMultiprocessor"));
  DS_TRY(check(
      driver_.deviceAttribute(&multiprocessors, kMultiprocessors, device_),
      "cuDeviceGetAttribute"));
  return uint32_t(std::max(each * multiprocessors, 1));
}

Result<TensorMap> CUDADevice::tensorMap(const TensorMapSpec &spec,
                                        DevicePointer address, uint64_t rows) {
  alignas(128) TensorMap map{}; // as CUtensorMap of CUDA 13
  const uint64_t extent[] = {spec.columns, rows};
  const uint64_t pitch[] = {uint64_t(spec.columns) * spec.elementBytes};
  const uint32_t box[] = {spec.boxColumns, spec.boxRows}, steps[] = {1, 1};
  DS_TRY(check(driver_.encodeTensorMap(
                   &map, spec.elementBytes == 1 ? kElementUint8 : kElementBF16,
                   2, address, extent, pitch, box, steps, kNoInterleave,
                   kSwizzle128, kPromote128, kFillZeros),
               "cuTensorMapEncodeTiled"));
  return map;
}

Status CUDADevice::launch(const DeviceLaunch &launch) {
  // The driver copies the parameter: it is one struct, passed by value.
  void *parameters[] = {const_cast<DeviceCall *>(launch.call)};
  if (!isCapturing_ && endMark_ - firstMark_ == kMarks)
    DS_TRY(waitForMark());
  DS_TRY(
      check(driver_.launch(launch.kernel, launch.grid, 1, 1, launch.threads, 1,
                           1, launch.sharedBytes, stream_, parameters, nullptr),
            "cuLaunchKernel", firstMark_ == endMark_ ? &launch.work : nullptr));
  return isCapturing_ ? Status() : mark(launch.work);
}

Status CUDADevice::mark(const DeviceWork &work) {
  Mark &mark = marks_[endMark_ % kMarks];
  DS_TRY(check(driver_.recordEvent(mark.event, stream_), "cuEventRecord"));
  mark.work = work;
  ++endMark_;
  return {};
}

Status CUDADevice::waitForMark() {
  const Mark &mark = marks_[firstMark_ % kMarks];
  DS_TRY(wait([&] { return driver_.queryEvent(mark.event); }, "cuEventQuery",
              &mark.work));
  ++firstMark_;
  return {};
}

/// Asks until the answer is not "not ready". A step's end is seen within a
/// microsecond, or when it takes long, within 50.
template <class Query>
Status CUDADevice::wait(Query query, const char *function,
                        const DeviceWork *work) {
  unsigned code = query();
  if (code != CUDADriver::NotReady)
    return check(code, function, work);
  Clock::time_point start = Clock::now();
  while ((code = query()) == CUDADriver::NotReady) {
    Clock::duration waited = Clock::now() - start;
    if (waited > options_.patience) {
      isLost_ = true;
      auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(options_.patience);
      return Error{.code = ErrorCode::DeviceHang,
                   .subject = where_ + ": no progress for " +
                              std::to_string(seconds.count()) + " s in " +
                              (work ? textOf(*work) : "a copy")};
    }
    if (waited > std::chrono::milliseconds(2))
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return check(code, function, work);
}

Status CUDADevice::beginCapture() {
  DS_TRY(check(driver_.beginCapture(stream_, kCaptureThreadLocal),
               "cuStreamBeginCapture"));
  isCapturing_ = true;
  return {};
}

Result<uint32_t> CUDADevice::endCapture() {
  void *graph = nullptr, *executable = nullptr;
  isCapturing_ = false;
  DS_TRY(check(driver_.endCapture(stream_, &graph), "cuStreamEndCapture"));
  unsigned code = driver_.instantiate(&executable, graph, 0);
  driver_.destroyGraph(graph);
  if (code == CUDADriver::OutOfMemory)
    return Error{.code = ErrorCode::DeviceSpace,
                 .subject = where_ + ": no memory for another graph"};
  DS_TRY(check(code, "cuGraphInstantiate"));
  graphs_.push_back(executable);
  return uint32_t(graphs_.size() - 1);
}

Status CUDADevice::replay(uint32_t graph, const DeviceWork &work) {
  if (endMark_ - firstMark_ == kMarks)
    DS_TRY(waitForMark());
  DS_TRY(check(driver_.launchGraph(graphs_[graph], stream_), "cuGraphLaunch",
               firstMark_ == endMark_ ? &work : nullptr));
  return mark(work);
}

Status CUDADevice::synchronize() {
  while (firstMark_ != endMark_)
    DS_TRY(waitForMark());
  return wait([&] { return driver_.queryStream(stream_); }, "cuStreamQuery",
              nullptr);
}

} // namespace ds::rt
