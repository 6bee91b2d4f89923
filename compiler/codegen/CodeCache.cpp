// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file is the SHA-256 of key and code, then the code: one that was renamed
// does not verify either.
#include "compiler/codegen/CodeCache.h"
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace ds {
namespace {

Digest sealOf(const Digest &key, std::span<const uint8_t> code) {
  Sha256 sha;
  sha.update(key.data(), key.size());
  sha.update(code.data(), code.size());
  return sha.finish();
}

bool writeAll(int file, const uint8_t *bytes, size_t size) {
  while (size) {
    ssize_t written = ::write(file, bytes, size);
    if (written <= 0)
      return false;
    bytes += written;
    size -= size_t(written);
  }
  return true;
}

} // namespace

Digest CodeCache::keyOf(std::span<const std::string> parts) {
  Sha256 sha;
  for (const std::string &part : parts) {
    uint64_t size = part.size();
    sha.update(&size, sizeof size);
    sha.update(part);
  }
  return sha.finish();
}

std::string CodeCache::pathOf(const Digest &key) const {
  return folder_ + "/" + hexOf(key) + ".code";
}

std::optional<std::vector<uint8_t>> CodeCache::find(const Digest &key) const {
  if (folder_.empty())
    return std::nullopt;
  std::ifstream file(pathOf(key), std::ios::binary);
  Digest seal;
  if (!file.read(reinterpret_cast<char *>(seal.data()), seal.size()))
    return std::nullopt;
  std::vector<uint8_t> code((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
  if (code.empty() || sealOf(key, code) != seal)
    return std::nullopt;
  return code;
}

void CodeCache::store(const Digest &key, std::span<const uint8_t> code) const {
  if (folder_.empty())
    return;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  std::string temporary = folder_ + "/.new-XXXXXX";
  int file = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0)
    return;
  Digest seal = sealOf(key, code);
  bool isWritten = writeAll(file, seal.data(), seal.size()) &&
                   writeAll(file, code.data(), code.size());
  isWritten &= ::close(file) == 0;
  if (!isWritten ||
      ::rename(temporary.c_str(), pathOf(key).c_str()) != 0)
    ::unlink(temporary.c_str());
}

} // namespace ds
