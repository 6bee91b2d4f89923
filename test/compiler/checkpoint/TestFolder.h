// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folders made for one test, good and bad.
#pragma once
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Model.h"
#include <gtest/gtest.h>
#include <map>

namespace ds::checkpoint {

/// A fresh folder, removed at the end.
class TestFolder {
public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder &) = delete;

  const std::string &path() const { return path_; }
  std::string at(const std::string &name) const { return path_ + "/" + name; }
  void write(const std::string &name, std::string_view bytes) const;
  InputFile open(const std::string &name) const;

private:
  std::string path_;
};

/// dtype and shape of tensors that are to be stored.
struct TestTensor {
  std::string dtype;
  std::vector<uint64_t> shape;
};
using TestTensors = std::map<std::string, TestTensor>;

/// Length and header, without data.
std::string headerBytes(const std::string &json);
/// One whole safetensors file: header of `json`, then `dataBytes` zeros.
std::string shardBytes(const std::string &json, size_t dataBytes);
/// Header JSON that stores the tensors one after the other.
std::string headerJson(const TestTensors &tensors, uint64_t *dataBytes);
/// A file of that header whose data is a hole: it takes no space.
void writeSparse(const TestFolder &folder, const std::string &name,
                 const TestTensors &tensors);

/// What a checkpoint folder stores.
TestTensors tensorsOf(const std::string &folder);
/// "…/test/models/NAME".
std::string testModel(const std::string &name);

/// The first error has this code and its message holds every part.
void expectError(const Status &status, ErrorCode code,
                 std::initializer_list<std::string_view> parts);
template <class T>
void expectError(Result<T> result, ErrorCode code,
                 std::initializer_list<std::string_view> parts) {
  ASSERT_FALSE(result.isOk()) << "no error";
  expectError(result.takeStatus(), code, parts);
}
template <class T>
std::string textOf(Result<T> &result) {
  return result ? "" : result.takeStatus().text("test");
}

} // namespace ds::checkpoint
