// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/FuzzFolder.h"
#include "test/fuzz/Check.h"
#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace ds::fuzz {

FuzzFolder::FuzzFolder() : path_("/dev/shm/dsc-fuzz-XXXXXX") {
  FUZZ_CHECK(mkdtemp(path_.data()));
}

FuzzFolder::~FuzzFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void FuzzFolder::write(const std::string &name, std::string_view bytes,
                       uint64_t size) const {
  int file =
      ::open((path_ + "/" + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  FUZZ_CHECK(file >= 0);
  FUZZ_CHECK(::write(file, bytes.data(), bytes.size()) ==
             ssize_t(bytes.size()));
  FUZZ_CHECK(!ftruncate(file, off_t(std::max<uint64_t>(bytes.size(), size))));
  close(file);
}

checkpoint::InputFile FuzzFolder::open(const std::string &name) const {
  int file = ::open((path_ + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  FUZZ_CHECK(file >= 0);
  off_t size = lseek(file, 0, SEEK_END);
  return {file, name, {.size = uint64_t(size)}};
}

} // namespace ds::fuzz
