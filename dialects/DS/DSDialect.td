// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_DIALECT
#define DS_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"

def DS_Dialect : Dialect {
  let name = "ds";
  let summary = "what the model is";
  let description = [{
    The model of a DeepSeek checkpoint: weights by layer kind and role, states
    of a sequence, and one function per layer kind. A function works on a
    ragged batch of T tokens (R rows in the head), so the first dimension of
    every value is dynamic and everything else is fixed.

    Life: made by compiler/import, refined by passes/model, gone after
    `convert-ds-to-kernel`.

    Attributes on functions: `ds.layer_kind = "dense" | "moe"` names the kind of
    layer a function is; `ds.phase = "prefill" | "decode" | "extend"` appears
    with `ds-split-phases`. On the module: `ds.model`, a `#ds.model`.
  }];
  let cppNamespace = "::ds";
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    static constexpr llvm::StringLiteral kModelAttr = "ds.model";
    static constexpr llvm::StringLiteral kLayerKindAttr = "ds.layer_kind";
    static constexpr llvm::StringLiteral kPhaseAttr = "ds.phase";

    void registerTypes();
    void registerOperations();
    void registerAttributes();
  }];
}

def DS_BatchType : TypeDef<DS_Dialect, "Batch"> {
  let mnemonic = "batch";
  let summary = "the ragged batch of one run";
  let description = [{
    T tokens over B sequences with their ids, positions and page tables, and the
    R rows the head is asked for: `ds::Batch` of kernels/base/Abi.h. Never a
    compile key.
  }];
}

def DS_StateType : TypeDef<DS_Dialect, "State"> {
  let mnemonic = "state";
  let summary = "contents of one `ds.state`";
  let description = [{
    What every sequence remembers, as a value: `ds.state_append` takes one and
    returns the next, so nothing that reads it can be reordered around it. Used
    once after each append: there is only one copy in memory.
  }];
}

#endif
