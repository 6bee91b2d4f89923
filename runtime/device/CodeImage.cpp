// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/CodeImage.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace ds::rt {
namespace {

Error unloadable(ErrorCode code, std::string subject, std::string found = {},
                 std::string expected = {}) {
  return {.code = code,
          .subject = std::move(subject),
          .found = std::move(found),
          .expected = std::move(expected)};
}

} // namespace

Result<CodeImage> CodeImage::load(const PlanView &plan,
                                  const ImageRecord &image) {
  return load(plan.code.subspan(image.offset, image.size), image.textSize,
              image.rodataOffset);
}

Result<CodeImage> CodeImage::load(std::span<const uint8_t> image,
                                  uint32_t textSize, uint32_t rodataOffset) {
  if (textSize > image.size() || textSize > rodataOffset ||
      rodataOffset % kPage || rodataOffset > alignUp(image.size(), kPage))
    return unloadable(ErrorCode::InternalError,
                      "the parts of a code image do not fit together");
  // Protection changes at rodataOffset, a multiple of 4096.
  if (long page = ::sysconf(_SC_PAGESIZE); page > long(kPage))
    return unloadable(ErrorCode::PageSize, "size of a memory page",
                      std::to_string(page), "at most " + std::to_string(kPage));
  CodeImage code;
  DS_ASSIGN(code.memory_, Memory::allocate(alignUp(image.size(), kPage)));
  std::byte *data = code.memory_.data();
  std::memcpy(data, image.data(), image.size());
  uint64_t rest = code.memory_.size() - rodataOffset;
  if (::mprotect(data, rodataOffset, PROT_READ | PROT_EXEC) != 0 ||
      (rest && ::mprotect(data + rodataOffset, rest, PROT_READ) != 0))
    return unloadable(ErrorCode::CodeNotExecutable,
                      std::string("cannot make kernel code executable: ") +
                          std::strerror(errno) + " (a policy of the system?)");
  __builtin___clear_cache(reinterpret_cast<char *>(data),
                          reinterpret_cast<char *>(data + rodataOffset));
  return code;
}

} // namespace ds::rt
