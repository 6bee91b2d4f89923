// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/DumpWriter.h"
#include "tools/dsrun/JsonWriter.h"
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ds::dsrun {
namespace {

/// A file that takes its name at the end, or goes away.
class PendingFile {
public:
  explicit PendingFile(const std::string &path)
      : path_(path), temporary_(path + ".XXXXXX") {
    file_ = mkstemp(temporary_.data());
    if (file_ < 0)
      fail();
  }
  PendingFile(const PendingFile &) = delete;
  ~PendingFile() {
    if (file_ < 0)
      return;
    close(file_);
    if (!kept_)
      unlink(temporary_.c_str());
  }
  /// The first failure stays; later writes do nothing.
  void write(const void *bytes, size_t count, uint64_t offset) {
    const char *from = static_cast<const char *>(bytes);
    while (count > 0 && status_) {
      ssize_t done = pwrite(file_, from, count, off_t(offset));
      if (done < 0 && errno == EINTR)
        continue;
      if (done < 0)
        return fail();
      from += done;
      count -= size_t(done);
      offset += uint64_t(done);
    }
  }
  Status keep() {
    mode_t mask = umask(0);
    umask(mask);
    if (status_ && (fchmod(file_, 0666 & ~mask) != 0 || fsync(file_) != 0 ||
                    rename(temporary_.c_str(), path_.c_str()) != 0))
      fail();
    kept_ = status_.isOk();
    return std::move(status_);
  }
  bool isOk() const { return status_.isOk(); }

private:
  void fail() {
    status_ = Error{.code = ErrorCode::OutputWrite,
                    .file = path_,
                    .where = {},
                    .subject = std::string("cannot write: ") + strerror(errno),
                    .found = {},
                    .expected = {},
                    .notes = {},
                    .help = {}};
  }
  std::string path_, temporary_;
  int file_ = -1;
  bool kept_ = false;
  Status status_;
};

/// A tensor [outer, T, columns] whose rows arrive a run at a time.
struct Tensor {
  std::string_view name, type;
  uint64_t outer, tokens, columns, elementBytes;
  bool isMatrix;       // outer is 1 and no dimension
  uint64_t offset = 0; // in the file

  uint64_t rowBytes() const { return columns * elementBytes; }
  uint64_t bytes() const { return outer * tokens * rowBytes(); }
  uint64_t at(uint64_t slice, uint64_t token) const {
    return offset + (slice * tokens + token) * rowBytes();
  }
};

/// The length field and the JSON header, padded to 8 bytes; sets the offsets.
std::string header(std::span<Tensor> tensors) {
  JsonObject object;
  uint64_t begin = 0;
  for (const Tensor &tensor : tensors) {
    std::string text = "{\"dtype\": \"";
    text += tensor.type;
    text += "\", \"shape\": [";
    if (!tensor.isMatrix)
      text += std::to_string(tensor.outer) + ", ";
    text += std::to_string(tensor.tokens) + ", " +
            std::to_string(tensor.columns) + "], \"data_offsets\": [" +
            std::to_string(begin) + ", ";
    begin += tensor.bytes();
    object.raw(tensor.name, text + std::to_string(begin) + "]}");
  }
  std::string json = object.text();
  json.resize((json.size() + 7) / 8 * 8, ' ');
  uint64_t at = 8 + json.size(), length = json.size();
  for (Tensor &tensor : tensors) {
    tensor.offset = at;
    at += tensor.bytes();
  }
  return std::string(reinterpret_cast<const char *>(&length), 8) + json;
}

} // namespace

Status writeDump(rt::Session &session, std::span<const uint32_t> tokens,
                 const std::string &path, const std::atomic<bool> &cancel) {
  const rt::ModelRecord &model = session.model();
  DS_ASSIGN(rt::SequenceId sequence,
            session.addSequence(uint32_t(tokens.size())));
  uint64_t count = tokens.size();
  std::vector<Tensor> tensors = {
      {"logits", "F32", 1, count, model.vocabSize, 4, true}};
  bool hasHidden = model.hiddenTap != rt::kNone;
  bool hasExperts = model.expertsTap != rt::kNone;
  if (hasHidden)
    tensors.push_back({"hidden", "F32", model.numLayers + 1, count,
                       model.hiddenSize, 4, false});
  if (hasExperts)
    tensors.push_back({"experts", "I64", model.numMoeLayers, count,
                       model.expertsPerToken, 8, false});
  std::string head = header(tensors);
  PendingFile file(path);
  file.write(head.data(), head.size(), 0);
  std::vector<int64_t> experts;
  std::vector<uint32_t> rows;
  Status status;
  for (uint64_t first = 0; first < count && file.isOk() && !cancel;) {
    uint64_t part = std::min<uint64_t>(session.chunk(), count - first);
    rt::SequenceTokens run{sequence, tokens.subspan(first, part)};
    status = session.prefill({&run, 1});
    if (!status)
      break;
    for (uint32_t row = 0; row < part;) {
      rows.clear();
      while (row < part && rows.size() < model.headRows)
        rows.push_back(row++);
      session.head(rows);
      for (uint32_t i = 0; i < rows.size(); ++i)
        file.write(session.logits(i).data(), tensors[0].rowBytes(),
                   tensors[0].at(0, first + rows[i]));
    }
    for (uint32_t layer = 0; hasHidden && layer <= model.numLayers; ++layer)
      file.write(session.hiddenTap(layer).data(), part * tensors[1].rowBytes(),
                 tensors[1].at(layer, first));
    for (uint32_t layer = 0; hasExperts && layer < model.numMoeLayers;
         ++layer) {
      std::span<const uint32_t> ids = session.expertsTap(layer);
      experts.assign(ids.begin(), ids.end());
      file.write(experts.data(), part * tensors.back().rowBytes(),
                 tensors.back().at(layer, first));
    }
    first += part;
  }
  session.removeSequence(sequence);
  if (!status || cancel)
    return status;
  return file.keep();
}

} // namespace ds::dsrun
