// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// --quantize-weights=fp8: matrices of a BF16 checkpoint become e4m3 codes with
// one f32 factor per block of 128 x 128, in a safetensors file of their own
// beside the plan. What FP8 checkpoints keep in BF16 stays: embedding, norms,
// router, head (model-spec 1.9).
#pragma once
#include "compiler/checkpoint/Model.h"
#include "compiler/emit/WeightBytes.h"
#include "runtime/plan/TemporaryOutput.h"
#include <string>
#include <vector>

namespace ds {

/// What the side file holds and where it comes from. Made from headers alone.
class WeightQuantizer {
public:
  /// Turns the model's BF16 matrices into FP8 ones that lie in one more shard,
  /// whose file has no name until write(). NothingToQuantize (3) where there is
  /// no such matrix.
  static Result<WeightQuantizer> plan(checkpoint::Model &model);

  /// Writes `PLAN.fp8-KEY.safetensors`, KEY from what it is made of, so that an
  /// older plan keeps its own file. Per block: factor = max |w| / 448 in f32, 1
  /// for a block of zeros; code = e4m3(w / factor), to nearest, ties to even.
  /// Reads every source twice; a file that changes in between is FileChanged.
  /// It is `companion` of the plan, and gets no name where the plan carries its
  /// weights. Errors: those of reading and of rt::TemporaryOutput;
  /// WeightNotFinite (3).
  Status write(checkpoint::Model &model, const std::string &plan,
               bool isCarried, rt::Companion &companion) const;

private:
  struct Matrix {
    std::string name; // of the weight
    std::vector<uint64_t> shape;
    checkpoint::TensorPlace source;        // bf16
    checkpoint::TensorPlace codes, scales; // in the new shard
  };
  /// The length field and the JSON header; `key` goes into its metadata.
  std::string header(const std::string &key) const;
  /// Of the header and all source bytes.
  Result<std::string> sourceKey(const WeightBytes &bytes) const;
  /// What the checkpoint stores is now the new tensors.
  void replaceStored(checkpoint::Checkpoint &checkpoint) const;
  static Status adopt(checkpoint::Shard &shard, const std::string &path);

  std::vector<Matrix> matrices_;
  uint32_t shard_ = 0; // the new one
};

} // namespace ds
