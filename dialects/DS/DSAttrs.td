// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef DS_ATTRS
#define DS_ATTRS

include "dialects/DS/DSEnums.td"

class DS_Attr<string name, string attrMnemonic> : AttrDef<DS_Dialect, name> {
  let mnemonic = attrMnemonic;
  let genVerifyDecl = 1;
}

def DS_EncodingAttr : DS_Attr<"Encoding", "encoding"> {
  let summary = "how numbers are stored";
  let description = [{
    The element format and, for block-scaled formats, the block that shares one
    f32 factor (model-spec 1.9): value = element * scale[row / block_rows,
    column / block_columns]; the grid of scales has ceil-div sides.

    ```mlir
    #ds.encoding<bf16>
    #ds.encoding<f8E4M3FN, block = 128 x 128>
    ```
  }];
  let parameters = (ins "::mlir::Type":$element, "int64_t":$block_rows,
                        "int64_t":$block_columns);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    bool isBlockScaled() const { return getBlockRows() != 0; }
  }];
  let builders = [AttrBuilder<(ins "::mlir::Type":$element), [{
    return $_get($_ctxt, element, 0, 0);
  }]>];
}

def DS_MLAAttr : DS_Attr<"MLA", "mla"> {
  let summary = "widths of multi-head latent attention";
  let description = [{
    Names as in config.json. `q_lora_rank` is 0 where the query has no low-rank
    form. A head of the query is `qk_nope_head_dim` values, then
    `qk_rope_head_dim` rotated ones; a latent row is `kv_lora_rank` values, then
    the `qk_rope_head_dim` ones of the rope key that all heads share.

    ```mlir
    #ds.mla<heads = 4, q_lora_rank = 96, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>
    ```
  }];
  let parameters = (ins "int64_t":$heads, "int64_t":$q_lora_rank,
                        "int64_t":$kv_lora_rank, "int64_t":$qk_nope_head_dim,
                        "int64_t":$qk_rope_head_dim, "int64_t":$v_head_dim);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// Query and key values of one head.
    int64_t getQkHeadDim() const {
      return getQkNopeHeadDim() + getQkRopeHeadDim();
    }
    int64_t getQueryWidth() const { return getHeads() * getQkHeadDim(); }
    int64_t getValueWidth() const { return getHeads() * getVHeadDim(); }
    /// Values of one state row.
    int64_t getLatentWidth() const {
      return getKvLoraRank() + getQkRopeHeadDim();
    }
    /// Rows of kv_b_proj that belong to one head.
    int64_t getKvHeadRows() const { return getQkNopeHeadDim() + getVHeadDim(); }
  }];
}

def DS_GateAttr : DS_Attr<"Gate", "gate"> {
  let summary = "how experts are chosen";
  let description = [{
    Chooses `topk` of `experts` per token (model-spec 1.7): scores by `scoring`;
    with `topk_group < n_group` only the `topk_group` best groups stay;
    `normalize` divides the chosen scores by their sum; `scale` is
    routed_scaling_factor.

    ```mlir
    #ds.gate<experts = 16, topk = 3, n_group = 4, topk_group = 2, scoring = sigmoid, normalize = true, scale = 2.5>
    ```
  }];
  let parameters = (ins "int64_t":$experts, "int64_t":$topk,
                        "int64_t":$n_group, "int64_t":$topk_group,
                        EnumParameter<DS_GateScoring>:$scoring,
                        "bool":$normalize, "::mlir::FloatAttr":$scale);
  let assemblyFormat = "`<` struct(params) `>`";
}

def DS_YarnAttr : DS_Attr<"Yarn", "yarn"> {
  let summary = "rope scaling by YaRN, as configured";
  let description = [{
    Model-spec 1.6. An absent `mscale`, `mscale_all_dim` or `attention_factor`
    is one the config does not give, or gives as 0.

    ```mlir
    #ds.yarn<factor = 8.0, original_max_position_embeddings = 64, beta_fast = 32.0, beta_slow = 1.0, truncate = true, mscale = 1.0, mscale_all_dim = 1.0>
    ```
  }];
  let parameters = (ins "::mlir::FloatAttr":$factor,
                        "int64_t":$original_max_position_embeddings,
                        "::mlir::FloatAttr":$beta_fast,
                        "::mlir::FloatAttr":$beta_slow, "bool":$truncate,
                        OptionalParameter<"::mlir::FloatAttr">:$mscale,
                        OptionalParameter<"::mlir::FloatAttr">:$mscale_all_dim,
                        OptionalParameter<"::mlir::FloatAttr">:$attention_factor);
  let assemblyFormat = "`<` struct(params) `>`";
}

def DS_RopeAttr : DS_Attr<"Rope", "rope"> {
  let summary = "rotary positions, as configured";
  let description = [{
    `dim` values per head rotate in interleaved pairs with base `theta`. Life:
    import to `ds-fold-yarn`, which leaves a table and a scale instead.

    ```mlir
    #ds.rope<dim = 16, theta = 1.0e4, yarn = <factor = 8.0, …>>
    ```
  }];
  let parameters = (ins "int64_t":$dim, "::mlir::FloatAttr":$theta,
                        OptionalParameter<"::ds::YarnAttr">:$yarn);
  let assemblyFormat = "`<` struct(params) `>`";
}

def DS_ModelAttr : DS_Attr<"Model", "model"> {
  let summary = "the model's name and outer widths";
  let description = [{
    On the module, as `ds.model`. Names as in config.json; `scale_fmt` is that of
    `quantization_config`, "ue8m0" where activations' scales are powers of two.

    ```mlir
    #ds.model<family = "deepseek_v3", hidden_size = 192, num_hidden_layers = 3, vocab_size = 512, max_position_embeddings = 512>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$family, "int64_t":$hidden_size,
                        "int64_t":$num_hidden_layers, "int64_t":$vocab_size,
                        "int64_t":$max_position_embeddings,
                        OptionalParameter<"::mlir::StringAttr">:$scale_fmt);
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif
