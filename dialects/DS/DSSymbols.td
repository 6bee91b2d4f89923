// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_SYMBOLS
#define DS_SYMBOLS

include "dialects/DS/DSBase.td"

// Life: import to convert-ds-to-kernel.
def DS_WeightOp : DS_Op<"weight", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "one tensor per layer of a kind, or one of the model";
  let description = [{
    Named `<layer kind>.<role>`, or `<role>` where it belongs to no layer; the
    roles are those of compiler/checkpoint/Inventory.h. Every layer of the kind
    has a tensor of this shape and encoding; which one is known at emission, not
    here. With `count`, every layer has a list of that many (routed experts).

    ```mlir
    ds.weight @embed_tokens [512, 192] #ds.encoding<bf16>
    ds.weight @moe.mlp.experts.gate_proj [96, 192] #ds.encoding<f8E4M3FN, block = 128 x 128> count 16
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$shape,
                       DS_EncodingAttr:$encoding,
                       DefaultValuedAttr<I64Attr, "1">:$count);
  let assemblyFormat = [{
    $sym_name $shape qualified($encoding) (`count` $count^)? attr-dict
  }];
  let hasVerifier = 1;
}

// Life: import to convert-ds-to-kernel; ds-place-quantization sets the element.
def DS_StateOp : DS_Op<"state", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "what a sequence remembers per token and layer";
  let description = [{
    A row of `width` elements per token and layer, in pages of `page` rows. A
    function that uses it has an argument of type `!ds.state` of the same place.

    ```mlir
    ds.state @latent width 80 element f32 page 64
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$width,
                       TypeAttr:$element, I64Attr:$page);
  let assemblyFormat = [{
    $sym_name `width` $width `element` $element `page` $page attr-dict
  }];
  let hasVerifier = 1;
}

#endif
