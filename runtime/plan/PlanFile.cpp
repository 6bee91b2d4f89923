// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plan/PlanFile.h"
#include "runtime/plan/InputFile.h"
#include "runtime/plan/Verify.h"
#include "runtime/plan/Writer.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/stat.h>
#include <vector>

namespace ds::rt {
namespace {

/// Where the file itself lies: behind the links that its last name may be.
/// Links on the way there are the system's matter.
std::string behindLinks(const std::string &path) {
  struct stat named;
  if (::lstat(path.c_str(), &named) != 0 || !S_ISLNK(named.st_mode))
    return path;
  std::unique_ptr<char, decltype(&std::free)> real(
      ::realpath(path.c_str(), nullptr), std::free);
  return real ? real.get() : path;
}

/// Bytes before DATA. This only says how much to read: nothing is believed
/// before the copy has been verified.
Result<uint64_t> bytesToRead(const InputFile &file) {
  PlanHeader header{};
  DS_TRY(file.readAt(0, &header, sizeof header));
  if (std::memcmp(header.magic, kPlanMagic, sizeof kPlanMagic) != 0 ||
      header.major != kPlanMajor || header.fileSize != file.size())
    return uint64_t(sizeof header);
  uint64_t count = std::min<uint64_t>(
      header.sections, (file.size() - sizeof header) / sizeof(SectionEntry));
  count = std::min<uint64_t>(count, 1u << 16);
  std::vector<SectionEntry> table(count);
  DS_TRY(
      file.readAt(sizeof header, table.data(), count * sizeof(SectionEntry)));
  for (const SectionEntry &entry : table)
    if (std::string_view(entry.tag, sizeof entry.tag) == "DATA")
      return std::min(entry.offset, file.size());
  return file.size();
}

} // namespace

void PlanFile::Free::operator()(uint8_t *bytes) const {
  ::operator delete[](bytes, std::align_val_t(kPage));
}

Result<PlanFile> PlanFile::open(const std::string &path) {
  DS_ASSIGN(InputFile file, InputFile::open(path, ErrorCode::FileUnreadable));
  uint64_t size = file.size();
  if (size >= sizeof(PlanHeader)) {
    DS_ASSIGN(size, bytesToRead(file));
  }
  PlanFile plan(std::move(file));
  plan.path_ = path;
  std::string place = behindLinks(path);
  size_t slash = place.rfind('/');
  if (slash != place.npos)
    plan.folder_ = place.substr(0, slash + 1);
  if (size <= kMaxPlanBytes)
    plan.bytes_.reset(static_cast<uint8_t *>(
        ::operator new[](size, std::align_val_t(kPage), std::nothrow)));
  if (!plan.bytes_)
    return Error{.code = ErrorCode::PlanLimit,
                 .file = path,
                 .subject = "size in bytes, DATA aside",
                 .found = std::to_string(size),
                 .expected = "at most " + std::to_string(kMaxPlanBytes) +
                             " and what memory there is"};
  DS_TRY(plan.file_.readAt(0, plan.bytes_.get(), size));
  DS_ASSIGN(plan.view_,
            verifyPlan({plan.bytes_.get(), size}, path, plan.file_.size()));
  return plan;
}

std::string PlanFile::ownFolder() const {
  return folder_.empty() ? "." : folder_.substr(0, folder_.size() - 1);
}

std::string PlanFile::weightsFolder() const {
  std::string_view stored = view_.string(view_.model[0].weights);
  return folder_ + std::string(stored.empty() ? "." : stored);
}

} // namespace ds::rt
