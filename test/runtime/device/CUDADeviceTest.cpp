// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CUDADevice on the fake driver of test/runtime/fake_cuda.
#include "runtime/device/CUDADevice.h"
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <numeric>

using namespace ds;

/// What the fake driver runs: adds the batch's tokens and the grid to a number.
extern "C" __attribute__((visibility("default"))) void
fakeAdd(const DeviceCall *call, unsigned grid) {
  *static_cast<uint32_t *>(call->operands[0]) += call->batch->tokens + grid;
}

namespace ds::rt::test {
namespace {

class CUDADeviceTest : public testing::Test {
protected:
  void SetUp() override {
    library_ = ::dlopen(FAKE_CUDA, RTLD_NOW);
    ASSERT_TRUE(library_) << ::dlerror();
    function<void()>("fakeCUDAReset")();
  }
  void TearDown() override { ::unsetenv("DS_FAKE_CUDA"); }

  template <class Signature>
  Signature *function(const char *name) {
    return reinterpret_cast<Signature *>(::dlsym(library_, name));
  }
  /// What was called since the last time.
  std::string calls() { return function<const char *()>("fakeCUDACalls")(); }
  size_t count(const std::string &calls, const std::string &name) {
    size_t found = 0;
    for (size_t at = calls.find(name); at != calls.npos;
         at = calls.find(name, at + 1))
      ++found;
    return found;
  }
  void pretend(const char *settings) { ::setenv("DS_FAKE_CUDA", settings, 1); }
  Result<std::unique_ptr<CUDADevice>> open(uint32_t device = 0) {
    return CUDADevice::open({.device = device,
                             .library = FAKE_CUDA,
                             .patience = std::chrono::milliseconds(50)});
  }
  Error errorOf(Status status) {
    EXPECT_FALSE(status);
    return status.errors().at(0);
  }
  /// A device with code, and a launch of `symbol`.
  DeviceLaunch launchOf(CUDADevice &device, const char *symbol,
                        const DeviceCall &call) {
    const uint8_t image[64] = {};
    EXPECT_TRUE(device.load(image));
    return {.kernel = *device.kernel(symbol, 0),
            .grid = 3,
            .threads = 128,
            .sharedBytes = 0,
            .call = &call,
            .work = {.step = 311, .name = "add_cuda"}};
  }

