// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One field of a sound plan is made wrong, all digests are made right again,
// and the plan is refused with the code of that record.
#include "test/runtime/plan/Damage.h"
#include <limits>

namespace ds::rt::test {
namespace {

const Damage kDamages[] = {
    {"StringsWithoutEnd", ErrorCode::PlanString,
     [](Plan &plan) {
       SectionEntry &entry = entryIn(plan, "STRS");
       plan[entry.offset + entry.size - 1] = 'x';
     }},
    DAMAGE("LevelName", PlanLevel, LevelRecord, 0, r.name = kFar),
    DAMAGE("LevelFeatures", PlanLevel, LevelRecord, 1, r.features = kFar),
    DAMAGE("LevelImage", PlanLevel, LevelRecord, 1, r.image = 2),
    DAMAGE("LevelKind", PlanLevel, LevelRecord, 0, r.kind = LevelKind(3)),
    DAMAGE("LevelOfAnotherKind", PlanLevel, LevelRecord, 1,
           r.kind = LevelKind::CUDA),

    DAMAGE("ModelFamily", PlanModel, ModelRecord, 0, r.family = kFar),
    DAMAGE("ModelHiddenSize", PlanModel, ModelRecord, 0, r.hiddenSize = 0),
    DAMAGE("ModelLayers", PlanModel, ModelRecord, 0, r.numLayers = 0),
    DAMAGE("ModelMoELayers", PlanModel, ModelRecord, 0, r.numMoeLayers = 3),
    DAMAGE("ModelRealTokens", PlanModel, ModelRecord, 0, r.realTokens = 17),
    DAMAGE("ModelContext", PlanModel, ModelRecord, 0, r.context = 0),
    DAMAGE("ModelPageTokens", PlanModel, ModelRecord, 0, r.pageTokens = 0),
    DAMAGE("ModelLongContext", PlanModel, ModelRecord, 0,
           r.context = (1u << 24) + 1),
    DAMAGE("ModelLargeChunk", PlanModel, ModelRecord, 0,
           r.chunk = (1u << 16) + 1),
    DAMAGE("ModelManySequences", PlanModel, ModelRecord, 0,
           r.decodeTokens = (1u << 12) + 1),
    DAMAGE("ModelManyPages", PlanModel, ModelRecord, 0, r.context = 1u << 24,
           r.pageTokens = 1, r.decodeTokens = 1u << 12),
    DAMAGE("ModelExperts", PlanModel, ModelRecord, 0, r.expertsPerToken = 0),
    DAMAGE("ModelFirstToken", PlanModel, ModelRecord, 0, r.bosToken = 16),
    DAMAGE("ModelEndTokens", PlanModel, ModelRecord, 0, r.eosCount = 65),
    DAMAGE("ModelEndToken", PlanModel, ModelRecord, 0, r.eosTokens[0] = 16),
    DAMAGE("ModelTemperature", PlanModel, ModelRecord, 0,
           r.temperature = std::numeric_limits<float>::quiet_NaN()),
    DAMAGE("ModelTopP", PlanModel, ModelRecord, 0, r.topP = 0),
    DAMAGE("ModelRepetitionPenalty", PlanModel, ModelRecord, 0,
           r.repetitionPenalty = 0),
    DAMAGE("ModelMinP", PlanModel, ModelRecord, 0, r.minP = 1.5f),
    DAMAGE("ModelTaps", PlanModel, ModelRecord, 0, r.taps = 7),
    DAMAGE("ModelLogitsAbsent", PlanModel, ModelRecord, 0, r.logitsBuffer = 9),
    DAMAGE("ModelLogitsSmall", PlanModel, ModelRecord, 0, r.headRows = 3),
    DAMAGE("ModelLogitsInScratch", PlanModel, ModelRecord, 0,
           r.logitsBuffer = 0),
    DAMAGE("ModelTapUnasked", PlanModel, ModelRecord, 0, r.taps = 1),
    DAMAGE("ModelTapSmall", PlanModel, ModelRecord, 0, r.hiddenTap = 4),
    {"ModelAbsoluteFolder", ErrorCode::PlanModel,
     [](Plan &plan) {
       char *strings =
           reinterpret_cast<char *>(plan.data() + entryIn(plan, "STRS").offset);
       strings[uint32_t(recordIn<ModelRecord>(plan).weights)] = '/';
     }},

    DAMAGE("ShardName", PlanShard, ShardRecord, 0, r.name = kFar),
    {"ShardInAnotherFolder", ErrorCode::PlanShard,
     [](Plan &plan) {
       char *strings =
           reinterpret_cast<char *>(plan.data() + entryIn(plan, "STRS").offset);
       strings[uint32_t(recordIn<ShardRecord>(plan).name) + 3] = '/';
     }},
    DAMAGE("ShardHeader", PlanShard, ShardRecord, 0, r.headerSize = r.size + 1),
    DAMAGE("ShardPlace", PlanShard, ShardRecord, 0, r.place = ShardPlace(2)),

    DAMAGE("WeightName", PlanWeight, WeightRecord, 0, r.name = kFar),
    DAMAGE("WeightEncoding", PlanWeight, WeightRecord, 0,
           r.encoding = Encoding(3)),
    DAMAGE("WeightSource", PlanWeight, WeightRecord, 0,
           r.source = WeightSource(3)),
    DAMAGE("WeightShard", PlanWeight, WeightRecord, 0, r.shard = 1),
    DAMAGE("WeightShardOfConstant", PlanWeight, WeightRecord, 1, r.shard = 0),
    DAMAGE("WeightShape", PlanWeight, WeightRecord, 0, r.shape[0] = 3),
    DAMAGE("WeightShapeThatOverflows", PlanWeight, WeightRecord, 0,
           r.shape[0] = uint64_t(1) << 63, r.shape[1] = 2, r.size = 0),
    DAMAGE("WeightEmpty", PlanWeight, WeightRecord, 0, r.shape[0] = 0,
           r.size = 0),
    DAMAGE("WeightInTheHeader", PlanWeight, WeightRecord, 0, r.offset -= 1),
    DAMAGE("WeightBeyondTheShard", PlanWeight, WeightRecord, 0, r.offset += 17),
    DAMAGE("WeightOffsetThatOverflows", PlanWeight, WeightRecord, 0,
           r.offset = UINT64_MAX - 4),
    DAMAGE("WeightBeyondConstants", PlanWeight, WeightRecord, 1, r.offset = 64),
    DAMAGE("WeightMisaligned", PlanWeight, WeightRecord, 1, r.offset = 4,
           r.shape[1] = 3, r.size = 12),
    DAMAGE("WeightInDataThatIsNotThere", PlanWeight, WeightRecord, 1,
           r.source = WeightSource::Data),

    {"SlotWeight", ErrorCode::PlanSlot,
     [](Plan &plan) { plan[entryIn(plan, "SLOT").offset] = 2; }},
    DAMAGE("RowSlots", PlanRow, RowRecord, 1, r.slots = 2),
    DAMAGE("RowThatOverflows", PlanRow, RowRecord, 0, r.firstSlot = 2,
           r.slots = 0xFFFFFFFF),

    DAMAGE("StateName", PlanState, StateRecord, 0, r.name = kFar),
    DAMAGE("StateRole", PlanState, StateRecord, 0, r.role = StateRole(1)),
    DAMAGE("StateLayers", PlanState, StateRecord, 0, r.layers = 3),
    DAMAGE("StateRowBytes", PlanState, StateRecord, 0, r.rowBytes = 0),

    DAMAGE("BufferName", PlanBuffer, BufferRecord, 0, r.name = kFar),
    DAMAGE("BufferStorage", PlanBuffer, BufferRecord, 0,
           r.storage = Storage(2)),
    DAMAGE("BufferMisaligned", PlanBuffer, BufferRecord, 0, r.offset = 8),
    DAMAGE("BufferEmpty", PlanBuffer, BufferRecord, 0, r.size = 0),
    DAMAGE("BufferBeyondScratch", PlanBuffer, BufferRecord, 1, r.size += 1),
    DAMAGE("BufferBeyondHost", PlanBuffer, BufferRecord, 4, r.offset += 64),
    DAMAGE("BufferThatOverflows", PlanBuffer, BufferRecord, 0,
           r.offset = UINT64_MAX - 63),
    DAMAGE("BufferStride", PlanBuffer, BufferRecord, 0,
           r.layerStride = r.size + 1),

    DAMAGE("ImagePlace", PlanImage, ImageRecord, 1, r.offset += kPage),
    DAMAGE("ImageOverAnother", PlanImage, ImageRecord, 1, r.offset = 0),
    DAMAGE("ImageSize", PlanImage, ImageRecord, 1, r.size += 1),
    DAMAGE("ImageNotToTheEnd", PlanImage, ImageRecord, 1, r.size -= 1),
    DAMAGE("ImageTextEmpty", PlanImage, ImageRecord, 0, r.textSize = 0),
    DAMAGE("ImageTextInRodata", PlanImage, ImageRecord, 0,
           r.textSize = kPage + 1),
    DAMAGE("ImageRodataMisaligned", PlanImage, ImageRecord, 0,
           r.rodataOffset = 64),
    DAMAGE("ImageRodataBeyond", PlanImage, ImageRecord, 0,
           r.rodataOffset = 3 * kPage),
    DAMAGE("ImageDigest", PlanImage, ImageRecord, 0, r.digest[31] ^= 1),

    DAMAGE("KernelName", PlanKernel, KernelRecord, 0, r.name = kFar),
    DAMAGE("KernelShape", PlanKernel, KernelRecord, 0, r.shape = kFar),
    DAMAGE("KernelOfAnotherLevel", PlanKernel, KernelRecord, 0, r.image = 1),
    DAMAGE("KernelRun", PlanKernel, KernelRecord, 1, r.run = 7),
    DAMAGE("KernelTiles", PlanKernel, KernelRecord, 1, r.tiles = kPage),
    DAMAGE("KernelReserved", PlanKernel, KernelRecord, 1, r.reserved = 1),
    DAMAGE("KernelLaunches", PlanKernel, KernelRecord, 1, r.launches = 1),
    DAMAGE("KernelFirstLaunch", PlanLaunch, KernelRecord, 1, r.firstLaunch = 1),

    DAMAGE("StepKernel", PlanStep, StepRecord, 0, r.kernel = 1),
    DAMAGE("StepFlags", PlanStep, StepRecord, 0, r.flags = 2),
    DAMAGE("StepArguments", PlanStep, StepRecord, 4, r.arguments += 1),
    DAMAGE("StepArgumentsTwice", PlanStep, StepRecord, 1, r.firstArgument = 0),
    DAMAGE("StepArgumentsLeftOver", PlanStep, StepRecord, 4, r.arguments -= 1),

    DAMAGE("ArgumentKind", PlanArgument, ArgRecord, 0, r.kind = ArgKind(6)),
    DAMAGE("ArgumentBuffer", PlanArgument, ArgRecord, 0, r.index = 5),
    DAMAGE("ArgumentState", PlanArgument, ArgRecord, 3, r.index = 1),
    DAMAGE("ArgumentSlot", PlanArgument, ArgRecord, 2, r.index = 2),
    DAMAGE("ArgumentSlotList", PlanArgument, ArgRecord, 5, r.index = 2),
    DAMAGE("ArgumentWithoutLayers", PlanArgument, ArgRecord, 8, r.index = 1),
    DAMAGE("ArgumentNoAccess", PlanArgument, ArgRecord, 0, r.access = 0),
    DAMAGE("ArgumentAccess", PlanArgument, ArgRecord, 0, r.access = 4),
    DAMAGE("ArgumentWritesWeight", PlanArgument, ArgRecord, 2, r.access = 3),
    DAMAGE("ArgumentReserved", PlanArgument, ArgRecord, 0, r.reserved = 1),

    DAMAGE("BodyName", PlanBody, BodyRecord, 0, r.name = kFar),
    DAMAGE("BodySteps", PlanBody, BodyRecord, 2, r.steps = 2),
    DAMAGE("BodyStepsTwice", PlanBody, BodyRecord, 1, r.firstStep = 0),
    DAMAGE("BodyStepsLeftOver", PlanBody, BodyRecord, 2, r.steps = 0),

    DAMAGE("CallBody", PlanCall, CallRecord, 0, r.body = 3),
    DAMAGE("CallRow", PlanCall, CallRecord, 0, r.row = 2),
    DAMAGE("CallRowTooShort", PlanCall, CallRecord, 0, r.row = 1),
    DAMAGE("CallLayer", PlanCall, CallRecord, 1, r.layer = 3),
    DAMAGE("CallLayerWithoutState", PlanCall, CallRecord, 0, r.layer = 2),
    DAMAGE("CallOrdinal", PlanCall, CallRecord, 0, r.ordinal = 1),

    DAMAGE("EntryKind", PlanEntry, EntryRecord, 0, r.kind = EntryKind(4)),
    DAMAGE("EntryTwice", PlanEntry, EntryRecord, 1,
           r.kind = EntryKind::Prefill),
    DAMAGE("EntryMissing", PlanEntry, EntryRecord, 1,
           r.kind = EntryKind::Extend),
    DAMAGE("EntryCalls", PlanEntry, EntryRecord, 2, r.calls = 2),
    DAMAGE("EntryCallsTwice", PlanEntry, EntryRecord, 1, r.firstCall = 0),
    DAMAGE("EntryCallsLeftOver", PlanEntry, EntryRecord, 2, r.calls = 0),
    DAMAGE("EntryRows", PlanEntry, EntryRecord, 0, r.maxRows = 5),

    DAMAGE("BudgetWeights", PlanBudget, BudgetRecord, 0, r.weights += 1,
           r.total += 1),
    DAMAGE("BudgetUnused", PlanBudget, BudgetRecord, 0, r.unusedWeights = 0),
    DAMAGE("BudgetStatePerToken", PlanBudget, BudgetRecord, 0,
           r.statePerToken += 1),
    DAMAGE("BudgetState", PlanBudget, BudgetRecord, 0, r.state -= 64,
           r.total -= 64),
    DAMAGE("BudgetWorkspace", PlanBudget, BudgetRecord, 0,
           r.workspacePerWorker = 64, r.total -= 192),
    DAMAGE("BudgetTotal", PlanBudget, BudgetRecord, 0, r.total += 1),
    DAMAGE("BudgetLowerBound", PlanBudget, BudgetRecord, 0,
           r.scratchLowerBound = r.scratch + 1),

    DAMAGE("ProvenanceCompiler", PlanProvenance, ProvenanceRecord, 0,
           r.compiler = kFar),
    DAMAGE("ProvenanceOptions", PlanProvenance, ProvenanceRecord, 0,
           r.options = kFar),

    // The state is written in step 1, the barrier is before step 2.
    DAMAGE("ScheduleBarrierOfState", PlanSchedule, StepRecord, 2, r.flags = 0),
    DAMAGE("ScheduleTwoWriters", PlanSchedule, ArgRecord, 4,
           r.kind = ArgKind::Buffer, r.index = 0),
    DAMAGE("ScheduleOverlapOfBuffers", PlanSchedule, BufferRecord, 1,
           r.offset = 64, r.size = 64),
    DAMAGE("ScheduleTwoWritersInAStep", PlanSchedule, ArgRecord, 0,
           r.access = kAccessWrite),
    DAMAGE("ScheduleReadsWhatAnotherWrites", PlanSchedule, ArgRecord, 4,
           r.kind = ArgKind::Buffer, r.index = 0, r.access = kAccessRead),
};

class PlanRecords : public testing::TestWithParam<Damage> {};

TEST_P(PlanRecords, RefusesTheDamage) { expectRefused(tinyPlan(), GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, PlanRecords, testing::ValuesIn(kDamages),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

// Buckets are for GPUs.
TEST(PlanRecordCounts, RefusesBucketsForCPUs) {
  PlanWriter writer = tinyWriter();
  const uint8_t bucket[] = {2, 0, 0, 0};
  writer.set(Section::BUCK, bucket);
  Result<std::vector<uint8_t>> plan = writer.finish();
  ASSERT_FALSE(plan);
  std::string note = plan.takeStatus().errors()[0].notes.at(0);
  EXPECT_NE(note.find("E633"), std::string::npos) << note;
}

// A section that must hold a record is not taken without one; the writer finds
// it in its own work.
TEST(PlanRecordCounts, RefusesAPlanWithoutItsOneRecord) {
  struct Case {
    Section section;
    const char *code;
  };
  for (Case test : {Case{Section::TARG, "E612"}, Case{Section::MODL, "E613"},
                    Case{Section::BDGT, "E627"}, Case{Section::PROV, "E628"}}) {
    PlanWriter writer = tinyWriter();
    writer.set(test.section, {});
    Result<std::vector<uint8_t>> plan = writer.finish();
    ASSERT_FALSE(plan);
    Status status = plan.takeStatus();
    EXPECT_EQ(status.errors()[0].code, ErrorCode::PlanSelfCheck);
    EXPECT_EQ(status.exit(), Exit::Internal);
    EXPECT_NE(status.errors()[0].notes.at(0).find(test.code), std::string::npos)
        << status.errors()[0].notes[0];
  }
}

// Digests of weights are as many as weights, and none is of a constant.
TEST(PlanWeightDigests, BelongToWeightsThatAreNoConstants) {
  auto codeWith = [](std::vector<DigestRecord> digests) {
    PlanWriter writer = tinyWriter(); // weight 0 in a shard, 1 a constant
    for (const DigestRecord &digest : digests)
      writer.add(digest);
    Result<std::vector<uint8_t>> plan = writer.finish();
    return plan ? std::string() : plan.takeStatus().errors()[0].notes.at(0);
  };
  EXPECT_EQ(codeWith({{{1}}, {{0}}}), "");
  EXPECT_NE(codeWith({{{1}}}).find("E615"), std::string::npos);
  EXPECT_NE(codeWith({{{1}}, {{1}}}).find("E615"), std::string::npos);
}

// A race is told with both steps and the bytes they share.
TEST(PlanSchedule, NamesBothSteps) {
  Plan plan = tinyPlan();
  recordIn<StepRecord>(plan, 2).flags = 0;
  sealPlan(plan);
  Result<PlanView> view = verifyPlan(plan, "plan.bin");
  ASSERT_FALSE(view);
  std::string text = view.takeStatus().text("dsrun");
  EXPECT_NE(text.find("step 2"), std::string::npos) << text;
  EXPECT_NE(text.find("no barrier between"), std::string::npos) << text;
}

} // namespace
} // namespace ds::rt::test
