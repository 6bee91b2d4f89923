// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "compiler/checkpoint/Model.h"
#include "compiler/emit/WeightBytes.h"
#include "dialects/Plan/Plan.h"
#include "runtime/plan/Writer.h"
#include <map>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/SymbolTable.h>

namespace ds {

/// Joins one weight per layer kind and role with the tensors of every layer,
/// and writes WGHT, CNST, SLOT and ROWS.
class WeightTable {
public:
  /// With `bundle` tensors lie in DATA, otherwise in their shards.
  WeightTable(mlir::ModuleOp module, const checkpoint::Model &model,
              rt::PlanWriter &writer, bool bundle)
      : symbols_(module), model_(model), writer_(writer), bundle_(bundle) {}

  /// A row of slots per layer of `row`, or the model's single one.
  Status add(plan::RowOp row);
  /// Index in ROWS of a layer's row.
  uint32_t rowOf(llvm::StringRef name, uint32_t layer) const;
  /// Whether a tensor of this name, scales included, is in the table.
  bool holds(const std::string &name) const { return byName_.contains(name); }
  uint64_t tensors() const { return byName_.size(); }
  /// Digests in the order of WGHT.
  Result<std::vector<rt::DigestRecord>> digests(const WeightBytes &bytes) const;
  /// What lies in DATA, in order.
  std::vector<PlacedTensor> bundled() const;

private:
  static constexpr uint32_t kWholeModel = rt::kNone; // instead of a layer

  Status addRow(plan::RowOp row, uint32_t layer);
  Status addList(mlir::ArrayAttr list, uint32_t layer);
  Status addSlots(llvm::StringRef symbol, uint32_t layer, uint32_t expert);
  Result<const checkpoint::RoleTensor *>
  tensorOf(llvm::StringRef symbol, uint32_t layer, uint32_t expert) const;
  uint32_t addTensor(const std::string &name, rt::Encoding encoding,
                     const checkpoint::TensorPlace &place, uint64_t rows,
                     uint64_t columns);
  uint32_t addConstant(plan::WeightOp weight);

  mlir::SymbolTable symbols_;
  const checkpoint::Model &model_;
  rt::PlanWriter &writer_;
  std::map<std::string, uint32_t> byName_, constants_;
  std::map<std::pair<std::string, uint32_t>, uint32_t> rows_;
  bool bundle_;
  std::map<uint32_t, PlacedTensor> placed_; // by WGHT, constants left out
  uint64_t dataBytes_ = 0;                  // of DATA so far
};

} // namespace ds
