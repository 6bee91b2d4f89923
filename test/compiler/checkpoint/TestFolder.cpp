// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/compiler/checkpoint/TestFolder.h"
#include <filesystem>
#include <fstream>
#include <stdlib.h>

namespace ds::checkpoint {

TestFolder::TestFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "dsc-test-XXXXXX").string();
  const char *made = mkdtemp(pattern.data());
  path_ = made ? made : "";
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  if (!path_.empty())
    std::filesystem::remove_all(path_, ignored);
}

void TestFolder::write(const std::string &name, std::string_view bytes) const {
  std::ofstream file(at(name), std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), std::streamsize(bytes.size()));
}

InputFile TestFolder::open(const std::string &name) const {
  auto folder = InputFolder::open(path_);
  auto file = folder->openFile(name);
  EXPECT_TRUE(file.isOk()) << textOf(file);
  return std::move(*file);
}

std::string headerBytes(const std::string &json) {
  std::string bytes;
  for (int i = 0; i < 8; ++i)
    bytes += char(uint64_t(json.size()) >> (8 * i));
  return bytes + json;
}

std::string shardBytes(const std::string &json, size_t dataBytes) {
  return headerBytes(json) + std::string(dataBytes, '\0');
}

std::string headerJson(const TestTensors &tensors, uint64_t *dataBytes) {
  std::string json = "{";
  uint64_t offset = 0;
  for (const auto &[name, tensor] : tensors) {
    uint64_t bytes = tensor.dtype == "BF16" || tensor.dtype == "F16" ? 2
                     : tensor.dtype == "F32"                         ? 4
                                                                     : 1;
    for (uint64_t extent : tensor.shape)
      bytes *= extent;
    json += (json.size() > 1 ? ",\"" : "\"") + name + "\":{\"dtype\":\"" +
            tensor.dtype + "\",\"shape\":" + textOf(tensor.shape) +
            ",\"data_offsets\":[" + std::to_string(offset) + "," +
            std::to_string(offset + bytes) + "]}";
    offset += bytes;
  }
  *dataBytes = offset;
  return json + "}";
}

void writeSparse(const TestFolder &folder, const std::string &name,
                 const TestTensors &tensors) {
  uint64_t data = 0;
  std::string header = headerBytes(headerJson(tensors, &data));
  folder.write(name, header);
  std::filesystem::resize_file(folder.at(name), header.size() + data);
}

TestTensors tensorsOf(const std::string &path) {
  TestTensors tensors;
  auto folder = InputFolder::open(path);
  auto checkpoint = readCheckpoint(*folder);
  EXPECT_TRUE(checkpoint.isOk()) << textOf(checkpoint);
  for (const auto &[name, tensor] : checkpoint->tensors)
    tensors[name] = {std::string(nameOf(tensor.dtype)), tensor.shape};
  return tensors;
}

std::string testModel(const std::string &name) {
  return std::string(DS_TEST_MODELS) + "/" + name;
}

void expectError(const Status &status, ErrorCode code,
                 std::initializer_list<std::string_view> parts) {
  ASSERT_FALSE(status.isOk()) << "no error";
  const Error &error = status.errors()[0];
  EXPECT_EQ(nameOf(error.code), nameOf(code)) << error.message();
  for (std::string_view part : parts)
    EXPECT_NE(error.message().find(part), std::string::npos)
        << "no \"" << part << "\" in: " << error.message();
}

} // namespace ds::checkpoint
