// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_PLAN_DIALECT
#define DS_PLAN_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::ds::plan";
  let summary = "what the runtime does: the records of a plan, before bytes";
  let description = [{
    The ops are the records of runtime/plan/Records.h under the same names, with
    symbols where a record has indices. Sizes and offsets are bytes.

    Order and meaning: an entry runs its calls one after the other, a call runs
    the steps of a body for one layer. A body starts with a barrier; a step
    without one may run beside the steps before it.
  }];
  let useDefaultAttributePrinterParser = 1;
}

def Plan_Storage : I32EnumAttr<"Storage", "the memory a buffer lies in", [
    // One arena, offsets fixed by plan-assign-offsets.
    I32EnumAttrCase<"Scratch", 0, "scratch">,
    // Memory that the session reads: logits and taps.
    I32EnumAttrCase<"Host", 1, "host">]> {
  let cppNamespace = "::ds::plan";
}

def Plan_EntryKind : I32EnumAttr<"EntryKind", "what a session can ask for", [
    I32EnumAttrCase<"Prefill", 0, "prefill">,
    I32EnumAttrCase<"Decode", 1, "decode">,
    I32EnumAttrCase<"Extend", 2, "extend">,
    I32EnumAttrCase<"Head", 3, "head">]> {
  let cppNamespace = "::ds::plan";
}

def Plan_ArgKind : I32EnumAttr<"ArgKind", "where an operand is", [
    I32EnumAttrCase<"Buffer", 0, "buffer">,
    I32EnumAttrCase<"BufferOfLayer", 1, "buffer_of_layer">,
    I32EnumAttrCase<"BufferOfOrdinal", 2, "buffer_of_ordinal">,
    I32EnumAttrCase<"Slot", 3, "slot">,
    I32EnumAttrCase<"SlotList", 4, "slot_list">,
    I32EnumAttrCase<"State", 5, "state">]> {
  let cppNamespace = "::ds::plan";
}

// Bits: 1 read, 2 write.
def Plan_Access : I32EnumAttr<"Access", "what a step does with an operand", [
    I32EnumAttrCase<"Read", 1, "read">,
    I32EnumAttrCase<"Write", 2, "write">]> {
  let cppNamespace = "::ds::plan";
}

def Plan_ArgAttr : AttrDef<Plan_Dialect, "Arg"> {
  let mnemonic = "arg";
  let summary = "one operand of a step";
  let description = [{
    Buffers and states are named; slots count from the start of the body's row,
    and a slot is always read.

    ```mlir
    #plan.arg<buffer @residual read>
    #plan.arg<slot 3 read>
    ```
  }];
  let parameters = (ins "::ds::plan::ArgKind":$kind,
                        "::mlir::FlatSymbolRefAttr":$symbol,
                        "uint32_t":$slot, "::ds::plan::Access":$access);
  let builders = [
    AttrBuilderWithInferredContext<(ins "::ds::plan::ArgKind":$kind,
        "::mlir::FlatSymbolRefAttr":$symbol, "::ds::plan::Access":$access), [{
      return $_get(symbol.getContext(), kind, symbol, 0, access);
    }]>,
    AttrBuilder<(ins "::ds::plan::ArgKind":$kind, "uint32_t":$slot), [{
      return $_get($_ctxt, kind, ::mlir::FlatSymbolRefAttr(), slot,
                   ::ds::plan::Access::Read);
    }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    bool isSlot() const {
      return getKind() == ArgKind::Slot || getKind() == ArgKind::SlotList;
    }
    bool isState() const { return getKind() == ArgKind::State; }
    bool isBuffer() const { return !isSlot() && !isState(); }
  }];
}

def Plan_ArgArrayAttr : TypedArrayAttrBase<Plan_ArgAttr, "operands of a step">;

class Plan_Op<string mnemonic, list<Trait> traits = []>
    : Op<Plan_Dialect, mnemonic, traits>;

#endif
