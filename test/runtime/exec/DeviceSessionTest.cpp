// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sessions on CUDADevice, with the fake driver and TinyKernels.cpp in place of
// a GPU: the same numbers as on the CPU.
#include "runtime/device/CUDADevice.h"
#include "runtime/exec/Generator.h"
#include "test/runtime/exec/TinyPlan.h"
#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>

extern bool tinyKernelsCheckMaps;

namespace ds::rt::test {
namespace {

const std::vector<uint32_t> kPrompt = {0, 5, 9, 2, 2, 11, 7, 3, 12, 4, 6};

std::vector<float> listed(std::span<const float> values) {
  return {values.begin(), values.end()};
}

class DeviceSessionTest : public testing::Test {
protected:
  void SetUp() override {
    void *library = ::dlopen(FAKE_CUDA, RTLD_NOW);
    ASSERT_TRUE(library) << ::dlerror();
    calls_ =
        reinterpret_cast<const char *(*)()>(::dlsym(library, "fakeCUDACalls"));
    reinterpret_cast<void (*)()>(::dlsym(library, "fakeCUDAReset"))();
  }
  void TearDown() override {
    ::unsetenv("DS_FAKE_CUDA");
    tinyKernelsCheckMaps = false;
  }

  Result<std::unique_ptr<Session>> create(const TinyPlan &plan,
                                          SessionOptions options = {}) {
    DS_ASSIGN(std::unique_ptr<CUDADevice> device,
              CUDADevice::open({.library = FAKE_CUDA}));
    DS_TRY(device->load(plan.view().code));
    return Session::create(plan.view(), std::move(device), 0, plan.weights(),
                           options);
  }
  std::unique_ptr<Session> open(const TinyPlan &plan) {
    return std::move(*create(plan));
  }
  /// How often a call was made since the last time that calls were asked for.
  size_t count(const std::string &calls, const std::string &name) {
    size_t found = 0;
    for (size_t at = calls.find(name); at != calls.npos;
         at = calls.find(name, at + 1))
      ++found;
    return found;
  }
  std::string calls() { return calls_(); }

