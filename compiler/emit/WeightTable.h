// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "compiler/checkpoint/Model.h"
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
  WeightTable(mlir::ModuleOp module, const checkpoint::Model &model,
              rt::PlanWriter &writer)
      : symbols_(module), model_(model), writer_(writer) {}

  /// A row of slots per layer of `row`, or the model's single one.
  Status add(plan::RowOp row);
  /// Index in ROWS of a layer's row.
  uint32_t rowOf(llvm::StringRef name, uint32_t layer) const;
  /// Whether a tensor of this name, scales included, is in the table.
  bool holds(const std::string &name) const { return byName_.contains(name); }
  uint64_t tensors() const { return byName_.size(); }

private:
  static constexpr uint32_t kWholeModel = rt::kNone; // instead of a layer

  Status addRow(plan::RowOp row, uint32_t layer);
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
};

} // namespace ds
