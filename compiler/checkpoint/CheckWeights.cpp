// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/checkpoint/CheckWeights.h"
#include <algorithm>
#include <bit>
#include <cstring>

namespace ds::checkpoint {
namespace {

constexpr size_t kChunkBytes = 4u << 20; // a multiple of every element's size
constexpr size_t kShownPlaces = 5;

/// A value that must not be: its place in the tensor and what it is.
struct Finding {
  uint64_t at;
  const char *what;
};
struct Findings {
  uint64_t count = 0;
  std::vector<Finding> first;
};

const char *nameOfNonfinite(float value) {
  return value != value ? "NaN" : value < 0 ? "-Inf" : "Inf";
}
const char *nameOfBadScale(float value) {
  return value == 0                                 ? "0"
         : value != value || value - value != 0     ? nameOfNonfinite(value)
                                                    : "a negative number";
}

// What each stored type may hold. The count of a chunk is one loop without a
// branch; places are looked for where it is not zero.
struct BF16Weight {
  using Code = uint16_t;
  static bool isBad(Code code) { return (code & 0x7F80) == 0x7F80; }
  static const char *name(Code code) {
    return nameOfNonfinite(std::bit_cast<float>(uint32_t(code) << 16));
  }
};
struct F32Weight {
  using Code = uint32_t;
  static bool isBad(Code code) { return (code & 0x7F800000) == 0x7F800000; }
  static const char *name(Code code) {
    return nameOfNonfinite(std::bit_cast<float>(code));
  }
};
struct E4M3Weight { // has no infinity
  using Code = uint8_t;
  static bool isBad(Code code) { return (code & 0x7F) == 0x7F; }
  static const char *name(Code) { return "NaN"; }
};
struct F32Scale {
  using Code = uint32_t; // good: the sign is clear, neither 0 nor Inf nor NaN
  static bool isBad(Code code) { return code - 1 >= 0x7F800000 - 1; }
  static const char *name(Code code) {
    return nameOfBadScale(std::bit_cast<float>(code));
  }
};

class Checker {
public:
  Checker(Model &model, const CheckWeightsOptions &options)
      : model_(model), options_(options), chunk_(kChunkBytes) {}

  Status check() {
    DS_TRY(openShards());
    for (const auto &[role, tensor] : model_.globals)
      if (role != "lm_head" || !model_.config.tieWordEmbeddings)
        DS_TRY(checkTensor(tensor));
    for (const LayerTensors &layer : model_.layers)
      for (const auto &[role, tensors] : layer.roles)
        for (const RoleTensor &tensor : tensors)
          DS_TRY(checkTensor(tensor));
    DS_TRY(checkTied());
    return std::move(status_);
  }

private:
  Status openShards() {
    DS_ASSIGN(InputFolder folder, InputFolder::open(model_.checkpoint.folder));
    for (const Shard &shard : model_.checkpoint.shards) {
      DS_ASSIGN(InputFile file, folder.openFile(shard.name));
      files_.push_back(std::move(file));
    }
    return Status::ok();
  }

  template <class Kind>
  Result<Findings> scan(const TensorPlace &place) {
    using Code = typename Kind::Code;
    Findings findings;
    for (uint64_t done = 0; done < place.bytes;) {
      uint64_t size = std::min<uint64_t>(kChunkBytes, place.bytes - done);
      DS_TRY(
          files_[place.shard].read(place.offset + done, chunk_.data(), size));
      auto code = [&](uint64_t i) {
        Code value;
        std::memcpy(&value, chunk_.data() + i * sizeof value, sizeof value);
        return value;
      };
      uint64_t elements = size / sizeof(Code), bad = 0;
      for (uint64_t i = 0; i < elements; ++i)
        bad += Kind::isBad(code(i));
      findings.count += bad;
      for (uint64_t i = 0; bad && findings.first.size() < kShownPlaces; ++i)
        if (Kind::isBad(code(i))) {
          --bad;
          findings.first.push_back(
              {done / sizeof(Code) + i, Kind::name(code(i))});
        }
      done += size;
    }
    return findings;
  }

