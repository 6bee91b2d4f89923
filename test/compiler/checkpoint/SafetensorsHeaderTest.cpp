// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/SafetensorsHeader.h"
#include "test/compiler/checkpoint/TestFolder.h"

namespace ds::checkpoint {
namespace {

Result<SafetensorsHeader> read(std::string_view bytes) {
  TestFolder folder;
  folder.write("x.safetensors", bytes);
  return readSafetensorsHeader(folder.open("x.safetensors"));
}

/// A file of one header and enough zeros after it.
Result<SafetensorsHeader> readHeader(const std::string &json, size_t data) {
  return read(shardBytes(json, data));
}

std::string entry(const std::string &name, const std::string &shape,
                  const std::string &offsets,
                  const std::string &dtype = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

// A good file gives its tensors in order of offset, padding and metadata
// allowed, whatever the order of the entries.
TEST(SafetensorsHeaderTest, ReadsAGoodFile) {
  std::string json = "{\"__metadata__\":{\"format\":\"pt\"}," +
                     entry("b", "[2,2]", "[4,20]") + "," +
                     entry("a", "[]", "[0,4]") + "," +
                     entry("none", "[0,7]", "[20,20]", "BF16") + "}   ";
  auto header = readHeader(json, 20);
  ASSERT_TRUE(header) << textOf(header);
  EXPECT_EQ(header->headerBytes, json.size());
  ASSERT_EQ(header->tensors.size(), 3u);
  EXPECT_EQ(header->tensors[0].name, "a");
  EXPECT_TRUE(header->tensors[0].shape.empty());
  EXPECT_EQ(header->tensors[1].name, "b");
  EXPECT_EQ(header->tensors[1].dtype, DType::F32);
  EXPECT_EQ(header->tensors[1].shape, (std::vector<uint64_t>{2, 2}));
  EXPECT_EQ(header->tensors[1].offset, 8 + json.size() + 4);
  EXPECT_EQ(header->tensors[1].bytes, 16u);
  EXPECT_EQ(header->tensors[2].bytes, 0u);
}

// What was saved in place of a shard is named.
TEST(SafetensorsHeaderTest, RecognisesOtherFiles) {
  expectError(read("12345"), ErrorCode::NotSafetensors, {"found 5", "8"});
  expectError(read("version https://git-lfs.github.com/spec/v1\noid x\n"),
              ErrorCode::NotSafetensors, {"Git LFS pointer"});
  expectError(read("<!DOCTYPE html><html></html>"), ErrorCode::NotSafetensors,
              {"<!DOCTYP"});
}

// A header's length is compared with the file before anything is allocated.
TEST(SafetensorsHeaderTest, RefusesBadLengths) {
  std::string huge(8, '\xFF');
  expectError(read(huge + "{}"), ErrorCode::HeaderLength,
              {"18446744073709551615", "2"});
  expectError(read(headerBytes("{}").substr(0, 9)), ErrorCode::HeaderLength,
              {"found 2", "1"});
  expectError(read(headerBytes("")), ErrorCode::HeaderForm, {"nothing", "'{'"});
  expectError(read(headerBytes(" {}")), ErrorCode::HeaderForm, {"0x20", "'{'"});
  expectError(read(headerBytes("{} \n")), ErrorCode::HeaderForm,
              {"byte 3", "0x0a"});
  expectError(read(headerBytes("{}x")), ErrorCode::HeaderForm, {"0x78"});
  TestFolder folder;
  folder.write("x", std::string("\x01\xE1\xF5\x05\0\0\0\0", 8)); // 10^8 + 1
  ASSERT_EQ(truncate(folder.at("x").c_str(), 100000100), 0);
  expectError(readSafetensorsHeader(folder.open("x")), ErrorCode::HeaderLimit,
              {"100000001", "100000000"});
}

// An entry holds dtype, shape and data_offsets, each once, each of its type.
TEST(SafetensorsHeaderTest, RefusesBadEntries) {
  struct Row {
    std::string json;
    ErrorCode code;
    std::string_view part;
  } rows[] = {
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", ErrorCode::HeaderForm,
       "data_offsets"},
      {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", ErrorCode::HeaderForm,
       "appears twice"},
      {"{\"a\":{\"size\":1}}", ErrorCode::HeaderForm, "\"size\""},
      {"{\"a\":[1]}", ErrorCode::HeaderForm, "a list"},
      {"{\"a\":3}", ErrorCode::HeaderForm, "found 3"},
      {"{\"a\":{\"dtype\":4}}", ErrorCode::HeaderForm, "dtype"},
      {"{\"a\":{\"shape\":{}}}", ErrorCode::HeaderForm, "shape"},
      {"{" + entry("a", "[1]", "[0,4]", "F8_E3M4") + "}",
       ErrorCode::DTypeUnknown, "F8_E3M4"},
      {"{" + entry("a", "[1]", "[-1,4]") + "}", ErrorCode::HeaderForm, "-1"},
      {"{" + entry("a", "[1]", "[-0,4]") + "}", ErrorCode::HeaderForm, "-0"},
      {"{" + entry("a", "[1]", "[0,4.0]") + "}", ErrorCode::HeaderForm, "4.0"},
      {"{" + entry("a", "[1]", "[0,4e0]") + "}", ErrorCode::HeaderForm, "4e0"},
      {"{" + entry("a", "[1]", "[0,04]") + "}", ErrorCode::JsonSyntax, "byte"},
      {"{" + entry("a", "[1]", "[0]") + "}", ErrorCode::HeaderForm,
       "1 numbers"},
      {"{" + entry("a", "[1]", "[0,4,8]") + "}", ErrorCode::HeaderForm,
       "more than two"},
      {"{" + entry("a", "[1]", "[4,0]") + "}", ErrorCode::TensorExtent,
       "[4, 0]"},
      {"{" + entry("a", "[\"1\"]", "[0,4]") + "}", ErrorCode::HeaderForm,
       "shape"},
      {"{" + entry("", "[1]", "[0,4]") + "}", ErrorCode::HeaderForm, "name"},
      {"{" + entry("a\\u0007", "[1]", "[0,4]") + "}", ErrorCode::HeaderForm,
       "a control or hidden character"},
      {"{\"__metadata__\":{\"a\":1}}", ErrorCode::HeaderForm, "\"a\""},
      {"{\"__metadata__\":{\"a\":\"x\",\"a\":\"x\"}}", ErrorCode::HeaderForm,
       "twice"},
      {"{\"__metadata__\":{},\"__metadata__\":{}}", ErrorCode::HeaderForm,
       "twice"},
      {"{\"\xC3\":1}", ErrorCode::JsonSyntax, "UTF-8 at byte"},
  };
  for (const Row &row : rows)
    expectError(readHeader(row.json, 4), row.code, {row.part});
}

// Rank, dimension and name length have limits.
TEST(SafetensorsHeaderTest, LimitsEntries) {
  EXPECT_TRUE(
      readHeader("{" + entry("a", "[1,1,1,1,1,1,1,1]", "[0,4]") + "}", 4));
  expectError(
      readHeader("{" + entry("a", "[1,1,1,1,1,1,1,1,1]", "[0,4]") + "}", 4),
      ErrorCode::HeaderLimit, {"rank", "8"});
  EXPECT_TRUE(
      readHeader("{" + entry("a", "[1099511627776,0]", "[0,0]") + "}", 0));
  expectError(
      readHeader("{" + entry("a", "[1099511627777,0]", "[0,0]") + "}", 0),
      ErrorCode::HeaderLimit, {"1099511627777"});
  EXPECT_TRUE(
      readHeader("{" + entry(std::string(1024, 'n'), "[1]", "[0,4]") + "}", 4));
  expectError(
      readHeader("{" + entry(std::string(1025, 'n'), "[1]", "[0,4]") + "}", 4),
      ErrorCode::HeaderLimit, {"1025", "1024"});
}

// Bytes, shape and dtype agree, without overflow.
TEST(SafetensorsHeaderTest, RefusesWrongExtents) {
  expectError(readHeader("{" + entry("a", "[4,4]", "[0,60]") + "}", 60),
              ErrorCode::TensorExtent, {"60 bytes", "64", "F32"});
  expectError(
      readHeader(
          "{" + entry("a", "[1099511627776,1099511627776]", "[0,4]") + "}", 4),
      ErrorCode::TensorExtent, {"overflows"});
  expectError(readHeader("{" + entry("a", "[3]", "[0,2]", "F4") + "}", 2),
              ErrorCode::TensorExtent, {"12 bits"});
  EXPECT_TRUE(readHeader("{" + entry("a", "[4]", "[0,2]", "F4") + "}", 2));
}

// The tensors cover the data exactly.
TEST(SafetensorsHeaderTest, RefusesOverlapHoleAndTail) {
  std::string a = entry("a", "[4]", "[0,16]");
  expectError(readHeader("{" + a + "," + entry("b", "[4]", "[8,24]") + "}", 24),
              ErrorCode::TensorOverlap, {"a [0,16)", "b [8,24)"});
  expectError(readHeader("{" + a + "," + entry("b", "[1]", "[4,8]") + "}", 16),
              ErrorCode::TensorOverlap, {"a", "b"});
  expectError(
      readHeader("{" + a + "," + entry("b", "[1]", "[20,24]") + "}", 24),
      ErrorCode::ShardHole, {"[16,20)"});
  expectError(readHeader("{" + entry("b", "[1]", "[4,8]") + "}", 8),
              ErrorCode::ShardHole, {"[0,4)"});
  expectError(readHeader("{" + a + "}", 20), ErrorCode::ShardHole,
              {"4 bytes after last tensor"});
  expectError(readHeader("{" + a + "}", 15), ErrorCode::ShardTruncated,
              {"download incomplete"});
  expectError(readHeader("{" + a + "," + a + "}", 16), ErrorCode::TensorTwice,
              {"tensor a", "twice"});
}

} // namespace
} // namespace ds::checkpoint
