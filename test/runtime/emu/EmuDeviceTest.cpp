// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The emulation as a device: alone, and under sessions of TinyPlan.
#include "runtime/emu/EmuDevice.h"
#include "runtime/exec/Generator.h"
#include "test/runtime/exec/TinyPlan.h"
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace ds::rt::test {
namespace {

const std::vector<uint32_t> kPrompt = {0, 5, 9, 2, 2, 11, 7, 3};

std::vector<uint8_t> kernelsImage() {
  std::ifstream file(EMULATED_KERNELS, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::unique_ptr<Device> makeDevice(uint32_t threads = 2) {
  auto device = std::move(*EmuDevice::open("sm_80", threads));
  EXPECT_TRUE(device->load(kernelsImage()));
  return device;
}

class EmulatedSession : public testing::TestWithParam<uint32_t> {
protected:
  std::unique_ptr<Session> open(const TinyPlan &plan) {
    return std::move(*Session::create(plan.view(), makeDevice(GetParam()), 0,
                                      plan.weights(), {}));
  }
  TinyDevice form_{.kind = LevelKind::CUDAEmulation, .image = kernelsImage()};
};

// Prefill, taps and head give what the plain loop gives.
TEST_P(EmulatedSession, computesWhatTheCPUComputes) {
  TinyPlan plan(true, &form_);
  std::unique_ptr<Session> session = open(plan);
  SequenceId sequence = *session->addSequence(kContext);
  SequenceTokens run{sequence, kPrompt};
  ASSERT_TRUE(session->prefill({&run, 1}));
  for (uint32_t row = 0; row < kPrompt.size(); ++row) {
    ASSERT_TRUE(session->head({&row, 1}));
    std::span<const float> logits = session->logits(0);
    EXPECT_EQ(std::vector<float>(logits.begin(), logits.end()),
              tinyLogits(std::span(kPrompt).first(row + 1)));
  }
  std::vector<uint64_t> values = tinyValues(kPrompt, kLayers);
  for (size_t t = 0; t < values.size(); ++t)
    EXPECT_EQ(session->hiddenTap(kLayers)[t * kHidden],
              tinyHidden(values[t], 0));
}

// Graphs of every bucket, and launches without graphs, give the same tokens.
TEST_P(EmulatedSession, generatesInEveryBucket) {
  for (std::vector<uint32_t> buckets :
       {std::vector<uint32_t>{}, {4}, {1, 2, 4}}) {
    form_.buckets = buckets;
    TinyPlan plan(false, &form_);
    std::unique_ptr<Session> session = open(plan);
    Generator generator(*session);
    std::vector<Request> requests;
    for (uint32_t i = 0; i < 4; ++i) {
      requests.emplace_back();
      requests[i].prompt = {i, 5, 3 * i};
      requests[i].maxNewTokens = 1 + i; // so that each bucket has its turn
      requests[i].sampling.temperature = 0;
      requests[i].stops = {kEnd};
    }
    std::vector<Completion> answers = std::move(*generator.run(requests));
    for (uint32_t i = 0; i < 4; ++i)
      EXPECT_EQ(answers[i].tokens, tinyGreedy(requests[i].prompt, 1 + i));
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, EmulatedSession, testing::Values(1u, 3u));

// What a kernel does wrong is told with the step and the kernel.
TEST(EmuDeviceTest, tellsWhatAKernelDoesWrong) {
  for (const char *symbol : {"broken_barrier", "broken_access"}) {
    std::unique_ptr<Device> device = makeDevice();
    DeviceCall call{};
    call.operands[0] = *device->allocate(64);
    Status status =
        device->launch({.kernel = *device->kernel(symbol, 0),
                        .grid = 4,
                        .threads = 64,
                        .sharedBytes = 64,
                        .call = &call,
                        .work = {.step = 7, .name = "broken_cuda"}});
    ASSERT_FALSE(status) << symbol;
    const Error &error = status.errors()[0];
    EXPECT_EQ(error.message(),
              "error[E721]: emulated device: step 7 (broken_cuda)");
    ASSERT_FALSE(error.notes.empty());
    EXPECT_GT(error.notes[0].size(), 10u);
    EXPECT_EQ(status.exit(), Exit::Device);
  }
}

TEST(EmuDeviceTest, findsKernelsBySymbol) {
  std::unique_ptr<Device> device = makeDevice();
  EXPECT_NE(*device->kernel("tiny_head", 0), nullptr);
  EXPECT_EQ(*device->kernel("tiny_tail", 0), nullptr);
}

TEST(EmuDeviceTest, refusesWhatIsNoSharedObject) {
  auto device = std::move(*EmuDevice::open("sm_90a", 1));
  std::vector<uint8_t> image = kernelsImage();
  image[0] = 0;
  Status status = device->load(image);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.errors()[0].code, ErrorCode::DeviceImage);
  EXPECT_EQ(status.exit(), Exit::Unfit);
}

// What a plan can say of its shared object is checked before it is loaded:
// the system's loader would end the process.
TEST(EmuDeviceTest, plansRefuseHalfASharedObject) {
  std::vector<uint8_t> image = kernelsImage();
  for (size_t size : {size_t(64), image.size() / 2, image.size() - 1}) {
    TinyDevice half{.kind = LevelKind::CUDAEmulation,
                    .image = {image.begin(), image.begin() + ptrdiff_t(size)}};
    EXPECT_EXIT(TinyPlan(false, &half), testing::KilledBySignal(SIGABRT),
                "beyond its end");
  }
}

TEST(EmuDeviceTest, refusesAnArchitectureThatIsNotEmulated) {
  Status status = EmuDevice::open("sm_70", 1).takeStatus();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.exit(), Exit::Unfit);
}

} // namespace
} // namespace ds::rt::test
