// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_INTERFACES
#define DS_INTERFACES

include "mlir/IR/OpBase.td"

def DS_WeightUser : OpInterface<"WeightUser"> {
  let cppNamespace = "::ds";
  let description = [{
    An op that reads weights. The list is in the order of the kernel's
    contract; ds-verify-model compares shapes, ds-verify-encodings formats.
  }];
  let methods = [InterfaceMethod<
      "The weights this op reads, and what it expects of each",
      "::llvm::SmallVector<::ds::WeightUse>", "getWeightUses">];
}

#endif