  void *library_ = nullptr;
};

TEST_F(CUDADeviceTest, saysWhatTheDeviceIs) {
  pretend("capability=8.9,free=1000,driver=12080,devices=3");
  auto device = std::move(*open(2));
  EXPECT_EQ(device->place(), "device 2");
  EXPECT_EQ(device->name(), "Fake GPU");
  EXPECT_EQ(device->capability().name(), "sm_89");
  EXPECT_EQ(device->driverVersion(), 12080);
  EXPECT_EQ(device->space()->free, 1000u);
}

// Each way of having no device is refused with 8 and says which it is.
TEST_F(CUDADeviceTest, refusesWithoutADevice) {
  Error absent = errorOf(
      CUDADevice::open({.library = "libno-such-driver.so.1"}).takeStatus());
  EXPECT_EQ(absent.code, ErrorCode::DeviceAbsent);
  EXPECT_EQ(absent.message(),
            "error[E713]: the plan needs 1 CUDA device: found 0");
  EXPECT_NE(absent.notes.at(0).find("libno-such-driver.so.1"),
            std::string::npos);

  pretend("devices=0");
  EXPECT_EQ(errorOf(open().takeStatus()).message(),
            "error[E713]: the plan needs 1 CUDA device: found 0");
  pretend("devices=2");
  EXPECT_EQ(errorOf(open(2).takeStatus()).message(),
            "error[E713]: CUDA devices, number 2 is wanted: found 2");
  pretend("fail=cuInit:803");
  EXPECT_EQ(errorOf(open().takeStatus()).notes.at(0),
            "cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH");
  EXPECT_EQ(exitOf(absent.code), Exit::Unfit);
}

// A library without one of the functions is an older driver.
TEST_F(CUDADeviceTest, refusesADriverWithoutAFunction) {
  Error error =
      errorOf(CUDADevice::open({.library = "libm.so.6"}).takeStatus());
  EXPECT_EQ(error.code, ErrorCode::DriverTooOld);
  EXPECT_EQ(error.expected, "one that has cuInit");
  EXPECT_EQ(exitOf(error.code), Exit::Unfit);
}

// What was taken is given back, each once.
TEST_F(CUDADeviceTest, freesWhatItTook) {
  {
    auto device = std::move(*open());
    ASSERT_TRUE(device->allocate(1000));
    ASSERT_TRUE(device->allocate(1));
    ASSERT_TRUE(device->allocateHost(64));
  }
  std::string made = calls();
  EXPECT_EQ(count(made, "cuMemAlloc 1000\n"), 1u);
  EXPECT_EQ(count(made, "cuMemFree\n"), 2u);
  EXPECT_EQ(count(made, "cuMemFreeHost\n"), 1u);
  EXPECT_EQ(count(made, "cuDevicePrimaryCtxRelease\n"), 1u);
}

TEST_F(CUDADeviceTest, refusesMemoryThatIsNotThere) {
  pretend("fail=cuMemAlloc:2");
  auto device = std::move(*open());
  Error error = errorOf(device->allocate(4096).takeStatus());
  EXPECT_EQ(error.code, ErrorCode::DeviceSpace);
  EXPECT_EQ(exitOf(error.code), Exit::Limit);
}

// More than the staging memory arrives whole.
TEST_F(CUDADeviceTest, uploadsInPieces) {
  auto device = std::move(*open());
  std::vector<uint32_t> numbers(10'000'000);
  std::iota(numbers.begin(), numbers.end(), 7u);
  uint64_t bytes = numbers.size() * sizeof(uint32_t);
  DevicePointer place = *device->allocate(bytes);
  ASSERT_TRUE(device->upload(place, numbers.data(), bytes));
  EXPECT_EQ(count(calls(), "cuMemcpyHtoDAsync"), 3u);
  std::byte *back = *device->allocateHost(bytes);
  ASSERT_TRUE(device->copyOut(back, place, bytes));
  ASSERT_TRUE(device->synchronize());
  EXPECT_EQ(std::memcmp(back, numbers.data(), bytes), 0);
}

// Only more than 48 KB of shared memory must be asked for.
TEST_F(CUDADeviceTest, asksForLargeSharedMemory) {
  pretend("absent=gone");
  auto device = std::move(*open());
  const uint8_t image[64] = {};
  ASSERT_TRUE(device->load(image));
  calls();
  EXPECT_NE(*device->kernel("small", 48 * 1024), nullptr);
  EXPECT_EQ(calls(), "cuModuleGetFunction small\n");
  EXPECT_NE(*device->kernel("large", 100'000), nullptr);
  EXPECT_EQ(calls(),
            "cuModuleGetFunction large\ncuFuncSetAttribute 8=100000\n");
  EXPECT_EQ(*device->kernel("gone", 0), nullptr);
}

// A grid is never larger than what runs at once: two blocks on each of three
// multiprocessors.
TEST_F(CUDADeviceTest, knowsHowManyBlocksRunAtOnce) {
  pretend("multiprocessors=3");
  auto device = std::move(*open());
  EXPECT_EQ(*device->mostBlocks(nullptr, 256, 1024), 6u);
}

TEST_F(CUDADeviceTest, refusesCodeThatTheDriverDoesNotTake) {
  pretend("fail=cuModuleLoadData:209,driver=12020");
  auto device = std::move(*open());
  const uint8_t image[64] = {};
  Error error = errorOf(device->load(image));
  EXPECT_EQ(error.message(),
            "error[E717]: device 0: the driver does not take the code: "
            "CUDA_ERROR_NO_BINARY_FOR_GPU");
  EXPECT_EQ(error.notes.at(0), "the driver is for CUDA 12.2");
  EXPECT_EQ(exitOf(error.code), Exit::Unfit);
}

// A graph gives what the launches gave that it was made of, as often as it is
// replayed; making it runs nothing.
TEST_F(CUDADeviceTest, replaysLaunches) {
  auto device = std::move(*open());
  Batch batch{};
  batch.tokens = 5;
  uint32_t sum = 0;
  DeviceCall call{};
  call.batch = &batch;
  call.operands[0] = &sum;
  DeviceLaunch launch = launchOf(*device, "fakeAdd", call);
  ASSERT_TRUE(device->launch(launch));
  EXPECT_EQ(sum, 8u);
  ASSERT_TRUE(device->beginCapture());
  ASSERT_TRUE(device->launch(launch));
  launch.grid = 4;
  ASSERT_TRUE(device->launch(launch));
  uint32_t graph = *device->endCapture();
  EXPECT_EQ(sum, 8u);
  call.operands[0] = nullptr; // the graph has a copy
  batch.tokens = 1;           // in device memory: the next replay sees it
  ASSERT_TRUE(device->replay(graph, {.step = 8, .name = "decode"}));
  ASSERT_TRUE(device->replay(graph, {.step = 8, .name = "decode"}));
  ASSERT_TRUE(device->synchronize());
  EXPECT_EQ(sum, 8u + 2 * (4 + 5));
}

// The host is never more than 256 launches ahead.
TEST_F(CUDADeviceTest, boundsHowFarItRunsAhead) {
  auto device = std::move(*open());
  DeviceCall call{};
  DeviceLaunch launch = launchOf(*device, "nothing", call);
  calls();
  for (int i = 0; i < 256; ++i)
    ASSERT_TRUE(device->launch(launch));
  EXPECT_EQ(count(calls(), "cuEventQuery"), 0u);
  ASSERT_TRUE(device->launch(launch));
  EXPECT_EQ(count(calls(), "cuEventQuery"), 1u);
}

// A sticky error names the API, what ran and the device; nothing is freed then,
// as the driver might not come back.
TEST_F(CUDADeviceTest, namesWhatFailed) {
  {
    auto device = std::move(*open());
    ASSERT_TRUE(device->allocate(64));
    DeviceCall call{};
    DeviceLaunch launch = launchOf(*device, "nothing", call);
    ASSERT_TRUE(device->launch(launch));
    pretend("fail=cuEventQuery:700");
    Error error = errorOf(device->synchronize());
    EXPECT_EQ(error.message(),
              "error[E718]: device 0: cuEventQuery: "
              "CUDA_ERROR_ILLEGAL_ADDRESS in or after step 311 (add_cuda)");
    EXPECT_EQ(exitOf(error.code), Exit::Device);
    calls();
  }
  EXPECT_EQ(calls(), "");
}

// Of launches in flight the first that has not ended is named.
TEST_F(CUDADeviceTest, namesTheFirstInFlight) {
  auto device = std::move(*open());
  DeviceCall call{};
  DeviceLaunch launch = launchOf(*device, "nothing", call);
  ASSERT_TRUE(device->launch(launch));
  pretend("fail=cuLaunchKernel:719");
  launch.work.step = 312;
  Error error = errorOf(device->launch(launch));
  EXPECT_EQ(error.message(),
            "error[E718]: device 0: cuLaunchKernel: CUDA_ERROR_LAUNCH_FAILED "
            "in or after step 311 (add_cuda)");
}

// A step that does not end is given up, and named.
TEST_F(CUDADeviceTest, watchesForProgress) {
  auto device = std::move(*open());
  DeviceCall call{};
  DeviceLaunch launch = launchOf(*device, "nothing", call);
  pretend("hang=0");
  ASSERT_TRUE(device->launch(launch));
  Error error = errorOf(device->synchronize());
  EXPECT_EQ(error.message(), "error[E719]: device 0: no progress for 0 s in "
                             "step 311 (add_cuda)");
  EXPECT_EQ(exitOf(error.code), Exit::Device);
}

TEST_F(CUDADeviceTest, namesTheGraphThatHangs) {
  auto device = std::move(*open());
  ASSERT_TRUE(device->beginCapture());
  uint32_t graph = *device->endCapture();
  pretend("hang=0");
  ASSERT_TRUE(
      device->replay(graph, {.step = 16, .name = "decode", .isGraph = true}));
  EXPECT_EQ(errorOf(device->synchronize()).message(),
            "error[E719]: device 0: no progress for 0 s in the decode graph of "
            "16 tokens");
}

// A dsrun waits for a minute.
TEST_F(CUDADeviceTest, waitsAMinute) {
  EXPECT_EQ(CUDAOptions().patience, std::chrono::seconds(60));
}

// Two dimensions, innermost first; 128-byte swizzle, zeros outside.
TEST_F(CUDADeviceTest, describesAMatrix) {
  auto device = std::move(*open());
  TensorMapSpec spec{};
  spec.elementBytes = 2;
  spec.columns = 96;
  spec.boxColumns = 64;
  spec.boxRows = 32;
  calls();
  ASSERT_TRUE(device->tensorMap(spec, nullptr, 500));
  EXPECT_EQ(calls(), "cuTensorMapEncodeTiled 9 2 96 500 192 64 32 0 3 2 0 \n");
  spec.elementBytes = 1;
  ASSERT_TRUE(device->tensorMap(spec, nullptr, 7));
  EXPECT_EQ(calls(), "cuTensorMapEncodeTiled 0 2 96 7 96 64 32 0 3 2 0 \n");
}

} // namespace
} // namespace ds::rt::test
