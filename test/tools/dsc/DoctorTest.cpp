// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels/Catalog.h"
#include "tools/dsc/Doctor.h"
#include <gtest/gtest.h>

using namespace ds;

namespace {

constexpr uint64_t kGiB = uint64_t(1) << 30;

// A CPU is judged by the best level that it runs, and told what a better one
// needs.
TEST(DoctorTest, cpu) {
  auto levels = kernels::levels();
  Finding best = judgeCPU(rt::CPUFeatures(levels.front().features));
  EXPECT_EQ(best.verdict, Verdict::Ok);
  EXPECT_EQ(best.words[0].second, levels.front().name);

  const kernels::LevelInfo &lowest = levels.back();
  Finding old = judgeCPU(rt::CPUFeatures(lowest.features));
  EXPECT_EQ(old.verdict, Verdict::Warn);
  EXPECT_EQ(old.words[0].second, lowest.name);
  EXPECT_NE(old.advice.find("need avx512f"), std::string::npos) << old.advice;

  Finding none = judgeCPU(rt::CPUFeatures("sse4_2"));
  EXPECT_EQ(none.verdict, Verdict::Fail);
  EXPECT_NE(none.advice.find("avx2"), std::string::npos) << none.advice;
}

// What the operating system has switched off is not blamed on the CPU.
TEST(DoctorTest, disabledFeatures) {
  Finding finding = judgeCPU(
      rt::CPUFeatures(kernels::levels().back().features, "avx512f avx512bw"));
  EXPECT_EQ(finding.verdict, Verdict::Warn);
  EXPECT_NE(finding.advice.find("the CPU has avx512f, but the operating system "
                                "or hypervisor disables it"),
            std::string::npos)
      << finding.advice;
}

// Weights that do not fit are a warning, hardly any memory a failure.
TEST(DoctorTest, memory) {
  EXPECT_EQ(judgeMemory(16 * kGiB, 32 * kGiB, 0).verdict, Verdict::Ok);
  EXPECT_EQ(judgeMemory(16 * kGiB, 32 * kGiB, 15 * kGiB).verdict, Verdict::Ok);
  Finding large = judgeMemory(16 * kGiB, 32 * kGiB, 640 * kGiB);
  EXPECT_EQ(large.verdict, Verdict::Warn);
  EXPECT_NE(large.advice.find("do not fit"), std::string::npos);
  EXPECT_EQ(judgeMemory(2 * kGiB, 32 * kGiB, 0).verdict, Verdict::Warn);
  EXPECT_EQ(judgeMemory(kGiB / 4, 32 * kGiB, 0).verdict, Verdict::Fail);
}

// Compilers for GPUs are no matter of fitness.
TEST(DoctorTest, compilers) {
  EXPECT_EQ(judgeNVRTC("13.0 (libnvrtc.so.13)").found, "13.0 (libnvrtc.so.13)");
  EXPECT_NE(judgeNVRTC(std::nullopt).advice.find("--target=cuda is off"),
            std::string::npos);
  EXPECT_NE(judgeClang("").advice.find("--target=cuda-emu is off"),
            std::string::npos);
  EXPECT_EQ(exitOf({judgeNVRTC(std::nullopt), judgeClang("")}), Exit::Success);
}

// The system's own words for huge pages, and their absence.
TEST(DoctorTest, hugePages) {
  EXPECT_EQ(judgeHugePages("always [madvise] never\n").verdict, Verdict::Ok);
  EXPECT_EQ(judgeHugePages("[always] madvise never\n").found, "always");
  EXPECT_EQ(judgeHugePages("always madvise [never]\n").verdict, Verdict::Warn);
  EXPECT_EQ(judgeHugePages(std::nullopt).verdict, Verdict::Warn);
}

// Fewer CPUs than the machine has is worth a word.
TEST(DoctorTest, threads) {
  EXPECT_EQ(judgeThreads(8, 8).verdict, Verdict::Ok);
  EXPECT_EQ(judgeThreads(2, 8).verdict, Verdict::Warn);
}

// Speeds become what they mean for a run.
TEST(DoctorTest, speeds) {
  Finding memory = judgeBandwidth(370e9, 64);
  EXPECT_EQ(memory.verdict, Verdict::Ok);
  EXPECT_NE(memory.advice.find("at best 10 tokens/s"), std::string::npos)
      << memory.advice;
  EXPECT_EQ(judgeBandwidth(1e9, 1).verdict, Verdict::Warn);
  Finding disk = judgeDisk(2e9, true, uint64_t(640e9));
  EXPECT_EQ(disk.verdict, Verdict::Ok);
  EXPECT_NE(disk.advice.find("in 6 min or more"), std::string::npos)
      << disk.advice;
  EXPECT_EQ(judgeDisk(100e6, true, 0).verdict, Verdict::Warn);
  EXPECT_NE(judgeDisk(1e9, false, 0).found.find("cache"), std::string::npos);
}

// A machine that will not do is no error of the program: status 8. A check that
// met an error has that error's; warnings have none.
TEST(DoctorTest, exit) {
  Finding warning = judgeThreads(2, 8), unfit = judgeMemory(0, 32 * kGiB, 0);
  Finding error{.check = "disk",
                .verdict = Verdict::Fail,
                .exit = Exit::InputOutput};
  EXPECT_EQ(exitOf(std::vector{warning}), Exit::Success);
  EXPECT_EQ(exitOf(std::vector{warning, unfit}), Exit::Unfit);
  EXPECT_EQ(exitOf(std::vector{judgeCPU(rt::CPUFeatures(""))}), Exit::Unfit);
  EXPECT_EQ(exitOf(std::vector{warning, error}), Exit::InputOutput);
  EXPECT_EQ(exitOf(std::vector{error, unfit}), Exit::InputOutput);
}

// Every judgement has one line of advice.
TEST(DoctorTest, adviceIsOneLine) {
  for (const Finding &finding :
       {judgeCPU(rt::CPUFeatures("")), judgeThreads(1, 2),
        judgeMemory(0, 0, 0), judgeHugePages(std::nullopt),
        judgeBandwidth(1, 1), judgeDisk(1, false, 1)}) {
    EXPECT_FALSE(finding.advice.empty()) << finding.check;
    EXPECT_EQ(finding.advice.find('\n'), std::string::npos);
  }
}

} // namespace