  Status checkTensor(const RoleTensor &tensor) {
    Findings found;
    switch (tensor.encoding) {
    case Encoding::F32: {
      DS_ASSIGN(found, scan<F32Weight>(tensor.data));
      break;
    }
    case Encoding::BF16: {
      DS_ASSIGN(found, scan<BF16Weight>(tensor.data));
      break;
    }
    case Encoding::F8E4M3Block128: {
      DS_ASSIGN(found, scan<E4M3Weight>(tensor.data));
      break;
    }
    }
    if (found.count && options_.allowNonfinite)
      model_.notes.push_back(placeText(tensor.name, tensor.shape, found) +
                             " is " + found.first[0].what + " (" +
                             std::to_string(found.count) +
                             " such values; allowed)");
    else if (found.count)
      add(ErrorCode::WeightNotFinite, tensor.name, tensor.data, tensor.shape,
          found, "a finite number");
    if (!tensor.scale)
      return Status::ok();
    DS_ASSIGN(Findings bad, scan<F32Scale>(*tensor.scale));
    if (bad.count)
      add(ErrorCode::ScaleValue, scaleTensorName(tensor.name), *tensor.scale,
          scaleShape(tensor.shape), bad, "a finite number above 0");
    return Status::ok();
  }

  /// "[3, 17]" of the `at`-th value.
  static std::string placeOf(uint64_t at, const std::vector<uint64_t> &shape) {
    std::vector<uint64_t> place(shape.size());
    for (size_t i = shape.size(); i-- > 0; at /= shape[i])
      place[i] = at % shape[i];
    return textOf(place);
  }

  static std::string placeText(const std::string &name,
                               const std::vector<uint64_t> &shape,
                               const Findings &found) {
    return "tensor " + name + placeOf(found.first[0].at, shape);
  }

  void add(ErrorCode code, const std::string &name, const TensorPlace &place,
           const std::vector<uint64_t> &shape, const Findings &found,
           const char *expected) {
    Error error{.code = code,
                .file = model_.checkpoint.shards[place.shard].path,
                .subject = placeText(name, shape, found),
                .found = found.first[0].what,
                .expected = expected};
    std::string places;
    for (const Finding &finding : found.first)
      places += (places.empty() ? "" : ", ") + placeOf(finding.at, shape) +
                " " + finding.what;
    error.notes.push_back(std::to_string(found.count) + " such values: " +
                          places +
                          (found.count > found.first.size() ? ", …" : ""));
    status_.add(std::move(error));
  }

  /// With tied embeddings a stored lm_head must be the embedding once more.
  Status checkTied() {
    auto stored = model_.checkpoint.tensors.find("lm_head.weight");
    if (!model_.config.tieWordEmbeddings ||
        stored == model_.checkpoint.tensors.end())
      return Status::ok();
    const RoleTensor &embedding = model_.globals.at("embed_tokens");
    const StoredTensor &head = stored->second;
    Error error{.code = ErrorCode::TiedDiffer,
                .file = model_.checkpoint.folder + "/config.json",
                .subject = "tie_word_embeddings is true, but " +
                           embedding.name + " and lm_head.weight differ"};
    if (head.dtype != DType::BF16 || head.shape != embedding.shape) {
      error.found =
          textOf(head.shape) + " " + std::string(nameOf(head.dtype));
      error.expected = textOf(embedding.shape) + " BF16";
      status_.add(std::move(error));
      return Status::ok();
    }
    std::vector<char> other(kChunkBytes);
    for (uint64_t done = 0; done < head.bytes;) {
      uint64_t size = std::min<uint64_t>(kChunkBytes, head.bytes - done);
      DS_TRY(files_[head.shard].read(head.offset + done, other.data(), size));
      DS_TRY(files_[embedding.data.shard].read(embedding.data.offset + done,
                                               chunk_.data(), size));
      auto [a, b] =
          std::mismatch(other.begin(), other.begin() + long(size),
                        chunk_.begin());
      if (a != other.begin() + long(size)) {
        uint64_t at = (done + uint64_t(a - other.begin())) / sizeof(uint16_t);
        error.subject += " at " + placeOf(at, head.shape);
        status_.add(std::move(error));
        return Status::ok();
      }
      done += size;
    }
    return Status::ok();
  }

  Model &model_;
  const CheckWeightsOptions &options_;
  std::vector<char> chunk_;
  std::vector<InputFile> files_; // by shard
  Status status_;
};

} // namespace

Status checkWeights(Model &model, const CheckWeightsOptions &options) {
  return Checker(model, options).check();
}

} // namespace ds::checkpoint
