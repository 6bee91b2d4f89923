// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Joins plan IR, checkpoint and machine code into the bytes of a plan.
#pragma once
#include "compiler/checkpoint/Model.h"
#include "compiler/codegen/Codegen.h"
#include "compiler/emit/ByteAccount.h"
#include "runtime/plan/Records.h"
#include "runtime/plan/PlanData.h"
#include <memory>
#include <mlir/IR/BuiltinOps.h>
#include <span>

namespace ds {

/// Borrowed, but for the blobs.
struct EmitInputs {
  const checkpoint::Model &model;
  std::optional<checkpoint::GenerationConfig> generation = {};
  std::span<const CompiledImage>
      images;                     // one per level, in the model op's order
  uint32_t context = 0;           // tokens the budget is made for
  std::string weightsFolder = {}; // relative to the plan's folder
  std::string compiler = {}, options = {}; // for provenance
  std::vector<uint8_t> tokenizer = {};     // section TOKN; empty: none
  std::vector<uint8_t> chat = {};          // section CHAT; empty: none
  bool bundle = false;        // carry the weights in the plan
  bool digestWeights = false; // section WDIG; with bundle always
};

struct EmittedPlan {
  std::vector<uint8_t> bytes; // verified; with bundle those before DATA
  std::unique_ptr<rt::PlanData> data; // with bundle
  rt::BudgetRecord budget{};
  ByteAccount bytesOfShards;
  uint64_t tensors = 0; // weight records that lie in shards
};

/// `module` is past plan-verify-schedule. Reads the shards' headers (for their
/// digests), and weight bytes for WDIG only. Errors: those of reading; InternalError where
/// IR and checkpoint do not fit; PlanSelfCheck.
Result<EmittedPlan> emitPlan(mlir::ModuleOp module, const EmitInputs &inputs);

} // namespace ds
