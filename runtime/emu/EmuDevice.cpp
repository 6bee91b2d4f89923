// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/emu/EmuDevice.h"
#include "kernels/emu/EncodeTensorMap.h"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

namespace ds::rt {
namespace {

struct EmulatedLevel {
  std::string_view name;
  const char *capability;
  emu::Architecture architecture;
};
constexpr EmulatedLevel kLevels[] = {
    {"sm_80", "8.0", emu::Architecture::SM80},
    {"sm_89", "8.9", emu::Architecture::SM89},
    {"sm_90a", "9.0", emu::Architecture::SM90a},
    {"sm_100a", "10.0", emu::Architecture::SM100a}};

using EmulatedKernel = void(const DeviceCall *);

struct Bound {
  EmulatedKernel *kernel;
  const DeviceCall *call;
};

Error unloadable(std::string why) {
  return {.code = ErrorCode::DeviceImage,
          .subject = "the emulation does not take the code: " + std::move(why),
          .help = "compile the model again with this version"};
}

/// What the emulation says, a line a note.
Error fault(const DeviceWork &work, std::string_view report) {
  Error error{.code = ErrorCode::EmulationFault,
              .subject = "emulated device: step " + std::to_string(work.step) +
                         " (" + work.name + ")"};
  while (!report.empty()) {
    size_t end = std::min(report.find('\n'), report.size());
    error.notes.emplace_back(report.substr(0, end));
    report.remove_prefix(std::min(end + 1, report.size()));
  }
  return error;
}

} // namespace

Result<std::unique_ptr<Device>> EmuDevice::open(std::string_view level,
                                                uint32_t threads) {
  const auto *found = std::ranges::find(kLevels, level, &EmulatedLevel::name);
  if (found == std::end(kLevels))
    return unloadable("level " + std::string(level) + " is not emulated");
  return std::unique_ptr<Device>(new EmuDevice(
      *ComputeCapability::of(found->capability), found->architecture, threads));
}

EmuDevice::EmuDevice(const ComputeCapability &capability,
                     emu::Architecture architecture, uint32_t threads)
    : capability_(capability), pool_(threads) {
  options_.architecture = architecture;
}

EmuDevice::~EmuDevice() {
  if (library_)
    ::dlclose(library_);
}

std::string EmuDevice::name() const {
  return capability_.name() + " on " + std::to_string(pool_.workers()) +
         " threads";
}

/// What the system gives shows when it is asked for.
Result<Device::Space> EmuDevice::space() {
  return Space{UINT64_MAX, UINT64_MAX};
}

Result<DevicePointer> EmuDevice::allocate(uint64_t bytes) {
  DS_ASSIGN(Memory memory, Memory::allocate(bytes)); // at a page
  DevicePointer first = memory.data();
  if (!bytes)
    return first;
  std::memset(first, 0xFF, bytes);
  options_.memory.push_back({first, bytes, true});
  memory_.push_back(std::move(memory));
  return first;
}

Result<std::byte *> EmuDevice::allocateHost(uint64_t bytes) {
  DS_ASSIGN(Memory memory, Memory::allocate(bytes));
  std::byte *first = memory.data();
  memory_.push_back(std::move(memory));
  return first;
}

Status EmuDevice::upload(DevicePointer to, const void *from, uint64_t bytes) {
  std::copy_n(static_cast<const std::byte *>(from), bytes, to);
  return {};
}

Status EmuDevice::copyIn(DevicePointer to, const std::byte *from,
                         uint64_t bytes) {
  return upload(to, from, bytes);
}

Status EmuDevice::copyOut(std::byte *to, DevicePointer from, uint64_t bytes) {
  return upload(to, from, bytes);
}

/// The verified bytes, not a file of some name.
Status EmuDevice::load(std::span<const uint8_t> image) {
  int file = ::memfd_create("kernels", MFD_CLOEXEC);
  size_t written = 0;
  while (file >= 0 && written < image.size()) {
    ssize_t part =
        ::write(file, image.data() + written, image.size() - written);
    if (part < 0 && errno == EINTR)
      continue;
    if (part <= 0)
      break;
    written += size_t(part);
  }
  if (written != image.size()) {
    std::string why = std::strerror(errno);
    if (file >= 0)
      ::close(file);
    return unloadable("no file in memory for it: " + why);
  }
  std::string path = "/proc/self/fd/" + std::to_string(file);
  library_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  ::close(file);
  return library_ ? Status() : unloadable(::dlerror());
}

Result<DeviceKernel> EmuDevice::kernel(const char *symbol, uint32_t) {
  return DeviceKernel(::dlsym(library_, symbol));
}

Result<TensorMap> EmuDevice::tensorMap(const TensorMapSpec &spec,
                                       DevicePointer address, uint64_t rows) {
  emu::EmulatedMap map{};
  map.base = address;
  map.columns = spec.columns;
  map.rows = rows;
  map.pitch = uint64_t(spec.columns) * spec.elementBytes;
  map.boxColumns = spec.boxColumns;
  map.boxRows = spec.boxRows;
  map.elementBytes = spec.elementBytes;
  map.swizzled = 1;
  TensorMap encoded{};
  if (std::string wrong = emu::encodeTensorMap(encoded, map); !wrong.empty())
    return Error{.code = ErrorCode::EmulationFault,
                 .subject = "emulated device: tensor map: " + wrong};
  return encoded;
}

Status EmuDevice::launch(const DeviceLaunch &launch) {
  if (!isCapturing_)
    return run(launch);
  graphs_.back().push_back({launch, *launch.call});
  return {};
}

/// Blocks go to whoever is free. The first that goes wrong ends the launch.
Status EmuDevice::run(const DeviceLaunch &launch) {
  std::atomic<uint32_t> next{0};
  std::atomic<bool> isWrong{false};
  std::mutex mutex;
  std::string report;
  Bound bound{reinterpret_cast<EmulatedKernel *>(launch.kernel), launch.call};
  auto kernel = [](const void *pointer) {
    const auto *bound = static_cast<const Bound *>(pointer);
    bound->kernel(bound->call);
  };
  pool_.run([&](uint32_t, uint32_t) {
    for (uint32_t block; !isWrong && (block = next++) < launch.grid;) {
      emu::Result result =
          emu::launch(kernel, &bound,
                      {.first = block, .last = block + 1, .total = launch.grid},
                      launch.threads, launch.sharedBytes, options_);
      if (result.ok)
        continue;
      isWrong = true;
      std::lock_guard lock(mutex);
      if (report.empty())
        report = std::move(result.text);
    }
  });
  return isWrong ? Status(fault(launch.work, report)) : Status();
}

Status EmuDevice::beginCapture() {
  isCapturing_ = true;
  graphs_.emplace_back();
  return {};
}

Result<uint32_t> EmuDevice::endCapture() {
  isCapturing_ = false;
  return uint32_t(graphs_.size() - 1);
}

Status EmuDevice::replay(uint32_t graph, const DeviceWork &) {
  for (const Captured &captured : graphs_[graph]) {
    DeviceLaunch launch = captured.launch;
    launch.call = &captured.call;
    DS_TRY(run(launch));
  }
  return {};
}

} // namespace ds::rt
