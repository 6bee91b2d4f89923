// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The unit of hand-made kernels, as text, as a cubin and as a shared object.
#include "compiler/codegen/CUDASource.h"
#include "compiler/codegen/HostUnit.h"
#include "compiler/codegen/NVRTC.h"
#include "test/runtime/plan/TemporaryFolder.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace ds {
namespace {

// From CMake: where it found them; empty: nowhere.
const std::string kNVRTC = DS_NVRTC, kClang = DS_CLANG, kNVCC = DS_NVCC;

const std::vector<KernelInstance> kInstances = {
    {"add_rows_f32_cuda", {96}, "layers.moe.add", {"decode_moe (layers 1-5)"}},
    {"add_rows_f32_cuda", {7168}, "", {}}};

std::string unit(const char *level = "sm_80") {
  Result<std::string> text =
      cudaSource(*kernels::findLevel(level), kInstances);
  return text ? *text : text.takeStatus().errors()[0].message();
}

std::string failureOf(Status status) {
  return status.isOk() ? "" : status.errors()[0].message();
}

TEST(CUDASource, AFunctionPerLaunchWithItsShape) {
  std::string text = unit();
  size_t first = text.find("// layers.moe.add\n"
                           "// called by decode_moe (layers 1-5)\n"
                           "DS_CUDA_KERNEL(k0_add_rows_f32_cuda, 128) {\n"
                           "  constexpr AddRowsShape shape{.n = 96};\n"
                           "  addRows(shape, call);\n"
                           "}\n");
  size_t second = text.find("DS_CUDA_KERNEL(k1_add_rows_f32_cuda, 128) {\n"
                            "  constexpr AddRowsShape shape{.n = 7168};\n");
  ASSERT_NE(first, text.npos) << text.substr(text.size() - 2000);
  ASSERT_NE(second, text.npos);
  EXPECT_LT(first, second);
}

TEST(CUDASource, NeedsNoFileOfTheKernels) {
  std::string text = unit();
  EXPECT_EQ(text.find("#include \""), text.npos);
  for (const char *header : {"kernels/base/DeviceCall.h", "kernels/base/Ptx.cuh",
                             "kernels/add_rows/cuda.cuh"}) {
    std::string line = "//===-- " + std::string(header) + "\n";
    size_t at = text.find(line);
    EXPECT_NE(at, text.npos) << header;
    EXPECT_EQ(text.find(line, at + 1), text.npos) << header << " twice";
  }
}

TEST(CUDASource, OnlyLinesForReadersDifferBetweenArchitectures) {
  std::string a = unit("sm_80"), b = unit("sm_90a");
  EXPECT_NE(a, b);
  a.replace(a.find("sm_80"), 5, "sm_90a");
  EXPECT_EQ(a, b);
}

TEST(CUDASource, RowsOfOthersAreRefused) {
  std::vector<KernelInstance> cpu{{"add_rows_f32_generic", {96}}};
  Result<std::string> text =
      cudaSource(*kernels::findLevel("sm_80"), cpu);
  ASSERT_FALSE(text.isOk());
  EXPECT_EQ(failureOf(text.takeStatus()),
            "error[E500]: no launch of add_rows_f32_generic for sm_80");
}

struct NVRTCTest : testing::Test {
  void SetUp() override {
    if (kNVRTC.empty())
      GTEST_SKIP() << "no NVRTC on this machine";
  }
  Result<NVRTC> load() {
    return NVRTC::load(std::vector<std::string>{"/nowhere/libnvrtc.so", kNVRTC});
  }
};

/// Of an ELF file.
uint32_t machineOf(const std::vector<uint8_t> &file) {
  return file.size() < 20 || file[0] != 0x7f ? 0 : file[18] | file[19] << 8;
}

TEST_F(NVRTCTest, EveryArchitectureGetsACubinAlwaysTheSame) {
  Result<NVRTC> nvrtc = load();
  ASSERT_TRUE(nvrtc.isOk()) << failureOf(nvrtc.takeStatus());
  EXPECT_EQ(nvrtc->file(), kNVRTC);
  for (const kernels::LevelInfo &level : kernels::architectures()) {
    std::string text = unit(std::string(level.name).c_str());
    Result<NVRTC::Output> once = nvrtc->compile(text, level);
    ASSERT_TRUE(once.isOk()) << failureOf(once.takeStatus());
    constexpr uint32_t cuda = 190;
    EXPECT_EQ(machineOf(once->cubin), cuda);
    EXPECT_NE(once->ptx.find(".entry k1_add_rows_f32_cuda"),
              std::string::npos);
    EXPECT_NE(once->ptx.find(".target " + std::string(level.name)),
              std::string::npos);
    Result<NVRTC::Output> again = nvrtc->compile(text, level);
    ASSERT_TRUE(again.isOk());
    EXPECT_EQ(once->cubin, again->cubin);
    EXPECT_EQ(once->ptx, again->ptx);
  }
}

TEST_F(NVRTCTest, AUnitThatDoesNotCompileIsTold) {
  Result<NVRTC> nvrtc = load();
  ASSERT_TRUE(nvrtc.isOk());
  Result<NVRTC::Output> output =
      nvrtc->compile("__device__ int f() { return undeclaredName; }\n",
                     *kernels::findLevel("sm_80"));
  ASSERT_FALSE(output.isOk());
  Status status = output.takeStatus();
  EXPECT_EQ(status.exit(), Exit::Internal);
  EXPECT_EQ(failureOf(std::move(status)),
            "error[E500]: CUDA code for sm_80 does not compile: plan.cu(1): "
            "error: identifier \"undeclaredName\" is undefined");
}

TEST_F(NVRTCTest, AnUnknownArchitectureIsTold) {
  Result<NVRTC> nvrtc = load();
  ASSERT_TRUE(nvrtc.isOk());
  kernels::LevelInfo level = *kernels::findLevel("sm_80");
  level.name = "sm_79";
  Result<NVRTC::Output> output = nvrtc->compile(unit(), level);
  ASSERT_FALSE(output.isOk());
  Status status = output.takeStatus();
  EXPECT_EQ(status.errors()[0].code, ErrorCode::NVRTCTooOld);
  EXPECT_EQ(status.exit(), Exit::Unfit);
}

// A second opinion on what NVRTC takes: nvcc has a host compiler beside it, and
// other defaults.
TEST(NVCC, TakesTheSameUnit) {
  if (kNVCC.empty())
    GTEST_SKIP() << "no nvcc on this machine";
  rt::test::TemporaryFolder folder;
  std::string stem = folder.path("unit");
  for (const char *level : {"sm_80", "sm_90a"}) {
    std::ofstream(stem + ".cu") << unit(level);
    std::string command = kNVCC + " -std=c++20 -fmad=false -cubin -arch=" +
                          level + " -Werror all-warnings -o " + stem +
                          ".cubin " + stem + ".cu";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    EXPECT_GT(std::filesystem::file_size(stem + ".cubin"), 0u);
  }
}

TEST(NVRTCMissing, IsToldWithWhatWasWrong) {
  Result<NVRTC> nvrtc = NVRTC::load(
      std::vector<std::string>{"/nowhere/libnvrtc.so", DS_FAKE_NVRTC});
  ASSERT_FALSE(nvrtc.isOk());
  Status status = nvrtc.takeStatus();
  const Error &error = status.errors()[0];
  EXPECT_EQ(error.code, ErrorCode::NVRTCMissing);
  EXPECT_EQ(status.exit(), Exit::Unfit);
  EXPECT_EQ(error.notes, std::vector<std::string>{
                             std::string(DS_FAKE_NVRTC) +
                             " has no nvrtcGetErrorString"});
}

struct HostUnitTest : testing::Test {
  void SetUp() override {
    if (kClang.empty())
      GTEST_SKIP() << "no clang++-22 on this machine";
  }
};

TEST_F(HostUnitTest, TheSameUnitBecomesASharedObject) {
  Result<std::vector<uint8_t>> once = compileHostUnit(unit(), kClang);
  ASSERT_TRUE(once.isOk()) << failureOf(once.takeStatus());
  constexpr uint32_t x86 = 62, sharedObject = 3;
  EXPECT_EQ(machineOf(*once), x86);
  EXPECT_EQ((*once)[16], sharedObject);
  Result<std::vector<uint8_t>> again = compileHostUnit(unit(), kClang);
  ASSERT_TRUE(again.isOk());
  EXPECT_EQ(*once, *again);
}

TEST_F(HostUnitTest, AUnitThatDoesNotCompileIsTold) {
  Result<std::vector<uint8_t>> object =
      compileHostUnit("int f() { return undeclaredName; }\n", kClang);
  ASSERT_FALSE(object.isOk());
  Status status = object.takeStatus();
  EXPECT_EQ(status.exit(), Exit::Internal);
  EXPECT_EQ(failureOf(std::move(status)),
            "error[E500]: CUDA code does not compile for the emulation: "
            "<stdin>:1:18: error: use of undeclared identifier "
            "'undeclaredName'");
}

TEST(ClangMissing, IsTold) {
  for (const char *clang : {"", "/nowhere/clang++-22"}) {
    Result<std::vector<uint8_t>> object = compileHostUnit(unit(), clang);
    ASSERT_FALSE(object.isOk());
    Status status = object.takeStatus();
    EXPECT_EQ(status.errors()[0].code, ErrorCode::ClangMissing);
    EXPECT_EQ(status.exit(), Exit::Unfit);
  }
}

} // namespace
} // namespace ds
