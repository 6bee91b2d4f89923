// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_PLAN_OPS
#define DS_PLAN_OPS

include "dialects/Kernel/KernelEnums.td"
include "dialects/Plan/PlanDialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

// Life of every op here: created by convert-kernel-to-plan, read by emission.

def Plan_ModelOp : Plan_Op<"model"> {
  let summary = "widths and limits of the model, and the buffers of the session";
  let description = [{
    `chunk` is the most tokens of one prefill run, `decode_tokens` the most
    sequences of one decode run, `head_rows` the most rows of one head run. The
    buffers are those a session reads by itself: logits f32 [head_rows,
    vocab_size], hidden_tap f32 [num_layers + 1, chunk, hidden_size],
    experts_tap i32 [layers with experts, chunk, experts per token].

    ```mlir
    plan.model "deepseek_v3" {hidden_size = 192 : i32, num_layers = 3 : i32,
      vocab_size = 512 : i32, max_positions = 512 : i32, chunk = 512 : i32,
      decode_tokens = 64 : i32, head_rows = 16 : i32, page_tokens = 64 : i32,
      logits_buffer = @logits, levels = ["avx2"]}
    ```
  }];
  let arguments = (ins StrAttr:$family, StrArrayAttr:$levels,
                       I32Attr:$hidden_size, I32Attr:$num_layers,
                       I32Attr:$vocab_size, I32Attr:$max_positions,
                       I32Attr:$chunk, I32Attr:$decode_tokens,
                       I32Attr:$head_rows, I32Attr:$page_tokens,
                       FlatSymbolRefAttr:$logits_buffer,
                       OptionalAttr<FlatSymbolRefAttr>:$hidden_tap,
                       OptionalAttr<FlatSymbolRefAttr>:$experts_tap);
  let assemblyFormat = "$family attr-dict";
}

// Filled by plan-assign-offsets.
def Plan_BudgetOp : Plan_Op<"budget"> {
  let summary = "bytes of the scratch arena and of host buffers";
  let description = [{
    `scratch_lower_bound` is the peak of bytes that live at once: no placement
    is smaller.

    ```mlir
    plan.budget scratch 65536 scratch_lower_bound 61440 host 32768
    ```
  }];
  let arguments = (ins I64Attr:$scratch, I64Attr:$scratch_lower_bound,
                       I64Attr:$host);
  let assemblyFormat = [{
    `scratch` $scratch `scratch_lower_bound` $scratch_lower_bound
    `host` $host attr-dict
  }];
}

