// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A folder of a test's own, gone with it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <stdlib.h>
#include <string>
#include <vector>

namespace ds::rt::test {

class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "dsc-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  std::string path(const std::string &name) const {
    return (path_ / name).string();
  }
  /// Makes folders on the way.
  std::string write(const std::string &name,
                    std::span<const uint8_t> bytes) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data()),
               std::streamsize(bytes.size()));
    return path(name);
  }
  std::vector<uint8_t> read(const std::string &name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t files() const {
    std::filesystem::directory_iterator first(path_), end;
    return size_t(std::distance(first, end));
  }

private:
  std::filesystem::path path_;
};

} // namespace ds::rt::test
