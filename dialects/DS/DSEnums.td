// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_ENUMS
#define DS_ENUMS

include "dialects/DS/DSDialect.td"
include "mlir/IR/EnumAttr.td"

def DS_GateScoring : I32EnumAttr<"GateScoring", "how router logits become scores",
    [I32EnumAttrCase<"Sigmoid", 0, "sigmoid">,
     I32EnumAttrCase<"Softmax", 1, "softmax">]> {
  let cppNamespace = "::ds";
  let genSpecializedAttr = 0;
}

def DS_ProjectionPart : I32EnumAttr<"ProjectionPart",
    "which rows of kv_b_proj, per head",
    [I32EnumAttrCase<"Key", 0, "key">,
     I32EnumAttrCase<"Value", 1, "value">]> {
  let cppNamespace = "::ds";
  let genSpecializedAttr = 0;
}
def DS_ProjectionPartAttr : EnumAttr<DS_Dialect, DS_ProjectionPart, "part">;

def DS_ScaleFormat : I32EnumAttr<"ScaleFormat", "how scales of codes are rounded",
    [I32EnumAttrCase<"F32", 0, "f32">,
     I32EnumAttrCase<"UE8M0", 1, "ue8m0">]> {
  let cppNamespace = "::ds";
  let genSpecializedAttr = 0;
}
def DS_ScaleFormatAttr : EnumAttr<DS_Dialect, DS_ScaleFormat, "scale_format">;

#endif
