// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/emit/QuantizeWeights.h"
#include "compiler/emit/WeightBytes.h"
#include "kernels/base/Types.h"
#include "runtime/base/Sha256.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>

namespace ds {
namespace {

using checkpoint::kScaleBlock;
using checkpoint::TensorPlace;

constexpr size_t kKeyLetters = 12;
constexpr float kLargestCode = 448;

/// Codes and factors of up to 128 rows of a matrix.
struct Stripe {
  std::vector<uint8_t> codes;
  std::vector<float> scales; // one per 128 columns
};

/// `rows` are bf16 [count, columns]. Empty codes: a weight is not finite.
Stripe quantize(std::span<const uint16_t> rows, uint64_t columns) {
  auto value = [&](uint64_t at) {
    return kernels::toFloat(kernels::bf16{rows[at]});
  };
  const uint64_t count = rows.size() / columns;
  Stripe stripe;
  stripe.codes.resize(rows.size());
  for (uint64_t begin = 0; begin < columns; begin += kScaleBlock) {
    const uint64_t end = std::min(columns, begin + kScaleBlock);
    float most = 0;
    bool isFinite = true;
    for (uint64_t row = 0; row < count; ++row)
      for (uint64_t i = begin; i < end; ++i) {
        float magnitude = std::abs(value(row * columns + i));
        isFinite &= magnitude < INFINITY;
        most = std::max(most, magnitude);
      }
    if (!isFinite)
      return {};
    // The division may underflow where all weights are subnormal.
    const float scale = most / kLargestCode > 0 ? most / kLargestCode : 1;
    stripe.scales.push_back(scale);
    for (uint64_t row = 0; row < count; ++row)
      for (uint64_t i = begin; i < end; ++i)
        stripe.codes[row * columns + i] =
            kernels::toF8E4M3(value(row * columns + i) / scale).bits;
  }
  return stripe;
}

/// Calls take(rows, first row) for stripes of at most 128 rows, and adds their
/// bytes to `sha`.
template <class Take>
Status forStripes(const WeightBytes &bytes, const TensorPlace &source,
                  uint64_t columns, Sha256 &sha, Take &&take) {
  const uint64_t stripe = kScaleBlock * columns * sizeof(uint16_t);
  std::vector<uint16_t> rows;
  for (uint64_t at = 0; at < source.bytes; at += stripe) {
    rows.resize(std::min(stripe, source.bytes - at) / sizeof(uint16_t));
    std::span raw{reinterpret_cast<uint8_t *>(rows.data()),
                  rows.size() * sizeof(uint16_t)};
    DS_TRY(bytes.read(source, at, raw));
    sha.update(raw.data(), raw.size());
    DS_TRY(take(std::span<const uint16_t>(rows),
                at / sizeof(uint16_t) / columns));
  }
  return Status::ok();
}

std::string keyOf(Sha256 &&sha) {
  return hexOf(sha.finish()).substr(0, kKeyLetters);
}

} // namespace

Result<WeightQuantizer> WeightQuantizer::plan(checkpoint::Model &model) {
  WeightQuantizer quantizer;
  quantizer.shard_ = uint32_t(model.checkpoint.shards.size());
  std::vector<checkpoint::RoleTensor *> tensors;
  uint64_t end = 0; // of the data
  auto place = [&](uint64_t bytes) {
    TensorPlace at{quantizer.shard_, end, bytes};
    end += bytes;
    return at;
  };
  for (checkpoint::LayerTensors &layer : model.layers)
    for (const checkpoint::RoleSpec &spec :
         checkpoint::layerRoles(model.config, layer.kind)) {
      if (spec.form != checkpoint::RoleForm::Matrix)
        continue;
      for (checkpoint::RoleTensor &tensor : layer.roles[spec.role]) {
        if (tensor.encoding != checkpoint::Encoding::BF16)
          continue;
        std::vector<uint64_t> grid = checkpoint::scaleShape(tensor.shape);
        tensors.push_back(&tensor);
        Matrix &matrix = quantizer.matrices_.emplace_back();
        matrix.name = tensor.name;
        matrix.shape = tensor.shape;
        matrix.source = tensor.data;
        matrix.codes = place(tensor.shape[0] * tensor.shape[1]);
        matrix.scales = place(grid[0] * grid[1] * sizeof(float));
      }
    }
  if (tensors.empty())
    return Error{.code = ErrorCode::NothingToQuantize,
                 .file = model.checkpoint.folder,
                 .subject = "--quantize-weights",
                 .found = "no BF16 matrix in a layer",
                 .expected = "a BF16 checkpoint"};
  const uint64_t header = quantizer.header(std::string(kKeyLetters, '0')).size();
  for (size_t i = 0; i < tensors.size(); ++i) {
    Matrix &matrix = quantizer.matrices_[i];
    matrix.codes.offset += header;
    matrix.scales.offset += header;
    tensors[i]->encoding = checkpoint::Encoding::F8E4M3Block128;
    tensors[i]->data = matrix.codes;
    tensors[i]->scale = matrix.scales;
  }
  model.checkpoint.shards.push_back({.name = {},
                                     .path = {},
                                     .fileSize = header + end,
                                     .headerBytes = header - 8,
                                     .identity = {},
                                     .besideFolder = {}});
  quantizer.replaceStored(model.checkpoint);
  return quantizer;
}

void WeightQuantizer::replaceStored(checkpoint::Checkpoint &checkpoint) const {
  for (const Matrix &matrix : matrices_) {
    checkpoint.replacedBytes += matrix.source.bytes;
    ++checkpoint.replacedTensors;
    checkpoint.tensors[matrix.name] = {shard_, checkpoint::DType::F8_E4M3,
                                       matrix.shape, matrix.codes.offset,
                                       matrix.codes.bytes};
    checkpoint.tensors[checkpoint::scaleTensorName(matrix.name)] = {
        shard_, checkpoint::DType::F32, checkpoint::scaleShape(matrix.shape),
        matrix.scales.offset, matrix.scales.bytes};
  }
}

std::string WeightQuantizer::header(const std::string &key) const {
  std::string json = R"({"__metadata__":{"source":")" + key + "\"}";
  uint64_t at = 0;
  auto add = [&](const std::string &name, const char *type,
                 const std::vector<uint64_t> &shape, uint64_t bytes) {
    // Names of tensors that dsc knows hold nothing to escape.
    json += fmt::format(
        R"(,"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", name,
        type, fmt::join(shape, ","), at, at + bytes);
    at += bytes;
  };
  for (const Matrix &matrix : matrices_) {
    add(matrix.name, "F8_E4M3", matrix.shape, matrix.codes.bytes);
    add(checkpoint::scaleTensorName(matrix.name), "F32",
        checkpoint::scaleShape(matrix.shape), matrix.scales.bytes);
  }
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');
  uint64_t length = json.size();
  return std::string(reinterpret_cast<const char *>(&length), 8) + json;
}

