// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CodeCache.h"
#include "test/runtime/plan/TemporaryFolder.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

namespace ds {
namespace {

namespace fs = std::filesystem;

struct CodeCacheTest : testing::Test {
  rt::test::TemporaryFolder temporary; // tests run side by side
  std::string folder = temporary.path("cache");
  Digest key = CodeCache::keyOf(std::vector<std::string>{"unit", "sm_90a"});
  std::vector<uint8_t> code{0x7f, 'E', 'L', 'F', 1, 2, 3};

  fs::path onlyFile() const {
    std::vector<fs::path> files;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder))
      files.push_back(entry.path());
    EXPECT_EQ(files.size(), 1u);
    return files.at(0);
  }
};

TEST_F(CodeCacheTest, GivesBackWhatWasStored) {
  CodeCache cache(folder);
  EXPECT_EQ(cache.find(key), std::nullopt);
  cache.store(key, code);
  EXPECT_EQ(cache.find(key), code);
  // Another process sees it too, under its key only.
  EXPECT_EQ(CodeCache(folder).find(key), code);
  EXPECT_EQ(cache.find(CodeCache::keyOf(std::vector<std::string>{"unit"})),
            std::nullopt);
}

// "ab" and "c" are not "a" and "bc".
TEST_F(CodeCacheTest, PartsOfAKeyDoNotRunTogether) {
  EXPECT_NE(CodeCache::keyOf(std::vector<std::string>{"ab", "c"}),
            CodeCache::keyOf(std::vector<std::string>{"a", "bc"}));
}

TEST_F(CodeCacheTest, ADamagedFileIsIgnoredAndWrittenAnew) {
  CodeCache cache(folder);
  cache.store(key, code);
  fs::path file = onlyFile();
  auto size = fs::file_size(file);
  for (uint64_t at = 0; at < size; ++at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(std::streamoff(at));
    char byte = char(stream.get() ^ 0x10);
    stream.seekp(std::streamoff(at));
    stream.put(byte);
    stream.close();
    EXPECT_EQ(cache.find(key), std::nullopt) << "byte " << at;
    cache.store(key, code);
    EXPECT_EQ(cache.find(key), code) << "byte " << at;
  }
  fs::resize_file(file, size - 1);
  EXPECT_EQ(cache.find(key), std::nullopt);
  fs::resize_file(file, 0);
  EXPECT_EQ(cache.find(key), std::nullopt);
}

TEST_F(CodeCacheTest, AFileOfAnotherKeyIsNotTakenForThisOne) {
  CodeCache cache(folder);
  cache.store(key, code);
  Digest other = CodeCache::keyOf(std::vector<std::string>{"other"});
  fs::rename(onlyFile(), folder + "/" + hexOf(other) + ".code");
  EXPECT_EQ(cache.find(other), std::nullopt);
}

TEST_F(CodeCacheTest, WritersSideBySideLeaveOneWholeFile) {
  std::vector<std::thread> writers;
  std::vector<uint8_t> large(100000, 7);
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      for (int n = 0; n < 20; ++n)
        CodeCache(folder).store(key, large);
    });
  for (std::thread &writer : writers)
    writer.join();
  EXPECT_EQ(CodeCache(folder).find(key), large);
  onlyFile();
}

TEST_F(CodeCacheTest, NoFolderAndAFolderThatCannotBeAreNoFailure) {
  CodeCache none("");
  none.store(key, code);
  EXPECT_EQ(none.find(key), std::nullopt);
  std::ofstream(folder) << "a file";
  CodeCache blocked(folder);
  blocked.store(key, code);
  EXPECT_EQ(blocked.find(key), std::nullopt);
}

} // namespace
} // namespace ds
