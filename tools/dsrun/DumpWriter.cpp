// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/dsrun/DumpWriter.h"
#include "runtime/plan/TemporaryOutput.h"
#include "tools/dsrun/JsonWriter.h"
#include <sys/stat.h>

namespace ds::dsrun {
namespace {

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

/// Writes what the last runs of a session left in its buffers.
class RowWriter {
public:
  RowWriter(rt::Session &session, std::span<const Tensor> tensors,
            rt::TemporaryOutput &file)
      : session_(session), tensors_(tensors), file_(file) {}

  /// Of the last prefill, which had the prompt's tokens from `first` on.
  Status write(uint64_t first, uint64_t count) {
    for (const Tensor &tensor : tensors_)
      if (tensor.name == "logits")
        DS_TRY(writeLogits(tensor, first, uint32_t(count)));
      else
        for (uint64_t slice = 0; slice < tensor.outer; ++slice)
          DS_TRY(put(tensor.at(slice, first), rows(tensor, uint32_t(slice)),
                     count * tensor.rowBytes()));
    return {};
  }

private:
  Status put(uint64_t offset, const void *bytes, uint64_t count) {
    return file_.writeAt(offset,
                         {static_cast<const uint8_t *>(bytes), count});
  }

  Status writeLogits(const Tensor &tensor, uint64_t first, uint32_t count) {
    for (uint32_t row = 0; row < count;) {
      numbers_.clear();
      while (row < count && numbers_.size() < session_.model().headRows)
        numbers_.push_back(row++);
      DS_TRY(session_.head(numbers_));
      for (uint32_t i = 0; i < numbers_.size(); ++i)
        DS_TRY(put(tensor.at(0, first + numbers_[i]),
                   session_.logits(i).data(), tensor.rowBytes()));
    }
    return {};
  }

  const void *rows(const Tensor &tensor, uint32_t layer) {
    if (tensor.name == "hidden")
      return session_.hiddenTap(layer).data();
    std::span<const uint32_t> ids = session_.expertsTap(layer);
    experts_.assign(ids.begin(), ids.end());
    return experts_.data();
  }

  rt::Session &session_;
  std::span<const Tensor> tensors_;
  rt::TemporaryOutput &file_;
  std::vector<int64_t> experts_;
  std::vector<uint32_t> numbers_; // of rows
};

std::vector<Tensor> tensorsOf(const rt::ModelRecord &model, uint64_t count) {
  std::vector<Tensor> tensors = {
      {"logits", "F32", 1, count, model.vocabSize, 4, true}};
  if (model.hiddenTap != rt::kNone)
    tensors.push_back({"hidden", "F32", model.numLayers + 1, count,
                       model.hiddenSize, 4, false});
  if (model.expertsTap != rt::kNone)
    tensors.push_back({"experts", "I64", model.numMoeLayers, count,
                       model.expertsPerToken, 8, false});
  return tensors;
}

Status runAndWrite(rt::Session &session, rt::SequenceId sequence,
                   std::span<const uint32_t> tokens, RowWriter &writer,
                   const std::atomic<bool> &cancel) {
  for (uint64_t first = 0; first < tokens.size() && !cancel;) {
    uint64_t part =
        std::min<uint64_t>(session.chunk(), tokens.size() - first);
    rt::SequenceTokens run{sequence, tokens.subspan(first, part)};
    DS_TRY(session.prefill({&run, 1}));
    DS_TRY(writer.write(first, part));
    first += part;
  }
  return {};
}

} // namespace

Status checkDumpPlace(const std::string &path,
                      std::span<const std::string> inputs) {
  struct stat output, input;
  if (::stat(path.c_str(), &output) == 0)
    for (const std::string &name : inputs)
      if (::stat(name.c_str(), &input) == 0 && input.st_dev == output.st_dev &&
          input.st_ino == output.st_ino)
        return Error{.code = ErrorCode::OutputIsInput,
                     .subject = "--dump " + path +
                                ": would replace input file " + name};
  return rt::checkOutput(path);
}

Status writeDump(rt::Session &session, std::span<const uint32_t> tokens,
                 const std::string &path, const std::atomic<bool> &cancel) {
  std::vector<Tensor> tensors = tensorsOf(session.model(), tokens.size());
  std::string head = header(tensors);
  rt::TemporaryOutput file(path);
  DS_TRY(file.lock());
  DS_TRY(file.reserve(tensors.back().offset + tensors.back().bytes()));
  DS_TRY(file.writeAt(
      0, {reinterpret_cast<const uint8_t *>(head.data()), head.size()}));
  DS_ASSIGN(rt::SequenceId sequence,
            session.addSequence(uint32_t(tokens.size())));
  RowWriter writer(session, tensors, file);
  Status status = runAndWrite(session, sequence, tokens, writer, cancel);
  session.removeSequence(sequence);
  if (!status || cancel)
    return status;
  DS_TRY(file.sync());
  return file.place();
}

} // namespace ds::dsrun
