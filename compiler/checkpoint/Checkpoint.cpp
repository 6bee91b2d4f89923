// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/CheckpointIndex.h"
#include <algorithm>
#include <set>
#include <sys/stat.h>

namespace ds::checkpoint {
namespace {

constexpr const char *kSingleName = "model.safetensors";

/// `model-00042-of-00163.safetensors` belongs to the family
/// `model- -of-00163.safetensors`; none when the name has no such form.
std::optional<std::string> familyOf(const std::string &name) {
  size_t of = name.find("-of-");
  if (of == name.npos)
    return {};
  size_t digits = of;
  while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    --digits;
  if (digits == of)
    return {};
  return name.substr(0, digits) + " " + name.substr(of);
}

Error noWeights(const InputFolder &folder,
                const std::vector<std::string> &names) {
  Error error{.code = ErrorCode::WeightsMissing, .file = folder.path()};
  size_t shards = 0;
  const std::string *pickle = nullptr;
  for (const std::string &name : names) {
    shards += name.ends_with(".safetensors");
    if (name.ends_with(".bin") || name.ends_with(".pt") ||
        name.ends_with(".pth"))
      pickle = &name;
  }
  if (shards) {
    error.code = ErrorCode::IndexMissing;
    error.found =
        std::to_string(shards) + " .safetensors files and no " + kIndexName;
    error.expected = std::string(kSingleName) + " or an index";
  } else if (pickle) {
    error.code = ErrorCode::PickleCheckpoint;
    error.found = "pickle checkpoint " + *pickle;
    error.expected = ".safetensors";
    error.notes.push_back("pickle is never read");
  } else {
    error.found = "no weights";
    error.expected = std::string(kSingleName) + " or " + kIndexName;
  }
  return error;
}

/// A numbered shard beside the indexed ones of its family that no tensor uses.
Status checkUnused(const InputFolder &folder,
                   const std::vector<std::string> &names,
                   const CheckpointIndex &index,
                   std::vector<std::string> &notes) {
  std::set<std::string> families;
  for (const std::string &shard : index.shards)
    if (auto family = familyOf(shard))
      families.insert(*family);
  Status status;
  for (const std::string &name : names) {
    if (!name.ends_with(".safetensors") ||
        std::binary_search(index.shards.begin(), index.shards.end(), name))
      continue;
    auto family = familyOf(name);
    if (family && families.count(*family))
      status.add(
          {.code = ErrorCode::ShardUnused,
           .file = folder.path(),
           .subject = "shard \"" + name + "\": not named by " + kIndexName});
    else
      notes.push_back(printable(name) + " is not used" +
                      (index.shards.size() > 1 || name != kSingleName
                           ? std::string(": the index does not name it")
                           : ""));
  }
  return status;
}

Status addTensors(Checkpoint &checkpoint, uint32_t shard,
                  std::vector<HeaderTensor> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const HeaderTensor &a, const HeaderTensor &b) {
              return a.name < b.name;
            });
  Status status;
  for (HeaderTensor &tensor : tensors) {
    auto [at, isNew] = checkpoint.tensors.try_emplace(
        std::move(tensor.name),
        StoredTensor{shard, tensor.dtype, std::move(tensor.shape),
                     tensor.offset, tensor.bytes});
    if (!isNew)
      status.add({.code = ErrorCode::TensorTwice,
                  .file = checkpoint.folder,
                  .subject = "tensor " + at->first + ": stored in " +
                             checkpoint.shards[at->second.shard].name +
                             " and in " + checkpoint.shards[shard].name});
    if (checkpoint.tensors.size() > kMaxTensors)
      return Error{.code = ErrorCode::IndexLimit,
                   .file = checkpoint.folder,
                   .subject = "tensors",
                   .found = "more",
                   .expected = "at most " + std::to_string(kMaxTensors)};
  }
  return status;
}

Status readShards(const InputFolder &folder,
                  const std::vector<std::string> &names,
                  const CheckpointIndex *index, Checkpoint &checkpoint) {
  std::vector<size_t> needed(names.size());
  if (index)
    for (const IndexEntry &entry : index->entries)
      ++needed[entry.shard];
  Status status;
  for (uint32_t i = 0; i < names.size(); ++i) {
    auto file = folder.tryOpen(names[i]);
    if (!file) {
      status.add(file.takeStatus());
      continue;
    }
    if (!*file) {
      status.add({.code = ErrorCode::ShardMissing,
                  .file = folder.path() + "/" + kIndexName,
                  .subject = "shard \"" + names[i] +
                             "\": not in folder (needed by " +
                             std::to_string(needed[i]) +
                             " tensors; incomplete download?)"});
      continue;
    }
    auto header = readSafetensorsHeader(**file);
    if (!header) {
      status.add(header.takeStatus());
      continue;
    }
    Shard &shard = checkpoint.shards[i];
    shard.path = (*file)->path();
    shard.fileSize = (*file)->size();
    shard.headerBytes = header->headerBytes;
    shard.identity = (*file)->identity();
    status.add(addTensors(checkpoint, i, std::move(header->tensors)));
  }
  return status;
}

