// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only part of emission that reads weight bytes: for digests, and for a plan
// that carries its weights.
#pragma once
#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Model.h"
#include "runtime/plan/PlanData.h"
#include "runtime/plan/Records.h"
#include <functional>
#include <vector>

namespace ds {

/// The shards of a checkpoint, open for reading.
class WeightBytes {
public:
  /// The first `shards` of them, or all.
  static Result<WeightBytes> open(const checkpoint::Checkpoint &checkpoint,
                                  size_t shards = SIZE_MAX);

  Status read(const checkpoint::TensorPlace &place, uint64_t at,
              std::span<uint8_t> to) const;
  Result<rt::DigestRecord> digest(const checkpoint::TensorPlace &place) const;

private:
  std::vector<checkpoint::InputFile> files_; // by shard
};

/// A tensor and where it lies in DATA.
struct PlacedTensor {
  uint64_t at; // bytes in DATA
  checkpoint::TensorPlace place;
};

/// DATA made of tensors that lie in order, zeros between them.
class BundledWeights : public rt::PlanData {
public:
  BundledWeights(WeightBytes bytes, std::vector<PlacedTensor> tensors)
      : bytes_(std::move(bytes)), tensors_(std::move(tensors)) {}
  uint64_t size() const override;
  Status read(uint64_t at, std::span<uint8_t> to) override;

private:
  WeightBytes bytes_;
  std::vector<PlacedTensor> tensors_;
};

} // namespace ds