def Plan_WeightOp : Plan_Op<"weight", [Symbol]> {
  let summary = "a weight of one layer kind, or a constant of the plan";
  let description = [{
    As kernel.weight. At emission it becomes one record per layer (and per
    expert, where it has a `count`), two where the encoding has scales.

    ```mlir
    plan.weight @dense.mlp.down_proj [192, 384] f8e4m3fn_bs128
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$shape,
                       Kernel_Encoding:$encoding,
                       OptionalAttr<I32Attr>:$count,
                       OptionalAttr<ElementsAttr>:$value);
  let assemblyFormat = [{
    $sym_name $shape $encoding (`count` $count^)? (`value` $value^)? attr-dict
  }];
  let extraClassDeclaration = [{
    /// Tensors per unit of `count`: the matrix, and its scales.
    uint32_t tensors() {
      return getEncoding() == ::ds::kernel::Encoding::F8E4M3Block128 ? 2 : 1;
    }
  }];
}

def Plan_StateOp : Plan_Op<"state", [Symbol]> {
  let summary = "what a sequence remembers";
  let description = [{
    Every layer has its own pages; `row_bytes` are those of one token in one
    layer.

    ```mlir
    plan.state @latent layers 3 row_bytes 160
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$layers,
                       I32Attr:$row_bytes);
  let assemblyFormat =
      "$sym_name `layers` $layers `row_bytes` $row_bytes attr-dict";
}

def Plan_BufferOp : Plan_Op<"buffer", [Symbol]> {
  let summary = "memory of one value";
  let description = [{
    A scratch buffer holds one value of one body. A `pinned` one is alive in all
    bodies of all entries: residual, delta and angles travel in it. `in
    @residual` marks the next value of a pinned buffer, in the same bytes.
    `offset` is set by plan-assign-offsets, in the arena or in host memory.
    A host buffer with `layer_stride` has one slice per layer (or per layer of
    one kind).

    ```mlir
    plan.buffer @residual scratch size 393216 pinned offset 0
    plan.buffer @prefill_moe.add_rms_norm.9 scratch size 393216 in @residual
    plan.buffer @hidden_tap host size 1572864 layer_stride 393216
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Plan_Storage:$storage,
                       I64Attr:$size, OptionalAttr<I64Attr>:$layer_stride,
                       UnitAttr:$pinned, OptionalAttr<FlatSymbolRefAttr>:$place,
                       OptionalAttr<I64Attr>:$offset);
  let assemblyFormat = [{
    $sym_name $storage `size` $size (`layer_stride` $layer_stride^)?
    (`pinned` $pinned^)? (`in` $place^)? (`offset` $offset^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_KernelOp : Plan_Op<"kernel", [Symbol]> {
  let summary = "a kernel with its shape bound: one row of the table per level";
  let description = [{
    `rows` stand in the order of the model's levels. `workspace` is bytes per
    worker, for GPUs those of all blocks of a launch together.

    ```mlir
    plan.kernel @rms_norm.0 rows ["rms_norm_bf16_avx2"] shape {eps = 1.0e-6 : f32,
      in_offset = 0 : i32, in_stride = 176 : i32, n = 96 : i32} workspace 0
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrArrayAttr:$rows,
                       DictionaryAttr:$shape, I64Attr:$workspace);
  let assemblyFormat = [{
    $sym_name `rows` $rows `shape` $shape `workspace` $workspace attr-dict
  }];
}

def Plan_RowOp : Plan_Op<"row", [Symbol]> {
  let summary = "the weights that bodies of one layer kind find in their slots";
  let description = [{
    One row of slots per layer of `layers`; without `layers` there is one row
    for the whole model. An element of `weights` that is a symbol takes one
    slot, and one more for its scales; a list takes, for each expert, for each
    weight of the list, the matrix and its scales. Weights without a count at the
    end of a list are those of one more expert.

    ```mlir
    plan.row @moe [@moe.mlp.gate, [@moe.mlp.experts.gate_proj,
                                   @moe.mlp.experts.up_proj]] layers [1, 2]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ArrayAttr:$weights,
                       OptionalAttr<DenseI32ArrayAttr>:$layers);
  let assemblyFormat =
      "$sym_name $weights (`layers` $layers^)? attr-dict";
  let hasVerifier = 1;
}

def Plan_BodyOp : Plan_Op<"body", [Symbol, NoTerminator, SingleBlock,
                                   NoRegionArguments]> {
  let summary = "a list of steps; one per phase and layer kind";
  let description = [{
    `row` says whose slots the steps mean, `slots` how many there must be.

    ```mlir
    plan.body @prefill_begin row @globals slots 2 {
      plan.step @embedding.0 [#plan.arg<buffer @prefill_begin.embedding write>,
        #plan.arg<slot 0 read>] barrier
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$row,
                       I32Attr:$slots);
  let regions = (region SizedRegion<1>:$steps);
  let assemblyFormat =
      "$sym_name `row` $row `slots` $slots attr-dict-with-keyword $steps";
}

def Plan_StepOp : Plan_Op<"step", [HasParent<"BodyOp">]> {
  let summary = "one call of a kernel by all workers";
  let description = [{
    Operands in the order of the kernel's contract: inputs, outputs, weights.
    With `barrier` all workers have finished the steps before it.

    ```mlir
    plan.step @copy_rows.0 [#plan.arg<buffer @a read>,
                            #plan.arg<buffer @b write>] barrier
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Plan_ArgArrayAttr:$arguments,
                       UnitAttr:$barrier);
  let assemblyFormat = "$kernel $arguments (`barrier` $barrier^)? attr-dict";
}

def Plan_EntryOp : Plan_Op<"entry", [NoTerminator, SingleBlock,
                                     NoRegionArguments]> {
  let summary = "something a session can ask for: calls in order";
  let description = [{
    `max_rows` is the most tokens (prefill, decode) or rows (head) of one run.

    ```mlir
    plan.entry head max_rows 16 {
      plan.call @head layer 0 ordinal 0
    }
    ```
  }];
  let arguments = (ins Plan_EntryKind:$kind, I32Attr:$max_rows);
  let regions = (region SizedRegion<1>:$calls);
  let assemblyFormat =
      "$kind `max_rows` $max_rows attr-dict-with-keyword $calls";
}

def Plan_CallOp : Plan_Op<"call", [HasParent<"EntryOp">]> {
  let summary = "a body run for one layer";
  let description = [{
    `ordinal` is the place among the entry's calls of this body. The row is the
    layer's of the body's row op.

    ```mlir
    plan.call @prefill_moe layer 2 ordinal 1
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$body, I32Attr:$layer,
                       I32Attr:$ordinal);
  let assemblyFormat = "$body `layer` $layer `ordinal` $ordinal attr-dict";
}

#endif
