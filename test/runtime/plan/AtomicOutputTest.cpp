// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/base/Sha256.h"
#include "runtime/plan/AtomicOutput.h"
#include "runtime/plan/TemporaryOutput.h"
#include "test/runtime/plan/TemporaryFolder.h"
#include "test/runtime/plan/TinyPlan.h"
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ds::rt::test {
namespace {

const std::vector<uint8_t> kOld = {'o', 'l', 'd'};

ErrorCode codeOf(Status status) {
  return status ? ErrorCode(0) : status.errors()[0].code;
}

Status writePlan(const std::string &path, const std::vector<uint8_t> &plan,
                 PlanData *data = nullptr) {
  TemporaryOutput output(path);
  DS_TRY(output.lock());
  return writeAtomically(output, plan, data);
}

// A new plan stands alone in its folder, and an old one is replaced.
TEST(AtomicOutput, PutsThePlanInPlace) {
  TemporaryFolder folder;
  std::vector<uint8_t> plan = tinyPlan();
  EXPECT_TRUE(writePlan(folder.path("plan.bin"), plan));
  EXPECT_EQ(folder.read("plan.bin"), plan);
  folder.write("plan.bin", kOld);
  EXPECT_TRUE(writePlan(folder.path("plan.bin"), plan));
  EXPECT_EQ(folder.read("plan.bin"), plan);
  EXPECT_EQ(folder.files(), 1u);
}

// Text takes its place as a whole, too.
TEST(AtomicOutput, PutsTextInPlace) {
  TemporaryFolder folder;
  folder.write("text", kOld);
  EXPECT_TRUE(writeTextAtomically(folder.path("text"), "new"));
  EXPECT_EQ(folder.read("text"), (std::vector<uint8_t>{'n', 'e', 'w'}));
  EXPECT_EQ(folder.files(), 1u);
}

// Bytes that do not verify never take the old plan's place.
TEST(AtomicOutput, KeepsTheOldPlanWhenTheNewOneIsBad) {
  TemporaryFolder folder;
  folder.write("plan.bin", kOld);
  std::vector<uint8_t> plan = tinyPlan();
  plan.back() ^= 1;
  EXPECT_EQ(codeOf(writePlan(folder.path("plan.bin"), plan)),
            ErrorCode::PlanSelfCheck);
  EXPECT_EQ(folder.read("plan.bin"), kOld);
  EXPECT_EQ(folder.files(), 1u);
}

Status placeCompanion(Companion &companion, const std::string &path) {
  DS_TRY(companion.create(path));
  DS_TRY(companion.file().writeAt(0, kOld));
  return companion.place();
}

// A file that only the new plan refers to stays with it, and goes without it:
// after an error as at a signal.
TEST(Companion, StaysWithTheOutput) {
  TemporaryFolder folder;
  {
    TemporaryOutput output(folder.path("plan.bin"));
    ASSERT_TRUE(output.lock());
    Companion companion;
    ASSERT_TRUE(placeCompanion(companion, folder.path("beside")));
    EXPECT_TRUE(writeAtomically(output, tinyPlan()));
    EXPECT_FALSE(removePendingOutput());
  }
  EXPECT_EQ(folder.files(), 2u);
}
TEST(Companion, GoesWithoutTheOutput) {
  TemporaryFolder folder;
  for (bool isLate : {false, true}) {
    Companion companion;
    ASSERT_TRUE(placeCompanion(companion, folder.path("beside")));
    EXPECT_EQ(folder.files(), 1u);
    if (isLate)
      EXPECT_FALSE(writePlan(folder.path("no/plan.bin"), tinyPlan()));
  }
  EXPECT_EQ(folder.files(), 0u);
}
TEST(Companion, GoesAtASignal) {
  TemporaryFolder folder;
  for (bool isPlaced : {false, true}) {
    TemporaryOutput output(folder.path("plan.bin"));
    ASSERT_TRUE(output.lock());
    Companion companion;
    ASSERT_TRUE(isPlaced ? placeCompanion(companion, folder.path("beside"))
                         : companion.create(folder.path("beside")));
    EXPECT_EQ(folder.files(), 2u);
    EXPECT_TRUE(removePendingOutput());
    EXPECT_EQ(folder.files(), 0u);
  }
}
// One that a plan needs only while it is written never gets its name.
TEST(Companion, NeedsNoName) {
  TemporaryFolder folder;
  {
    TemporaryOutput output(folder.path("plan.bin"));
    ASSERT_TRUE(output.lock());
    Companion companion;
    ASSERT_TRUE(companion.create(folder.path("beside")));
    EXPECT_TRUE(writeAtomically(output, tinyPlan()));
    EXPECT_EQ(folder.files(), 2u);
  }
  EXPECT_EQ(folder.files(), 1u);
}
// An older plan may refer to a file that was there before.
TEST(Companion, StaysWhereItWas) {
  TemporaryFolder folder;
  folder.write("beside", kOld);
  {
    Companion companion;
    ASSERT_TRUE(placeCompanion(companion, folder.path("beside")));
  }
  EXPECT_EQ(folder.files(), 1u);
}

/// DATA of the tiny plan; the second reading may differ from the digest's.
class FourBytes : public PlanData {
public:
  explicit FourBytes(uint8_t first) : bytes_{first, 8, 7, 6} {}
  uint64_t size() const override { return 4; }
  Status read(uint64_t at, std::span<uint8_t> to) override {
    std::ranges::copy(std::span(bytes_).subspan(at, to.size()), to.begin());
    return {};
  }

private:
  uint8_t bytes_[4];
};

// Carried weights follow the plan; where they are not those of the digests, the
// old plan stays.
TEST(AtomicOutput, ComparesCarriedWeightsWithTheirDigests) {
  PlanWriter writer = tinyWriter({.hasData = true});
  writer.set(Section::DATA, {});
  writer.declareData(4);
  const uint8_t data[] = {9, 8, 7, 6};
  Sha256 sha;
  sha.update(data, sizeof data);
  DigestRecord digests[3] = {{{1}}, {}, {}}; // in a shard, constant, in DATA
  std::ranges::copy(sha.finish(), digests[2].digest);
  for (const DigestRecord &digest : digests)
    writer.add(digest);
  std::vector<uint8_t> plan = *writer.finish();
  TemporaryFolder folder;
  folder.write("plan.bin", kOld);
  FourBytes wrong(1), right(9);
  EXPECT_EQ(codeOf(writePlan(folder.path("plan.bin"), plan, &wrong)),
            ErrorCode::OutputReadBack);
  EXPECT_EQ(folder.read("plan.bin"), kOld);
  EXPECT_TRUE(writePlan(folder.path("plan.bin"), plan, &right));
  plan.insert(plan.end(), std::begin(data), std::end(data));
  EXPECT_EQ(folder.read("plan.bin"), plan);
  EXPECT_EQ(folder.files(), 1u);
}

// What cannot be created is said before anything is written.
TEST(AtomicOutput, NamesAFolderThatTakesNoFile) {
  TemporaryFolder folder;
  Status status = writePlan(folder.path("none/plan.bin"), tinyPlan());
  EXPECT_EQ(codeOf(std::move(status)), ErrorCode::OutputCreate);
  status = writePlan("/proc/plan.bin", tinyPlan()); // root cannot either
  EXPECT_EQ(status.exit(), Exit::InputOutput);
  EXPECT_EQ(codeOf(std::move(status)), ErrorCode::OutputCreate);
}

// An output that is no file is a mistake in the command.
TEST(AtomicOutput, RefusesFoldersAndDevices) {
  TemporaryFolder folder;
  EXPECT_EQ(writePlan(folder.path(""), tinyPlan()).exit(), Exit::Usage);
  EXPECT_EQ(codeOf(writePlan("/dev/null", tinyPlan())),
            ErrorCode::OutputKind);
}

// What is wrong with the place of an output is known before there is a plan.
TEST(AtomicOutput, ChecksThePlaceAlone) {
  TemporaryFolder folder;
  EXPECT_EQ(codeOf(checkOutput(folder.path(""))), ErrorCode::OutputKind);
  EXPECT_EQ(codeOf(checkOutput(folder.path("none/plan.bin"))),
            ErrorCode::OutputCreate);
  EXPECT_TRUE(checkOutput(folder.path("plan.bin")));
  EXPECT_EQ(folder.files(), 0u);
}

// A temporary file that a killed process left behind is taken over.
TEST(AtomicOutput, TakesOverWhatADeadProcessLeft) {
  TemporaryFolder folder;
  folder.write("plan.bin.dsc-tmp", std::vector<uint8_t>(1 << 20, 1));
  EXPECT_TRUE(writePlan(folder.path("plan.bin"), tinyPlan()));
  EXPECT_EQ(folder.read("plan.bin"), tinyPlan());
  EXPECT_EQ(folder.files(), 1u);
}

// The second of two writers of one output fails and disturbs nothing.
TEST(AtomicOutput, LetsOneWriterIn) {
  TemporaryFolder folder;
  std::string temporary = folder.write("plan.bin.dsc-tmp", kOld);
  int other = ::open(temporary.c_str(), O_RDWR);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  Status status = writePlan(folder.path("plan.bin"), tinyPlan());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.errors()[0].code, ErrorCode::OutputLocked);
  EXPECT_EQ(folder.read("plan.bin.dsc-tmp"), kOld);
  ::close(other);
}

// A link in the temporary file's place is not followed.
TEST(AtomicOutput, FollowsNoPlantedLink) {
  TemporaryFolder folder;
  folder.write("precious", kOld);
  ASSERT_EQ(::symlink(folder.path("precious").c_str(),
                      folder.path("plan.bin.dsc-tmp").c_str()),
            0);
  EXPECT_EQ(codeOf(writePlan(folder.path("plan.bin"), tinyPlan())),
            ErrorCode::OutputCreate);
  EXPECT_EQ(folder.read("precious"), kOld);
}

/// Runs `work` in a process whose files may have at most 1000 bytes.
template <class Work>
int statusUnderFileLimit(Work work) {
  pid_t child = ::fork();
  if (child == 0) {
    rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(work());
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Where space runs out the old plan stays and nothing is left over.
TEST(AtomicOutput, KeepsTheOldPlanWhenSpaceRunsOut) {
  TemporaryFolder folder;
  folder.write("plan.bin", kOld);
  int code = statusUnderFileLimit([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    return int(writePlan(folder.path("plan.bin"), tinyPlan()).exit());
  });
  EXPECT_EQ(code, int(Exit::InputOutput));
  EXPECT_EQ(folder.read("plan.bin"), kOld);
  EXPECT_EQ(folder.files(), 1u);
}

// A signal's handler can remove the unfinished file.
TEST(AtomicOutput, LeavesNothingWhenASignalEndsIt) {
  TemporaryFolder folder;
  int code = statusUnderFileLimit([&] {
    ::signal(SIGXFSZ, [](int) {
      ::_exit(removePendingOutput() ? 99 : 98);
    });
    return int(writePlan(folder.path("plan.bin"), tinyPlan()).exit());
  });
  EXPECT_EQ(code, 99);
  EXPECT_EQ(folder.files(), 0u);
}

// Once the plan has its name a handler is told that the output has changed.
TEST(AtomicOutput, KnowsWhenTheOutputHasChanged) {
  TemporaryFolder folder;
  ASSERT_TRUE(writePlan(folder.path("plan.bin"), tinyPlan()));
  EXPECT_FALSE(removePendingOutput());
  EXPECT_EQ(folder.files(), 1u);
}

} // namespace
} // namespace ds::rt::test