Result<std::string> WeightQuantizer::sourceKey(const WeightBytes &bytes) const {
  Sha256 sha;
  sha.update(header(""));
  for (const Matrix &matrix : matrices_)
    DS_TRY(forStripes(bytes, matrix.source, matrix.shape[1], sha,
                      [](auto, uint64_t) { return Status::ok(); }));
  return keyOf(std::move(sha));
}

Status WeightQuantizer::write(checkpoint::Model &model,
                              const std::string &plan, bool isCarried,
                              rt::Companion &companion) const {
  checkpoint::Checkpoint &checkpoint = model.checkpoint;
  DS_ASSIGN(WeightBytes bytes, WeightBytes::open(checkpoint, shard_));
  DS_ASSIGN(std::string key, sourceKey(bytes));
  const std::string path = plan + ".fp8-" + key + ".safetensors";
  DS_TRY(companion.create(path));
  rt::TemporaryOutput &output = companion.file();
  DS_TRY(output.reserve(checkpoint.shards[shard_].fileSize));
  auto put = [&](uint64_t at, const void *data, size_t count) {
    return output.writeAt(at, {static_cast<const uint8_t *>(data), count});
  };
  const std::string head = header(key);
  DS_TRY(put(0, head.data(), head.size()));
  Sha256 sha;
  sha.update(header(""));
  for (const Matrix &matrix : matrices_) {
    const uint64_t columns = matrix.shape[1];
    const uint64_t blocks = (columns + kScaleBlock - 1) / kScaleBlock;
    auto add = [&](std::span<const uint16_t> rows, uint64_t first) -> Status {
      Stripe stripe = quantize(rows, columns);
      if (stripe.codes.empty())
        return Error{.code = ErrorCode::WeightNotFinite,
                     .file = checkpoint.shards[matrix.source.shard].path,
                     .subject = fmt::format("tensor {}, rows {} to {}",
                                            matrix.name, first,
                                            first + rows.size() / columns - 1),
                     .found = "a NaN or infinity",
                     .expected = "finite weights to quantize"};
      DS_TRY(put(matrix.codes.offset + first * columns, stripe.codes.data(),
                 stripe.codes.size()));
      return put(matrix.scales.offset +
                     first / kScaleBlock * blocks * sizeof(float),
                 stripe.scales.data(), stripe.scales.size() * sizeof(float));
    };
    DS_TRY(forStripes(bytes, matrix.source, columns, sha, add));
  }
  if (keyOf(std::move(sha)) != key)
    return Error{.code = ErrorCode::FileChanged,
                 .file = checkpoint.folder,
                 .subject = "weights changed while being read"};
  DS_TRY(output.sync());
  if (!isCarried)
    DS_TRY(companion.place());
  return adopt(checkpoint.shards[shard_], isCarried ? output.path() : path);
}

/// The written file is a shard like the others from here on.
Status WeightQuantizer::adopt(checkpoint::Shard &shard,
                              const std::string &path) {
  std::filesystem::path file(path);
  shard.path = path;
  shard.name = file.filename().string();
  shard.besideFolder = file.has_parent_path() ? file.parent_path().string() : ".";
  DS_ASSIGN(checkpoint::InputFolder folder,
            checkpoint::InputFolder::open(shard.besideFolder));
  DS_ASSIGN(checkpoint::InputFile written, folder.openFile(shard.name));
  shard.identity = written.identity();
  return Status::ok();
}

} // namespace ds
