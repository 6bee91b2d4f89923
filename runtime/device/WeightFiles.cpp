// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/device/WeightFiles.h"
#include "runtime/base/Sha256.h"
#include "runtime/plan/InputFile.h"
#include "runtime/plan/WeightDigests.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <sys/stat.h>

namespace ds::rt {
namespace {

Error shardError(ErrorCode code, const std::string &path, std::string subject,
                 std::string found = {}, std::string expected = {}) {
  return {.code = code,
          .file = path,
          .subject = std::move(subject),
          .found = std::move(found),
          .expected = std::move(expected),
          .help = code == ErrorCode::ShardAbsent
                      ? "where the weights have moved: --weights DIR"
                  : code == ErrorCode::ShardChanged ? "compile the model again"
                                                    : ""};
}

Status checkHeader(const InputFile &file, const ShardRecord &shard,
                   const std::string &path) {
  std::vector<uint8_t> part(
      std::min<uint64_t>(shard.headerSize, uint64_t(1) << 20));
  Sha256 sha;
  for (uint64_t at = 0; at < shard.headerSize;) {
    size_t bytes = std::min<uint64_t>(part.size(), shard.headerSize - at);
    DS_TRY(file.readAt(at, part.data(), bytes));
    sha.update(part.data(), bytes);
    at += bytes;
  }
  if (!std::ranges::equal(sha.finish(), shard.headerDigest))
    return shardError(ErrorCode::ShardChanged, path,
                      "its header is not that of the compiled model");
  return {};
}

} // namespace

WeightFiles::Mapping::~Mapping() {
  if (data_)
    ::munmap(const_cast<uint8_t *>(data_), size_);
}

Result<WeightFiles::Mapping> WeightFiles::map(int descriptor, uint64_t offset,
                                              uint64_t size,
                                              const std::string &path) {
  if (!size)
    return Mapping();
  void *data =
      ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, off_t(offset));
  if (data == MAP_FAILED)
    return shardError(ErrorCode::ShardUnreadable, path,
                      std::string("cannot be mapped: ") + std::strerror(errno));
  return Mapping(static_cast<const uint8_t *>(data), size);
}

Result<WeightFiles::Mapping> WeightFiles::mapShard(const PlanView &plan,
                                                   const ShardRecord &shard,
                                                   const std::string &folder) {
  std::string path = folder + "/" + plan.string(shard.name);
  struct stat info;
  if (::stat(path.c_str(), &info) != 0 && errno == ENOENT) {
    Error error =
        shardError(ErrorCode::ShardAbsent, path,
                   "weight file not found, expected where the plan says");
    if (shard.place == ShardPlace::BesidePlan)
      error.help = "dsc made it with the plan: they move together";
    return error;
  }
  DS_ASSIGN(InputFile file, InputFile::open(path, ErrorCode::ShardUnreadable));
  if (file.size() != shard.size)
    return shardError(ErrorCode::ShardChanged, path, "size in bytes",
                      std::to_string(file.size()), std::to_string(shard.size));
  DS_TRY(checkHeader(file, shard, path));
  return map(file.descriptor(), 0, file.size(), path);
}

Result<WeightFiles> WeightFiles::open(const PlanFile &plan,
                                      const std::string &folder) {
  const PlanView &view = plan.view();
  std::string from = folder.empty() ? plan.weightsFolder() : folder;
  WeightFiles files(plan);
  Status wrong;
  for (const ShardRecord &shard : view.shards) {
    bool isBeside = shard.place == ShardPlace::BesidePlan;
    Result<Mapping> mapping =
        mapShard(view, shard, isBeside ? plan.ownFolder() : from);
    if (mapping)
      files.shards_.push_back(std::move(*mapping));
    else
      wrong.add(mapping.takeStatus());
  }
  if (!wrong)
    return wrong;
  if (view.dataSize) {
    DS_ASSIGN(files.data_, map(plan.file().descriptor(), view.dataOffset,
                               view.dataSize, plan.path()));
  }
  return files;
}

const void *WeightFiles::address(const WeightRecord &weight) const {
  switch (weight.source) {
  case WeightSource::Shard:
    return shards_[weight.shard].data() + weight.offset;
  case WeightSource::Constant:
    return plan_->view().constants.data() + weight.offset;
  case WeightSource::Data:
    return data_.data() + weight.offset;
  }
  return nullptr;
}

Status WeightFiles::verify() const {
  return verifyWeightDigests(plan_->view(), plan_->path(), WeightsToVerify::All,
                             [&](const WeightRecord &weight, Sha256 &sha) {
                               sha.update(address(weight), weight.size);
                               return Status();
                             });
}

uint64_t WeightFiles::mappedBytes() const {
  uint64_t bytes = data_.size();
  for (const Mapping &shard : shards_)
    bytes += shard.size();
  return bytes;
}

} // namespace ds::rt