  TinyDevice form_;
  const char *(*calls_)() = nullptr;
};

// Prompts in runs of any length and tokens after them give the logits of the
// plain loop.
TEST_F(DeviceSessionTest, computesWhatTheCPUComputes) {
  TinyPlan plan(false, &form_);
  std::unique_ptr<Session> session = open(plan);
  for (size_t prefilled : {1u, 5u, 8u}) {
    SequenceId sequence = *session->addSequence(kContext);
    SequenceTokens run{sequence, std::span(kPrompt).first(prefilled)};
    ASSERT_TRUE(session->prefill({&run, 1}));
    for (uint32_t row = 0; row < prefilled; ++row) {
      ASSERT_TRUE(session->head({&row, 1}));
      EXPECT_EQ(listed(session->logits(0)),
                tinyLogits(std::span(kPrompt).first(row + 1)));
    }
    for (size_t t = prefilled; t < kPrompt.size(); ++t) {
      SequenceTokens next{sequence, std::span(kPrompt).subspan(t, 1)};
      ASSERT_TRUE(session->decode({&next, 1}));
      ASSERT_TRUE(session->head(std::vector<uint32_t>{0}));
      EXPECT_EQ(listed(session->logits(0)),
                tinyLogits(std::span(kPrompt).first(t + 1)));
    }
    session->removeSequence(sequence);
  }
}

// However many sequences there are, and whichever bucket they are in, each gets
// its own tokens; so it does in a plan without buckets.
TEST_F(DeviceSessionTest, generatesInEveryBucket) {
  for (std::vector<uint32_t> buckets :
       {std::vector<uint32_t>{}, {4}, {1, 2, 4}, {3, 4}}) {
    form_.buckets = buckets;
    TinyPlan plan(false, &form_);
    std::unique_ptr<Session> session = open(plan);
    Generator generator(*session);
    for (size_t sequences = 1; sequences <= 4; ++sequences) {
      std::vector<Request> requests;
      for (uint32_t i = 0; i < sequences; ++i)
        requests.push_back({.prompt = {i, 5, 3 * i},
                            .maxNewTokens = 3,
                            .sampling = {.temperature = 0},
                            .stops = {kEnd}});
      calls();
      std::vector<Completion> answers = std::move(*generator.run(requests));
      for (size_t i = 0; i < sequences; ++i)
        EXPECT_EQ(answers[i].tokens, tinyGreedy(requests[i].prompt, 3))
            << buckets.size() << " buckets, " << sequences << " sequences";
      EXPECT_EQ(count(calls(), "cuGraphLaunch") != 0, !buckets.empty());
    }
  }
}

// A decoded token is one copy of the batch and one graph; its logits another of
// each, and one copy back. Nothing else is asked of the driver but whether it
// is done.
TEST_F(DeviceSessionTest, decodesWithTwoGraphLaunches) {
  TinyPlan plan(false, &form_);
  std::unique_ptr<Session> session = open(plan);
  SequenceId sequence = *session->addSequence(kContext);
  SequenceTokens run{sequence, std::span(kPrompt).first(3)};
  ASSERT_TRUE(session->prefill({&run, 1}));
  ASSERT_TRUE(session->head(std::vector<uint32_t>{2}));
  SequenceTokens next{sequence, std::span(kPrompt).subspan(3, 1)};
  calls();
  ASSERT_TRUE(session->decode({&next, 1}));
  ASSERT_TRUE(session->head(std::vector<uint32_t>{0}));
  std::string made = calls();
  EXPECT_EQ(count(made, "cuMemcpyHtoDAsync"), 2u);
  EXPECT_EQ(count(made, "cuGraphLaunch"), 2u);
  EXPECT_EQ(count(made, "cuMemcpyDtoHAsync 64\n"), 1u); // a row of f32 logits
  EXPECT_EQ(count(made, "cuLaunchKernel"), 0u);
  EXPECT_EQ(count(made, "\n"), 5 + count(made, "cuEventRecord") +
                                   count(made, "cuEventQuery") +
                                   count(made, "cuStreamQuery"));
}

// Runs that do not read anything back do not overwrite a batch that is still
// being copied.
TEST_F(DeviceSessionTest, waitsBeforeItReusesABatch) {
  form_.buckets = {};
  TinyPlan plan(false, &form_);
  std::unique_ptr<Session> session = open(plan);
  SequenceId sequence = *session->addSequence(kContext);
  calls();
  for (size_t t = 0; t < 5; ++t) {
    SequenceTokens run{sequence, std::span(kPrompt).subspan(t, 1)};
    ASSERT_TRUE(session->prefill({&run, 1}));
  }
  EXPECT_EQ(count(calls(), "cuStreamQuery"), 2u); // before the third and fifth
}

TEST_F(DeviceSessionTest, readsTapsBack) {
  TinyPlan plan(true, &form_);
  std::unique_ptr<Session> session = open(plan);
  SequenceId sequence = *session->addSequence(kContext);
  SequenceTokens run{sequence, std::span(kPrompt).first(6)};
  ASSERT_TRUE(session->prefill({&run, 1}));
  for (uint32_t layer = 0; layer <= kLayers; ++layer) {
    std::vector<uint64_t> values = tinyValues(run.tokens, layer);
    for (size_t t = 0; t < values.size(); ++t)
      for (uint32_t i = 0; i < kHidden; ++i)
        EXPECT_EQ(session->hiddenTap(layer)[t * kHidden + i],
                  tinyHidden(values[t], i));
    for (size_t t = 0; layer < kLayers && t < values.size(); ++t)
      EXPECT_EQ(session->expertsTap(layer)[t], tinyExpert(values[t]));
  }
}

// A launch finds its own maps: of its operand, of the weights of its layer.
TEST_F(DeviceSessionTest, makesTensorMaps) {
  form_.hasMaps = true;
  tinyKernelsCheckMaps = true; // the kernels abort at another's map
  TinyPlan plan(false, &form_);
  calls();
  std::unique_ptr<Session> session = open(plan);
  std::string made = calls();
  // Of attend in two layers of two entries, and of the head.
  EXPECT_EQ(count(made, "cuTensorMapEncodeTiled 9 2 8 1 16 8 1"), 4u);
  EXPECT_EQ(count(made, "cuTensorMapEncodeTiled 0 2 16 4 16 16 4"), 1u);
  SequenceId sequence = *session->addSequence(kContext);
  SequenceTokens run{sequence, kPrompt};
  run.tokens = run.tokens.first(8);
  ASSERT_TRUE(session->prefill({&run, 1}));
  ASSERT_TRUE(session->head(std::vector<uint32_t>{7}));
  EXPECT_EQ(listed(session->logits(0)), tinyLogits(run.tokens));
}

// Too little memory is refused with the numbers, before anything is allocated
// or copied.
TEST_F(DeviceSessionTest, refusesTooLittleMemory) {
  ::setenv("DS_FAKE_CUDA", "free=1048576", 1);
  TinyPlan plan(false, &form_);
  Status status = create(plan).takeStatus();
  ASSERT_FALSE(status);
  std::string text = status.errors()[0].message();
  EXPECT_EQ(text, "error[E716]: device 0: need 64.1 MiB (weights 0.1, state "
                  "0.1, scratch 0.1, other 64.1), free 1.0");
  EXPECT_EQ(status.exit(), Exit::Limit);
  std::string made = calls();
  EXPECT_EQ(count(made, "cuMemAlloc"), 0u);
  EXPECT_EQ(count(made, "cuMemcpy"), 0u);
}

TEST_F(DeviceSessionTest, refusesASymbolThatIsNotThere) {
  ::setenv("DS_FAKE_CUDA", "absent=tiny_attend", 1);
  TinyPlan plan(false, &form_);
  Status status = create(plan).takeStatus();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.errors()[0].message(),
            "error[E631]: launch 2: symbol: found tiny_attend, expected a "
            "function of the code of level sm_80");
  EXPECT_EQ(status.exit(), Exit::Rejected);
}

// All weights are told of, and the last time all are there.
TEST_F(DeviceSessionTest, tellsOfUploads) {
  TinyPlan plan(false, &form_);
  std::vector<uint64_t> told;
  uint64_t all = 0;
  ASSERT_TRUE(create(plan, {.onUpload = [&](uint64_t done, uint64_t total) {
                       told.push_back(done);
                       all = total;
                     }}));
  EXPECT_EQ(all, 4 * kLayers * 2); // f32 weights of a layer
  EXPECT_EQ(told.size(), 2 * kLayers + 1);
  EXPECT_EQ(told.back(), all);
  EXPECT_TRUE(std::ranges::is_sorted(told));
}

// An error of the device ends a run with status 9, wherever it shows.
TEST_F(DeviceSessionTest, failsWithTheDevice) {
  TinyPlan plan(false, &form_);
  std::unique_ptr<Session> session = open(plan);
  Generator generator(*session);
  std::vector<Request> requests(1);
  requests[0].prompt = {1, 2};
  requests[0].maxNewTokens = 3;
  ::setenv("DS_FAKE_CUDA", "fail=cuGraphLaunch:214:1", 1);
  Status status = generator.run(requests).takeStatus();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.exit(), Exit::Device);
  EXPECT_NE(status.errors()[0].message().find(
                "cuGraphLaunch: CUDA_ERROR_ECC_UNCORRECTABLE"),
            std::string::npos)
      << status.errors()[0].message();
}

} // namespace
} // namespace ds::rt::test
