// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_KERNEL_OPS
#define DS_KERNEL_OPS

include "dialects/Kernel/KernelDialect.td"
include "dialects/Kernel/KernelEnums.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"

def Kernel_StateType : TypeDef<Kernel_Dialect, "State"> {
  let mnemonic = "state";
  let summary = "what every sequence remembers, as a value";
  let description = [{
    A call that changes a state takes it and returns it, so that nothing
    reorders around it. Example: `!kernel.state<bf16>`.
  }];
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}

def Kernel_Value : AnyTypeOf<[RankedTensorOf<[F32, BF16, F8E4M3FN, I32]>,
    Kernel_StateType], "tensor of f32, bf16, f8E4M3FN or i32, or a state">;

// Life: created by convert-ds-to-kernel, consumed by convert-kernel-to-plan.
def Kernel_WeightOp : Kernel_Op<"weight", [Symbol]> {
  let summary = "a weight of one layer kind, or a small constant";
  let description = [{
    Stands for one tensor [rows, columns] (a vector has only [columns]) of
    every layer of a kind, or for `count` such tensors (experts). The
    checkpoint's names join at emission. With `value` it is a constant that the
    compiler made and the plan carries.

    ```mlir
    kernel.weight @moe.mlp.experts.down_proj [192, 96] f8e4m3fn_bs128 count 16
    kernel.weight @rope.inv_freq [8] f32 value dense<1.0> : tensor<8xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$shape,
                       Kernel_Encoding:$encoding,
                       OptionalAttr<I32Attr>:$count,
                       OptionalAttr<ElementsAttr>:$value);
  let assemblyFormat = [{
    $sym_name $shape $encoding (`count` $count^)? (`value` $value^)? attr-dict
  }];
  let hasVerifier = 1;
}

// Life: created by convert-ds-to-kernel, consumed by convert-kernel-to-plan.
def Kernel_StateOp : Kernel_Op<"state", [Symbol]> {
  let summary = "what a sequence remembers, in every layer";
  let description = [{
    `width` values of `element` per token and layer, in pages of `page` tokens.

    ```mlir
    kernel.state @latent width 80 element bf16 page 64
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$width,
                       TypeAttr:$element, I32Attr:$page);
  let assemblyFormat = [{
    $sym_name `width` $width `element` $element `page` $page attr-dict
  }];
  let hasVerifier = 1;
}

// Life: created by convert-ds-to-kernel, gets its variants from
// kernel-select-variant, consumed by convert-kernel-to-plan.
def Kernel_CallOp : Kernel_Op<"call"> {
  let summary = "one call of a kernel family";
  let description = [{
    Computes the formula of the family's contract, `kernels/FAMILY/FAMILY.h`.
    Operands are the contract's inputs in order, results its outputs (codes are
    followed by their scales), `weights`
    its weights: one symbol per matrix (its scale goes with it), and for a list
    weight the symbols that each expert contributes, in order, and behind them
    those without a count that one more expert contributes. `shape` holds the
    contract's constants by name. A state operand that the call changes comes
    back as a result.

    `variants` names the row of the kernel table that computes it, one per CPU
    level of the module (`kernel.levels`).
    `tap = "hidden"` or `"experts"` marks a call whose result nobody reads: the
    session hands it out.

    ```mlir
    %s, %x = kernel.call @add_rms_norm(%residual, %delta)
        weights [@moe.input_layernorm] shape {n = 192 : i32, eps = 1.0e-6 : f32}
        variants ["add_rms_norm_bf16_avx2"]
        : (tensor<?x192xf32>, tensor<?x192xf32>)
        -> (tensor<?x192xf32>, tensor<?x192xbf16>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$family,
                       Variadic<Kernel_Value>:$inputs,
                       OptionalAttr<FlatSymbolRefArrayAttr>:$weights,
                       DictionaryAttr:$shape,
                       OptionalAttr<StrArrayAttr>:$variants,
                       OptionalAttr<StrAttr>:$tap);
  let results = (outs Variadic<Kernel_Value>:$outputs);
  let assemblyFormat = [{
    $family `(` $inputs `)` (`weights` $weights^)? `shape` $shape
    (`variants` $variants^)? (`tap` $tap^)? attr-dict
    `:` functional-type($inputs, $outputs)
  }];
  let hasVerifier = 1;
}

// Life: created by convert-ds-to-kernel, consumed by convert-kernel-to-plan.
def Kernel_LayersOp : Kernel_Op<"layers"> {
  let summary = "one body run for several layers, one after the other";
  let description = [{
    Calls `body` for each of `layers` in order. What it returns is what the
    first arguments of the next layer are: residual and delta; the angles stay,
    each state is passed on.

    ```mlir
    %r2, %d2, %l2 = kernel.layers @prefill_moe layers [1, 2]
        (%r1, %d1, %angles, %l1) : (tensor<?x192xf32>, tensor<?x192xf32>,
        tensor<?x8x2xf32>, !kernel.state<bf16>)
        -> (tensor<?x192xf32>, tensor<?x192xf32>, !kernel.state<bf16>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$body, DenseI32ArrayAttr:$layers,
                       Variadic<Kernel_Value>:$inputs);
  let results = (outs Variadic<Kernel_Value>:$outputs);
  let assemblyFormat = [{
    $body `layers` $layers `(` $inputs `)` attr-dict
    `:` functional-type($inputs, $outputs)
  }];
  let hasVerifier = 1;
}

#endif
