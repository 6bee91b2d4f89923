// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Index and shards together.
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/CheckpointIndex.h"
#include "test/compiler/checkpoint/TestFolder.h"
#include <filesystem>

namespace ds::checkpoint {
namespace {

constexpr const char *kA = "model-00001-of-00002.safetensors";
constexpr const char *kB = "model-00002-of-00002.safetensors";

Result<Checkpoint> read(const TestFolder &folder) {
  auto opened = InputFolder::open(folder.path());
  return readCheckpoint(*opened);
}

/// Two shards, x in the first, y in the second, and a good index.
class CheckpointTest : public testing::Test {
protected:
  CheckpointTest() {
    writeSparse(folder, kA, {{"x", {"F32", {2, 2}}}});
    writeSparse(folder, kB, {{"y", {"BF16", {3}}}});
    index("\"x\": \"" + std::string(kA) + "\", \"y\": \"" + kB + "\"");
  }
  void index(const std::string &map, const std::string &metadata = "{}") {
    folder.write(kIndexName, "{\"metadata\": " + metadata +
                                 ", \"weight_map\": {" + map + "}}");
  }
  TestFolder folder;
};

// A good folder gives every tensor with its shard and absolute offset.
TEST_F(CheckpointTest, ReadsShardsThroughTheIndex) {
  auto checkpoint = read(folder);
  ASSERT_TRUE(checkpoint) << textOf(checkpoint);
  ASSERT_EQ(checkpoint->shards.size(), 2u);
  EXPECT_EQ(checkpoint->shards[1].name, kB);
  EXPECT_EQ(checkpoint->shards[1].path, folder.at(kB));
  const StoredTensor &y = checkpoint->tensors.at("y");
  EXPECT_EQ(y.shard, 1u);
  EXPECT_EQ(y.offset, 8 + checkpoint->shards[1].headerBytes);
  EXPECT_EQ(y.bytes, 6u);
  EXPECT_EQ(y.offset + y.bytes, checkpoint->shards[1].fileSize);
  EXPECT_TRUE(checkpoint->notes.empty());
}

// A folder without an index has one file, or is refused.
TEST_F(CheckpointTest, ReadsASingleFile) {
  TestFolder single;
  expectError(read(single), ErrorCode::WeightsMissing, {single.path()});
  single.write("pytorch_model.bin", "");
  expectError(read(single), ErrorCode::PickleCheckpoint,
              {"pytorch_model.bin", ".safetensors"});
  single.write("part.safetensors", "");
  expectError(read(single), ErrorCode::IndexMissing, {"1 .safetensors"});
  writeSparse(single, "model.safetensors", {{"x", {"F32", {2}}}});
  auto checkpoint = read(single);
  ASSERT_TRUE(checkpoint) << textOf(checkpoint);
  EXPECT_EQ(checkpoint->tensors.size(), 1u);
}

// Every shard that is absent is named with the number of its tensors.
TEST_F(CheckpointTest, NamesAbsentShards) {
  index("\"x\": \"none.safetensors\", \"y\": \"none.safetensors\"");
  expectError(read(folder), ErrorCode::ShardMissing,
              {"none.safetensors", "2 tensors"});
}

// A numbered shard that no tensor uses is an error, a stray file a note.
TEST_F(CheckpointTest, ExplainsUnusedShards) {
  folder.write("reference.safetensors", "");
  folder.write("model.safetensors", "");
  auto checkpoint = read(folder);
  ASSERT_TRUE(checkpoint) << textOf(checkpoint);
  EXPECT_EQ(checkpoint->notes.size(), 2u);
  folder.write("model-00003-of-00002.safetensors", "");
  expectError(read(folder), ErrorCode::ShardUnused, {"model-00003"});
}

// A shard's name is a name in the folder.
TEST_F(CheckpointTest, RefusesNamesThatArePaths) {
  for (const char *name :
       {"../x", "/etc/passwd", "a/b", "a\\\\b", "", ".", "..", "a\\u0000b"}) {
    index("\"x\": \"" + std::string(name) + "\"");
    expectError(read(folder), ErrorCode::ShardName,
                {"weight_map[\"x\"]", "a name in this folder"});
  }
}

// Index and headers agree tensor by tensor.
TEST_F(CheckpointTest, ComparesIndexAndHeaders) {
  std::string a = "\"x\": \"" + std::string(kA) + "\"";
  std::string b = "\"y\": \"" + std::string(kB) + "\"";
  index(a + ", \"y\": \"" + kA + "\", \"z\": \"" + kB + "\"");
  auto swapped = read(folder);
  ASSERT_FALSE(swapped);
  Status status = swapped.takeStatus();
  expectError(status, ErrorCode::TensorElsewhere, {"tensor y", kA, kB});
  ASSERT_EQ(status.errors().size(), 2u);
  EXPECT_EQ(status.errors()[1].code, ErrorCode::TensorNotStored);

  writeSparse(folder, kB, {{"w", {"F32", {1}}}, {"y", {"F32", {1}}}});
  index(a + ", " + b);
  expectError(read(folder), ErrorCode::TensorNotIndexed, {"tensor w", kB});
  writeSparse(folder, kB, {{"x", {"F32", {1}}}, {"y", {"F32", {1}}}});
  expectError(read(folder), ErrorCode::TensorTwice, {"tensor x", kA, kB});
}

// A weight_map of another form is refused.
TEST_F(CheckpointTest, RefusesBadIndexes) {
  struct Row {
    const char *text;
    ErrorCode code;
  } rows[] = {
      {"{}", ErrorCode::IndexForm},
      {"[]", ErrorCode::IndexForm},
      {"3", ErrorCode::IndexForm},
      {"{\"weight_map\": []}", ErrorCode::IndexForm},
      {"{\"weight_map\": {}}", ErrorCode::IndexForm},
      {"{\"weight_map\": \"x\"}", ErrorCode::IndexForm},
      {"{\"weight_map\": {\"x\": 3}}", ErrorCode::IndexForm},
      {"{\"weight_map\": {\"x\": [\"a\"]}}", ErrorCode::IndexForm},
      {"{\"weight_map\": {\"x\": \"a\", \"x\": \"b\"}}",
       ErrorCode::JsonKeyTwice},
      {"{\"weight_map\": {\"x\": \"a\"}, \"weight_map\": {\"x\": \"a\"}}",
       ErrorCode::JsonKeyTwice},
      {"{\"weight_map\": {\"x\": \"a\"}", ErrorCode::JsonSyntax},
  };
  for (const Row &row : rows) {
    folder.write(kIndexName, row.text);
    expectError(read(folder), row.code, {kIndexName});
  }
}

// More than 8,192 shards are above the limit.
TEST_F(CheckpointTest, LimitsShards) {
  std::string map;
  for (int i = 0; i <= 8192; ++i)
    map += (i ? ",\"" : "\"") + std::to_string(i) + "\":\"s" +
           std::to_string(i) + "\"";
  index(map);
  expectError(read(folder), ErrorCode::IndexLimit, {"shards", "8192"});
}

// A total_size that disagrees is a note with both numbers.
TEST_F(CheckpointTest, NotesAWrongTotal) {
  index("\"x\": \"" + std::string(kA) + "\", \"y\": \"" + kB + "\"",
        "{\"total_size\": 23}");
  auto checkpoint = read(folder);
  ASSERT_TRUE(checkpoint) << textOf(checkpoint);
  ASSERT_EQ(checkpoint->notes.size(), 1u);
  EXPECT_NE(checkpoint->notes[0].find("23"), std::string::npos);
  EXPECT_NE(checkpoint->notes[0].find("22"), std::string::npos);
  auto opened = InputFolder::open(folder.path());
  expectError(readCheckpoint(*opened, {.strict = true}), ErrorCode::IndexTotal,
              {"found 23", "expected 22"});
}

// A file of the checkpoint is recognised as output by its inode.
TEST_F(CheckpointTest, KnowsItsFiles) {
  auto checkpoint = read(folder);
  ASSERT_TRUE(checkpoint) << textOf(checkpoint);
  std::filesystem::create_hard_link(folder.at(kA), folder.at("x.plan"));
  expectError(checkNotInput(*checkpoint, folder.at("x.plan")),
              ErrorCode::OutputIsInput, {"x.plan", kA});
  folder.write("y.plan", "");
  EXPECT_TRUE(checkNotInput(*checkpoint, folder.at("y.plan")));
  EXPECT_TRUE(checkNotInput(*checkpoint, folder.at("absent")));
}

// A shard that is no longer the one that was read is found at the end.
TEST_F(CheckpointTest, SeesChanges) {
  auto checkpoint = read(folder);
  ASSERT_TRUE(checkpoint) << textOf(checkpoint);
  EXPECT_TRUE(verifyUnchanged(*checkpoint));
  writeSparse(folder, kB, {{"y", {"BF16", {4}}}});
  expectError(verifyUnchanged(*checkpoint), ErrorCode::FileChanged, {kB});
}

} // namespace
} // namespace ds::checkpoint
