// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plans for GPUs: what is wrong in one is refused with the code of its record.
#include "runtime/base/Sha256.h"
#include "test/runtime/plan/Damage.h"
#include <algorithm>

namespace ds::rt::test {
namespace {

/// Damages one byte of image 0 and makes its digest right.
template <size_t at, uint8_t value>
void damageImage(Plan &plan) {
  ImageRecord &image = recordIn<ImageRecord>(plan);
  uint8_t *bytes = plan.data() + entryIn(plan, "CODE").offset + image.offset;
  bytes[at] = value;
  Sha256 sha;
  sha.update(bytes, image.size);
  std::ranges::copy(sha.finish(), image.digest);
}

void setBucket(Plan &plan, uint32_t index, uint8_t value) {
  plan[entryIn(plan, "BUCK").offset + 4 * index] = value;
}

// Kernel 0, 1, 2 of level 0 have launches 0, 1 and 2, 3; launch 1 has map 0 of
// operand 0, launch 3 map 1 of the list at operand 2.
const Damage kDamages[] = {
    DAMAGE("LevelCapability", PlanLevel, LevelRecord, 0, r.features = r.name),
    DAMAGE("LevelOfAnotherKind", PlanLevel, LevelRecord, 1,
           r.kind = LevelKind::CPU),

    DAMAGE("ImageText", PlanImage, ImageRecord, 0, r.textSize = 1),
    DAMAGE("ImageRodata", PlanImage, ImageRecord, 1, r.rodataOffset = kPage),
    {"ImageMagic", ErrorCode::PlanImage, damageImage<0, 0>},
    {"ImageClass", ErrorCode::PlanImage, damageImage<4, 1>},
    {"ImageByteOrder", ErrorCode::PlanImage, damageImage<5, 2>},
    {"ImageMachine", ErrorCode::PlanImage, damageImage<18, 62>},
    {"ImageProgramHeaders", ErrorCode::PlanImage, damageImage<56, 1>},
    {"ImageSectionHeaders", ErrorCode::PlanImage, damageImage<60, 1>},
    {"ImageProgramHeadersBeyond", ErrorCode::PlanImage, damageImage<39, 1>},

    DAMAGE("KernelRun", PlanKernel, KernelRecord, 0, r.run = 1),
    DAMAGE("KernelTiles", PlanKernel, KernelRecord, 0, r.tiles = 1),
    DAMAGE("KernelNoLaunch", PlanLaunch, KernelRecord, 0, r.launches = 0),
    DAMAGE("KernelManyLaunches", PlanLaunch, KernelRecord, 0, r.launches = 17),
    DAMAGE("KernelLaunchesTwice", PlanLaunch, KernelRecord, 1,
           r.firstLaunch = 0),
    DAMAGE("KernelLaunchesBeyond", PlanLaunch, KernelRecord, 5, r.launches = 2),
    DAMAGE("KernelLaunchesThatOverflow", PlanLaunch, KernelRecord, 0,
           r.firstLaunch = UINT32_MAX),

    DAMAGE("LaunchSymbol", PlanLaunch, LaunchRecord, 0, r.symbol = kFar),
    DAMAGE("LaunchSymbolEmpty", PlanLaunch, LaunchRecord, 0,
           r.symbol = StringRef{}),
    DAMAGE("LaunchNoThreads", PlanLaunch, LaunchRecord, 0, r.threads = 0),
    DAMAGE("LaunchPartOfAWarp", PlanLaunch, LaunchRecord, 0, r.threads = 100),
    DAMAGE("LaunchManyThreads", PlanLaunch, LaunchRecord, 0, r.threads = 1056),
    DAMAGE("LaunchSharedBytes", PlanLaunch, LaunchRecord, 0,
           r.sharedBytes = 232449),
    DAMAGE("LaunchRows", PlanLaunch, LaunchRecord, 0, r.rows = LaunchRows(3)),
    DAMAGE("LaunchColumns", PlanLaunch, LaunchRecord, 0, r.columns = 0),
    DAMAGE("LaunchPerRow", PlanLaunch, LaunchRecord, 0, r.perRow = 0),
    DAMAGE("LaunchRowsPerTile", PlanLaunch, LaunchRecord, 0, r.rowsPerTile = 0),
    DAMAGE("LaunchManyTiles", PlanLaunch, LaunchRecord, 0, r.columns = 1u << 31,
           r.extra = 0),
    DAMAGE("LaunchTilesThatOverflow", PlanLaunch, LaunchRecord, 0,
           r.columns = UINT32_MAX, r.perRow = UINT32_MAX, r.rowsPerTile = 1,
           r.extra = UINT32_MAX),
    DAMAGE("LaunchMapsTwice", PlanLaunch, LaunchRecord, 3, r.firstMap = 0),
    DAMAGE("LaunchMapsLeftOver", PlanLaunch, LaunchRecord, 7, r.maps = 0),
    DAMAGE("LaunchManyMaps", PlanLaunch, LaunchRecord, 1, r.maps = 9),

    DAMAGE("MapOperand", PlanTensorMap, TensorMapRecord, 0, r.operand = 16),
    DAMAGE("MapOperandOfTheStep", PlanTensorMap, TensorMapRecord, 0,
           r.operand = 3),
    DAMAGE("MapFirst", PlanTensorMap, TensorMapRecord, 0, r.first = 1),
    DAMAGE("MapStride", PlanTensorMap, TensorMapRecord, 0, r.stride = 1),
    DAMAGE("MapListOfABuffer", PlanTensorMap, TensorMapRecord, 0, r.list = 1),
    DAMAGE("MapOfAWholeList", PlanTensorMap, TensorMapRecord, 1, r.list = 0),
    DAMAGE("MapOfAState", PlanTensorMap, TensorMapRecord, 1, r.operand = 0,
           r.list = 0),
    DAMAGE("MapBeyondTheList", PlanTensorMap, TensorMapRecord, 1, r.first = 1),
    DAMAGE("MapLongList", PlanTensorMap, TensorMapRecord, 1, r.list = 2,
           r.stride = 1),
    DAMAGE("MapListThatOverflows", PlanTensorMap, TensorMapRecord, 1,
           r.list = 1u << 16, r.stride = UINT32_MAX, r.first = UINT32_MAX),
    DAMAGE("MapListTooLong", PlanTensorMap, TensorMapRecord, 1,
           r.list = (1u << 16) + 1, r.stride = 1),
    DAMAGE("MapListWithoutStride", PlanTensorMap, TensorMapRecord, 1,
           r.list = 2),
    DAMAGE("MapElement", PlanTensorMap, TensorMapRecord, 0, r.elementBytes = 3),
    DAMAGE("MapNoColumns", PlanTensorMap, TensorMapRecord, 0, r.columns = 0),
    DAMAGE("MapRowOfOddBytes", PlanTensorMap, TensorMapRecord, 0,
           r.columns = 9),
    DAMAGE("MapNoRows", PlanTensorMap, TensorMapRecord, 0, r.perRow = 0),
    DAMAGE("MapRowsTwice", PlanTensorMap, TensorMapRecord, 0, r.rows = 1),
    DAMAGE("MapBeyondTheBuffer", PlanTensorMap, TensorMapRecord, 0,
           r.perRow = 3),
    // Rows of a map are those of the entry's runs, whatever its launch follows.
    DAMAGE("MapOfAPrefillByHeadRows", PlanTensorMap, LaunchRecord, 1,
           r.rows = LaunchRows::HeadRows,
           recordIn<TensorMapRecord>(plan).perRow = 3),
    DAMAGE("MapThatOverflows", PlanTensorMap, TensorMapRecord, 0,
           r.perRow = UINT32_MAX, r.columns = UINT32_MAX - 7),
    DAMAGE("MapNoBox", PlanTensorMap, TensorMapRecord, 0, r.boxColumns = 0),
    DAMAGE("MapBoxOfOddBytes", PlanTensorMap, TensorMapRecord, 0,
           r.boxColumns = 12),
    DAMAGE("MapWideBox", PlanTensorMap, TensorMapRecord, 0, r.boxColumns = 72),
    DAMAGE("MapNoBoxRows", PlanTensorMap, TensorMapRecord, 0, r.boxRows = 0),
    DAMAGE("MapHighBox", PlanTensorMap, TensorMapRecord, 0, r.boxRows = 257),

    {"BucketZero", ErrorCode::PlanBucket,
     [](Plan &plan) { setBucket(plan, 0, 0); }},
    {"BucketsFall", ErrorCode::PlanBucket,
     [](Plan &plan) { setBucket(plan, 0, 2); }},
    {"BucketsEnd", ErrorCode::PlanBucket,
     [](Plan &plan) { setBucket(plan, 1, 3); }},
};

class GPUPlan : public testing::TestWithParam<Damage> {};

TEST_P(GPUPlan, RefusesTheDamage) {
  expectRefused(tinyPlan({.kind = LevelKind::CUDA}), GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, GPUPlan, testing::ValuesIn(kDamages),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

// A shared object is of this machine, and neither a program nor an object file.
TEST(EmulationPlan, TakesSharedObjectsOnly) {
  const Damage damages[] = {
      {"Machine", ErrorCode::PlanImage, damageImage<18, 190>},
      {"Type", ErrorCode::PlanImage, damageImage<16, 1>},
      {"Magic", ErrorCode::PlanImage, damageImage<1, 'e'>}};
  for (const Damage &damage : damages) {
    SCOPED_TRACE(damage.name);
    expectRefused(tinyPlan({.kind = LevelKind::CUDAEmulation}), damage);
  }
}

// An image too short for an ELF header is none.
TEST(EmulationPlan, RefusesAShortImage) {
  Plan plan = tinyPlan({.kind = LevelKind::CUDAEmulation});
  ImageRecord &image = recordIn<ImageRecord>(plan, 1);
  SectionEntry &code = entryIn(plan, "CODE");
  image.size -= 1;
  code.size -= 1;
  plan.pop_back();
  reinterpret_cast<PlanHeader *>(plan.data())->fileSize = plan.size();
  Sha256 sha;
  sha.update(plan.data() + code.offset + image.offset, image.size);
  std::ranges::copy(sha.finish(), image.digest);
  sealPlan(plan);
  Result<PlanView> view = verifyPlan(plan, "plan.bin");
  ASSERT_FALSE(view);
  std::string text = view.takeStatus().text("test");
  EXPECT_NE(text.find("63 bytes that are no 64-bit ELF file"),
            std::string::npos)
      << text;
}

// More arguments than a DeviceCall has operands.
TEST(GPUPlan, TakesSixteenArgumentsAStep) {
  PlanWriter writer = tinyWriter({.kind = LevelKind::CUDA});
  uint32_t first = writer.count<ArgRecord>();
  for (uint32_t i = 0; i < 17; ++i)
    writer.add(ArgRecord{ArgKind::Buffer, 0, kAccessRead, 0});
  writer.add(StepRecord{0, first, 17, 0});
  writer.add(
      BodyRecord{writer.string("wide"), writer.count<StepRecord>() - 1, 1, 0});
  Result<std::vector<uint8_t>> plan = writer.finish();
  ASSERT_FALSE(plan);
  std::string note = plan.takeStatus().errors()[0].notes.at(0);
  EXPECT_NE(note.find("found 17, expected at most 16"), std::string::npos)
      << note;
}

} // namespace
} // namespace ds::rt::test
