# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""rank48.py DIR: a checkpoint of two layers whose kv_lora_rank is 48, a number that no other width shares.

Layer 0 is dense, layer 1 has experts. All weights are zero: they are a hole in the file, and compiling reads none.
"""
import json
import pathlib
import struct
import sys

CONFIG = {
    "model_type": "deepseek_v3", "vocab_size": 512, "hidden_size": 160, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 4, "q_lora_rank": None, "kv_lora_rank": 48,
    "qk_nope_head_dim": 24, "qk_rope_head_dim": 8, "v_head_dim": 40, "intermediate_size": 320,
    "moe_intermediate_size": 96, "n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2,
    "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1, "moe_layer_freq": 1, "topk_method": "noaux_tc",
    "scoring_func": "sigmoid", "norm_topk_prob": True, "routed_scaling_factor": 1.0, "hidden_act": "silu",
    "attention_bias": False, "rms_norm_eps": 1e-6, "rope_theta": 10000, "rope_scaling": None,
    "max_position_embeddings": 256, "tie_word_embeddings": False, "num_nextn_predict_layers": 0,
    "bos_token_id": 0, "eos_token_id": 1, "torch_dtype": "bfloat16",
}


def feed_forward(prefix, hidden, inner):
    return {f"{prefix}.gate_proj.weight": [inner, hidden], f"{prefix}.up_proj.weight": [inner, hidden],
            f"{prefix}.down_proj.weight": [hidden, inner]}


def tensors(c):
    d, heads, rank, rope = c["hidden_size"], c["num_attention_heads"], c["kv_lora_rank"], c["qk_rope_head_dim"]
    nope, value, experts = c["qk_nope_head_dim"], c["v_head_dim"], c["n_routed_experts"]
    shapes = {"model.embed_tokens.weight": [c["vocab_size"], d], "model.norm.weight": [d],
              "lm_head.weight": [c["vocab_size"], d]}
    for i in range(c["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        shapes |= {f"{layer}.input_layernorm.weight": [d], f"{layer}.post_attention_layernorm.weight": [d],
                   f"{layer}.self_attn.q_proj.weight": [heads * (nope + rope), d],
                   f"{layer}.self_attn.kv_a_proj_with_mqa.weight": [rank + rope, d],
                   f"{layer}.self_attn.kv_a_layernorm.weight": [rank],
                   f"{layer}.self_attn.kv_b_proj.weight": [heads * (nope + value), rank],
                   f"{layer}.self_attn.o_proj.weight": [d, heads * value]}
        if i < c["first_k_dense_replace"]:
            shapes |= feed_forward(f"{layer}.mlp", d, c["intermediate_size"])
            continue
        shapes |= {f"{layer}.mlp.gate.weight": [experts, d], f"{layer}.mlp.gate.e_score_correction_bias": [experts]}
        shapes |= feed_forward(f"{layer}.mlp.shared_experts", d, c["moe_intermediate_size"])
        for e in range(experts):
            shapes |= feed_forward(f"{layer}.mlp.experts.{e}", d, c["moe_intermediate_size"])
    return shapes


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    header, end = {}, 0
    for name, shape in tensors(CONFIG).items():
        dtype, size = ("F32", 4) if name.endswith("bias") else ("BF16", 2)
        for extent in shape:
            size *= extent
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)


main()
