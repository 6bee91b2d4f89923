// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model dialect: what the model is. The only header of this folder that
// other rooms include.
#pragma once
#include <mlir/Bytecode/BytecodeOpInterface.h>
#include <mlir/IR/BuiltinAttributes.h>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/BuiltinTypes.h>
#include <mlir/IR/Dialect.h>
#include <mlir/IR/OpDefinition.h>
#include <mlir/IR/OpImplementation.h>

#include <mlir/IR/SymbolTable.h>
#include <mlir/Interfaces/SideEffectInterfaces.h>

namespace ds {

/// What a weight is to the op that reads it.
enum class WeightRole {
  Table, // rows looked up by id
  Gain,  // one factor per column
  Bias,  // one summand per column
  Matrix // multiplied by rows of activations
};

/// One weight an op reads, and what the op's own types say about it.
struct WeightUse {
  mlir::FlatSymbolRefAttr weight;
  WeightRole role;
  /// As the tensor is stored. kDynamic in the first place: the op has several
  /// weights side by side and only their sum is known, `rowsTogether`.
  llvm::SmallVector<int64_t, 2> shape;
  int64_t count = 1; // tensors in the list
  int64_t rowsTogether = 0;
  /// Element of the activations a matrix is multiplied by; null otherwise.
  mlir::Type activation = {};
};

} // namespace ds

#include "dialects/DS/DSEnums.h.inc"

#include "dialects/DS/DSDialect.h.inc"

#include "dialects/DS/DSInterfaces.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/DS/DSAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/DS/DSTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/DS/DSOps.h.inc"