/// Index and headers name the same tensors in the same shards. Both are in
/// order of names, so one walk compares them.
Status compare(const CheckpointIndex &index, const Checkpoint &checkpoint) {
  Status status;
  auto stored = checkpoint.tensors.begin();
  auto notIndexed = [&] {
    status.add({.code = ErrorCode::TensorNotIndexed,
                .file = checkpoint.folder,
                .subject = "tensor " + stored->first + " in " +
                           checkpoint.shards[stored->second.shard].name +
                           ": not in index"});
    ++stored;
  };
  for (const IndexEntry &entry : index.entries) {
    while (stored != checkpoint.tensors.end() && stored->first < entry.tensor)
      notIndexed();
    if (stored == checkpoint.tensors.end() || stored->first != entry.tensor) {
      status.add({.code = ErrorCode::TensorNotStored,
                  .file = checkpoint.folder + "/" + kIndexName,
                  .subject = "tensor " + printable(entry.tensor) +
                             ": not stored in " + index.shards[entry.shard] +
                             " or any other shard"});
      continue;
    }
    if (stored->second.shard != entry.shard)
      status.add({.code = ErrorCode::TensorElsewhere,
                  .file = checkpoint.folder + "/" + kIndexName,
                  .subject = "tensor " + entry.tensor + ": index says " +
                             index.shards[entry.shard] + ", header of " +
                             index.shards[stored->second.shard] + " holds it"});
    ++stored;
  }
  while (stored != checkpoint.tensors.end())
    notIndexed();
  return status;
}

/// Published checkpoints may carry a stale total: a note, unless `strict`.
Status compareTotal(const CheckpointIndex &index, Checkpoint &checkpoint,
                    bool strict) {
  if (!index.totalSize)
    return Status::ok();
  uint64_t total = 0; // shards of 2^63 bytes do not exist: no overflow
  for (const auto &[name, tensor] : checkpoint.tensors)
    total += tensor.bytes;
  if (total == *index.totalSize)
    return Status::ok();
  if (strict)
    return Error{.code = ErrorCode::IndexTotal,
                 .file = checkpoint.folder + "/" + kIndexName,
                 .subject = "metadata.total_size",
                 .found = std::to_string(*index.totalSize),
                 .expected = std::to_string(total) +
                             ", the bytes of all tensors (--strict)"};
  checkpoint.notes.push_back(std::string(kIndexName) + ": total_size says " +
                             std::to_string(*index.totalSize) +
                             " bytes, the shards hold " +
                             std::to_string(total));
  return Status::ok();
}

} // namespace

Result<Checkpoint> readCheckpoint(const InputFolder &folder,
                                  const ReadOptions &options) {
  Checkpoint checkpoint;
  checkpoint.folder = folder.path();
  DS_ASSIGN(std::vector<std::string> names, folder.names());
  checkpoint.hasCode =
      std::any_of(names.begin(), names.end(),
                  [](const std::string &name) { return name.ends_with(".py"); });
  DS_ASSIGN(std::optional<InputFile> indexFile, folder.tryOpen(kIndexName));
  std::optional<CheckpointIndex> index;
  std::vector<std::string> shards = {kSingleName};
  Status status;
  if (indexFile) {
    DS_ASSIGN(index, readIndex(*indexFile));
    checkpoint.sideFiles.push_back(
        {kIndexName, indexFile->path(), indexFile->identity()});
    shards = index->shards;
    status = checkUnused(folder, names, *index, checkpoint.notes);
  } else if (!std::binary_search(names.begin(), names.end(), kSingleName)) {
    return noWeights(folder, names);
  }
  for (const std::string &shard : shards)
    checkpoint.shards.push_back({.name = shard, .path = ""});
  status.add(readShards(folder, shards, index ? &*index : nullptr, checkpoint));
  DS_TRY(std::move(status));
  if (index) {
    DS_TRY(compare(*index, checkpoint));
    DS_TRY(compareTotal(*index, checkpoint, options.strict));
  }
  return checkpoint;
}

Result<InputFile> openShard(const Checkpoint &checkpoint, const Shard &shard) {
  DS_ASSIGN(InputFolder folder,
            InputFolder::open(shard.besideFolder.empty() ? checkpoint.folder
                                                         : shard.besideFolder));
  return folder.openFile(shard.name);
}

Status verifyUnchanged(const Checkpoint &checkpoint) {
  DS_ASSIGN(InputFolder folder, InputFolder::open(checkpoint.folder));
  Status status;
  auto compare = [&](Result<InputFile> file, const std::string &path,
                     const FileIdentity &identity) {
    if (!file)
      status.add(file.takeStatus());
    else if (file->identity() != identity)
      status.add({.code = ErrorCode::FileChanged,
                  .file = path,
                  .subject = "changed while being read"});
  };
  for (const SideFile &file : checkpoint.sideFiles)
    compare(folder.openFile(file.name), file.path, file.identity);
  for (const Shard &shard : checkpoint.shards)
    compare(openShard(checkpoint, shard), shard.path, shard.identity);
  return status;
}

Status checkNotInput(const Checkpoint &checkpoint, const std::string &output) {
  struct stat found;
  if (stat(output.c_str(), &found))
    return Status::ok();
  auto compare = [&](const std::string &path,
                     const FileIdentity &identity) -> Status {
    if (identity.device != found.st_dev || identity.inode != found.st_ino)
      return Status::ok();
    return Error{.code = ErrorCode::OutputIsInput,
                 .subject =
                     "-o " + output + ": would replace input file " + path};
  };
  for (const SideFile &file : checkpoint.sideFiles)
    DS_TRY(compare(file.path, file.identity));
  for (const Shard &shard : checkpoint.shards)
    DS_TRY(compare(shard.path, shard.identity));
  return Status::ok();
}

} // namespace ds::checkpoint
