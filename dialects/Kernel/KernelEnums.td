// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Enumerations that the kernel and the plan dialect share. They print as one
// word and belong to no dialect.
#ifndef DS_KERNEL_ENUMS
#define DS_KERNEL_ENUMS

include "mlir/IR/EnumAttr.td"

def Kernel_Encoding : I32EnumAttr<"Encoding", "how a weight is stored", [
    I32EnumAttrCase<"F32", 0, "f32">,
    I32EnumAttrCase<"BF16", 1, "bf16">,
    // With a second tensor: one f32 factor per block of 128 x 128.
    I32EnumAttrCase<"F8E4M3Block128", 2, "f8e4m3fn_bs128">]> {
  let cppNamespace = "::ds::kernel";
}

#endif
