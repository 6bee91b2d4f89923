// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/emit/WeightBytes.h"
#include "runtime/base/Sha256.h"
#include <algorithm>

namespace ds {
namespace {
constexpr uint64_t kPieceBytes = 4u << 20;
} // namespace

Result<WeightBytes>
WeightBytes::open(const checkpoint::Checkpoint &checkpoint, size_t shards) {
  WeightBytes bytes;
  for (const checkpoint::Shard &shard : checkpoint.shards) {
    if (bytes.files_.size() == shards)
      break;
    DS_ASSIGN(checkpoint::InputFile file,
              checkpoint::openShard(checkpoint, shard));
    bytes.files_.push_back(std::move(file));
  }
  return bytes;
}

Status WeightBytes::read(const checkpoint::TensorPlace &place, uint64_t at,
                         std::span<uint8_t> to) const {
  return files_[place.shard].read(place.offset + at, to.data(), to.size());
}

Result<rt::DigestRecord>
WeightBytes::digest(const checkpoint::TensorPlace &place) const {
  Sha256 sha;
  std::vector<uint8_t> piece;
  for (uint64_t at = 0; at < place.bytes; at += piece.size()) {
    piece.resize(std::min(kPieceBytes, place.bytes - at));
    DS_TRY(read(place, at, piece));
    sha.update(piece.data(), piece.size());
  }
  rt::DigestRecord record;
  std::ranges::copy(sha.finish(), record.digest);
  return record;
}

uint64_t BundledWeights::size() const {
  return tensors_.empty() ? 0
                          : tensors_.back().at + tensors_.back().place.bytes;
}

Status BundledWeights::read(uint64_t at, std::span<uint8_t> to) {
  std::ranges::fill(to, uint8_t(0));
  const uint64_t end = at + to.size();
  auto endOf = [](const PlacedTensor &t) { return t.at + t.place.bytes; };
  auto tensor = std::ranges::upper_bound(tensors_, at, {}, endOf);
  for (; tensor != tensors_.end() && tensor->at < end; ++tensor) {
    uint64_t first = std::max(at, tensor->at);
    uint64_t last = std::min(end, endOf(*tensor));
    DS_TRY(bytes_.read(tensor->place, first - tensor->at,
                       to.subspan(first - at, last - first)));
  }
  return Status::ok();
}

} // namespace ds
