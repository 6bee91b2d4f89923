// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// runtime/plan/README.md says what the code says: every section, and every
// field of every record with its offset and size.
#include "runtime/plan/Dump.h"
#include "runtime/plan/Sections.h"
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

namespace ds::rt::test {
namespace {

std::string readme() {
  std::ifstream file(PLAN_README);
  return {std::istreambuf_iterator<char>(file), {}};
}

void expectRow(const std::string &text, const std::string &row) {
  EXPECT_NE(text.find("\n" + row), std::string::npos)
      << "runtime/plan/README.md lacks: " << row;
}

template <class Record>
void expectFields(const char *name) {
  static const std::string text = readme();
  std::string title = std::string("**") + name + ", " +
                      std::to_string(sizeof(Record)) + " bytes**";
  size_t begin = text.find(title);
  ASSERT_NE(begin, std::string::npos) << "no table: " << title;
  begin = text.find("\n\n", begin) + 1;
  std::string part = text.substr(begin, text.find("\n\n", begin) - begin);
  Record record{};
  size_t end = 0, rows = 0;
  visitFields(record, [&](const char *field, const auto &value) {
    size_t offset = size_t(reinterpret_cast<const char *>(&value) -
                           reinterpret_cast<const char *>(&record));
    EXPECT_EQ(offset, end) << name << "." << field
                           << " is not visited in order";
    end = offset + sizeof value;
    ++rows;
    expectRow(part, "| " + std::to_string(offset) + " | " +
                        std::to_string(sizeof value) + " | `" + field + "` |");
  });
  EXPECT_EQ(end, sizeof(Record)) << name << " has fields that are not visited";
  size_t found = 0;
  for (size_t at = part.find("\n| "); at != part.npos;
       at = part.find("\n| ", at + 1))
    ++found;
  EXPECT_EQ(found, rows + 1) << name << " has other rows"; // with the heading
}

// The list of sections is that of Sections.def, with their names in the JSON of
// `dsc inspect`.
TEST(PlanSpecification, ListsEverySection) {
  static constexpr const char *kMembers[] = {
#define SECTION(tag, member, Record, presence, text) #member,
#include "runtime/plan/Sections.def"
  };
  const char *const *member = kMembers;
  std::string text = readme();
  size_t last = 0;
  for (const SectionInfo &section : kSections) {
    std::string row =
        "| `" + std::string(section.tag) + "` | `" + *member++ + "` | " +
        (section.presence == SectionInfo::Required ? "yes" : "no") + " | " +
        std::to_string(section.recordSize) + " | " + std::string(section.text) +
        " |";
    expectRow(text, row);
    EXPECT_LT(last, text.find(row)) << section.tag << " out of order";
    last = text.find(row);
  }
}

// Every record's layout is that of Records.h.
TEST(PlanSpecification, ListsEveryField) {
  expectFields<PlanHeader>("Header");
  expectFields<SectionEntry>("Section entry");
  expectFields<LevelRecord>("TARG");
  expectFields<ModelRecord>("MODL");
  expectFields<ShardRecord>("SHRD");
  expectFields<WeightRecord>("WGHT");
  expectFields<DigestRecord>("WDIG");
  expectFields<RowRecord>("ROWS");
  expectFields<StateRecord>("STAT");
  expectFields<BufferRecord>("BUFS");
  expectFields<ImageRecord>("IMGS");
  expectFields<KernelRecord>("KERN");
  expectFields<LaunchRecord>("LNCH");
  expectFields<TensorMapRecord>("MAPS");
  expectFields<StepRecord>("STEP");
  expectFields<ArgRecord>("ARGS");
  expectFields<BodyRecord>("BODY");
  expectFields<CallRecord>("CALL");
  expectFields<EntryRecord>("ENTR");
  expectFields<BudgetRecord>("BDGT");
  expectFields<ProvenanceRecord>("PROV");
}

// Numbers without a name are called unknown, not misread.
TEST(PlanDump, NamesEnumerations) {
  EXPECT_EQ(nameOf(LevelKind::CUDAEmulation), "cuda_emulation");
  EXPECT_EQ(nameOf(LaunchRows::HeadRows), "head_rows");
  EXPECT_EQ(nameOf(Encoding::F8E4M3), "f8e4m3fn");
  EXPECT_EQ(nameOf(ArgKind::SlotList), "slot_list");
  EXPECT_EQ(nameOf(EntryKind::Head), "head");
  EXPECT_EQ(nameOf(Storage(7)), "unknown");
}

} // namespace
} // namespace ds::rt::test
