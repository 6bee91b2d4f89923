// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only header of the kernel dialect that others include.
#pragma once
#include <mlir/Bytecode/BytecodeOpInterface.h>
#include <mlir/IR/BuiltinAttributes.h>
#include <mlir/IR/BuiltinTypes.h>
#include <mlir/IR/Dialect.h>
#include <mlir/IR/OpDefinition.h>
#include <mlir/IR/OpImplementation.h>
#include <mlir/IR/SymbolTable.h>

#include "dialects/Kernel/KernelDialect.h.inc"
#include "dialects/Kernel/KernelEnums.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Kernel/KernelTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/Kernel/KernelOps.h.inc"

namespace ds::kernel {

/// Discardable attributes, see the dialect's description.
inline constexpr llvm::StringLiteral kModelAttr = "kernel.model";
inline constexpr llvm::StringLiteral kLevelsAttr = "kernel.levels";
inline constexpr llvm::StringLiteral kEntryAttr = "kernel.entry";
inline constexpr llvm::StringLiteral kLayerKindAttr = "kernel.layer_kind";
inline constexpr llvm::StringLiteral kStateAttr = "kernel.state";

} // namespace ds::kernel
