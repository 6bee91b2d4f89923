# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows 19-38: config.json and generation_config.json.

Rows 27 and 34 come from a newer family; here is what a reader of deepseek_v3
does with such keys.
"""
import json
import pathlib
import re

from folder import ABSENT
from harness import row

KEYS = pathlib.Path(__file__).resolve().parents[2] / "compiler" / "checkpoint" / "ConfigKeys.def"


def good(t):
    return (t.model() / "config.json").read_text()


def with_text(t, content):
    model = t.model()
    model.write("config.json", content)
    return model


def fp8(t, **changes):
    """The FP8 model with keys of quantization_config changed."""
    model = t.model("micro-v3-fp8")
    config = model.json("config.json")["quantization_config"]
    for key, value in changes.items():
        config.pop(key, None)
        if value is not ABSENT:
            config[key] = value
    return model.config(quantization_config=config)


def rope(t, **changes):
    model = t.model()
    config = model.json("config.json")["rope_scaling"]
    for key, value in changes.items():
        config.pop(key, None)
        if value is not ABSENT:
            config[key] = value
    return model.config(rope_scaling=config)


@row("19", "config.json is empty, cut off, or has bytes behind it")
def cut_off(t):
    text = good(t)
    t.refuse(with_text(t, ""), 3, "config.json:1:1: found end of file")
    lines = text[:400].count("\n") + 1
    t.refuse(with_text(t, text[:400]), 3, f"config.json:{lines}:", "found end of file")
    t.refuse(with_text(t, text + "x"), 3, f"config.json:{text.count(chr(10)) + 1}:", "expected end of input")
    t.refuse(with_text(t, text + "{}"), 3, "config.json:", "expected end of input")
    t.refuse(with_text(t, text + "\0"), 3, "config.json:", "found a zero byte")
    t.refuse(with_text(t, "[1]"), 3, "config.json:1:1: found [1], expected an object")
    t.refuse(with_text(t, "null"), 3, "config.json:1:1: found null, expected an object")


@row("20", "config.json is no UTF-8, UTF-16, or has a byte-order mark")
def encoding(t):
    text = good(t)
    at = text.index("silu")
    bad = text.encode()[:at] + b"\xff" + text.encode()[at:]
    t.refuse(with_text(t, bad), 3, f"config.json:", f"invalid UTF-8 at byte {at}")
    for code in ("utf-16", "utf-8-sig"):
        t.case(code)
        t.refuse(with_text(t, text.encode(code)), 3, "config.json:1:1: found a byte-order mark")
    t.case("utf-16-le")
    t.refuse(with_text(t, text.encode("utf-16-le")), 3, "config.json:1:2: found a zero byte")
    t.case("overlong")
    t.refuse(with_text(t, text.encode()[:at] + b"\xc0\xaf" + text.encode()[at:]), 3, f"invalid UTF-8 at byte {at}")


@row("21", "config.json is larger than 1 MiB or deeper than 64")
def limits(t):
    text = good(t)
    limit = 1 << 20
    t.refuse(with_text(t, text + " " * (limit + 1 - len(text))), 6,
             f"config.json: size: found {limit + 1}, expected at most {limit}")
    t.accept(with_text(t, text + " " * (limit - len(text))))
    deep = lambda depth: t.model().config_text('"hidden_act"', '"x": ' + "[" * depth + "]" * depth + ', "hidden_act"')
    t.refuse(deep(64), 6, "config.json: nesting depth: found 65, expected at most 64")
    t.accept(deep(63))
    t.refuse(with_text(t, "[" * 500_000), 6, "config.json: nesting depth: found 65, expected at most 64")
    t.case("generation_config.json")
    for text, part in (("[" * 65, "nesting depth: found 65"), ("{}" + " " * limit, f"size: found {limit + 2}")):
        model = t.model()
        model.write("generation_config.json", text)
        t.refuse(model, 6, f"generation_config.json: {part}")


@row("22", "a key appears twice in config.json")
def twice(t):
    model = t.model().config_text('"hidden_size": 192', '"hidden_size": 192, "hidden_size": 4096')
    t.refuse(model, 3, 'config.json: key "hidden_size": appears twice (192, then 4096)')
    model = t.model().config_text('"beta_fast": 32', '"beta_fast": 32, "beta_fast": 32')
    t.refuse(model, 3, 'config.json: key "beta_fast": appears twice (32, then 32)')
    model = t.model().config_text('"hidden_size": 192', '"hidden_size": 192, "hidden\\u005fsize": 4096')
    t.refuse(model, 3, 'config.json: key "hidden_size": appears twice')


@row("23", "NaN, Infinity, hexadecimal, comments, single quotes")
def not_json(t):
    line = good(t)[:good(t).index("rms_norm_eps")].count("\n") + 1
    for value in ("NaN", "Infinity", "-Infinity", "0x10", "'a'", "1 // one", "/* one */ 1", "+1", ".5", "1.", "01", "True"):
        t.case(value)
        t.refuse(t.model().config_text("1e-06", value), 3, f"config.json:{line}:", ": found ", ", expected ")
    t.case("comma at the end")
    t.refuse(t.model().config_text('"vocab_size": 512', '"vocab_size": 512,'), 3, "config.json:", ": found ")


@row("24", "an integer in a wrong spelling or out of range")
def integers(t):
    for value, shown in (("3.0", "3.0"), ('"3"', '"3" (string)'), ("3e0", "3e0"), ("-1", "-1"), ("0", "0"),
                         ("1025", "1025"), ("9223372036854775808", "9223372036854775808"),
                         ("18446744073709551616", "18446744073709551616"), ("1e308", "1e308"), ("true", "true"),
                         ("[3]", "[3]"), ("{}", "an object")):
        t.case(value)
        t.refuse(t.model().config_text('"num_hidden_layers": 3', f'"num_hidden_layers": {value}'), 3, "config.json",
                 f'key "num_hidden_layers": found {shown}, expected integer 1..1024')
    t.case("a long string is cut")
    run = t.refuse(t.model().config(num_hidden_layers="x" * 10_000), 3, 'key "num_hidden_layers": found "xxx')
    if len(run.stderr) > 1000:
        t.fail(f"stderr has {len(run.stderr)} bytes", run)
    t.case("beyond double")
    t.refuse(t.model().config_text('"num_hidden_layers": 3', '"num_hidden_layers": 1e999'), 3, "config.json:", "1e999")
    for key, value in (("rms_norm_eps", "0"), ("rms_norm_eps", "-1e-6"), ("rms_norm_eps", '"1e-6"'),
                       ("tie_word_embeddings", "0"), ("hidden_act", "1"), ("routed_scaling_factor", "0")):
        t.case(f"{key} {value}")
        model = t.model()
        text = re.sub(f'"{key}": [^,\n]+', f'"{key}": {value}', (model / "config.json").read_text())
        model.write("config.json", text)
        t.refuse(model, 3, "config.json", f'key "{key}": found {value}', "expected")


@row("25", "a required key is missing or null")
def missing_keys(t):
    # A key that the family gives a default means the default when absent (the
    # model specification, 1.1), so null is tested for each, absence where
    # nothing can stand in.
    rows = re.findall(r"^CONFIG_KEY\(([^)]+)\)", KEYS.read_text(), re.M)
    refused = [row.split(",")[0] for row in rows if row.endswith("Refused")]
    if len(refused) < 30:
        t.fail(f"only {len(refused)} keys found in {KEYS.name}")
    for key in refused:
        t.case(f"{key} null")
        t.refuse(t.model().config(**{key: None}), 3, "config.json", f'key "{key}": found null, expected')
    for key in ("architectures", "model_type", "eos_token_id"):
        t.case(f"{key} null")
        t.refuse(t.model().config(**{key: None}), 3, "config.json", f'key "{key}": found null, expected')
    t.case("family")
    t.refuse(t.model().config(model_type=ABSENT, architectures=ABSENT), 3, "config.json",
             'key "model_type": found nothing, expected "deepseek_v3"')
    t.case("yarn")
    t.refuse(rope(t, original_max_position_embeddings=ABSENT), 3, "config.json:/rope_scaling",
             'key "original_max_position_embeddings": found nothing')
    t.refuse(rope(t, type=ABSENT), 3, "config.json:/rope_scaling", 'key "rope_type": found nothing')
    t.case("quantization_config")
    t.refuse(fp8(t, quant_method=ABSENT), 3, "config.json:/quantization_config", 'key "quant_method": found nothing')
    t.case("a default that contradicts the tensors")
    t.refuse(t.model().config(kv_lora_rank=ABSENT), 3, ".safetensors", "kv_a_layernorm", "[64], expected [512] = [kv_lora_rank]")
    t.refuse(t.model().config(hidden_size=ABSENT), 3, "model.norm.weight", "[192], expected [7168] = [hidden_size]")


@row("26", "an unknown architecture, or two")
def architectures(t):
    t.refuse(t.model().config(architectures=["LlamaForCausalLM"]), 4,
             'key "architectures": found ["LlamaForCausalLM" (string)], expected supported: ["DeepseekV3ForCausalLM"]')
    t.refuse(t.model().config(architectures=["DeepseekV3ForCausalLM", "LlamaForCausalLM"]), 4, 'key "architectures"')
    t.refuse(t.model().config(model_type="llama"), 4, 'key "model_type": found "llama"', "deepseek_v3")
    t.refuse(t.model().config(model_type="deepseek_v2", architectures=ABSENT), 4, 'key "model_type"')
    t.refuse(t.model().config(architectures=[]), 3, 'key "architectures": found [], expected a list of one')
    t.refuse(t.model().config(architectures="DeepseekV3ForCausalLM"), 3, 'key "architectures"')


@row("27", "text_config with another value than the top")
def text_config(t):
    t.refuse(t.model().config(text_config={"hidden_size": 4096}), 3, "config.json:/text_config",
             'key "hidden_size": found 4096, expected the top-level hidden_size (192)')
    t.refuse(t.model().config(text_config={"hidden_size": 192}), 4, "config.json",
             'key "text_config": found an object', "expected")
    t.refuse(t.model().config(text_config=3), 3, 'key "text_config": found 3')


@row("28", "more experts per token than experts; experts that groups do not divide")
def experts(t):
    t.refuse(t.model().config(num_experts_per_tok=17), 3,
             'key "num_experts_per_tok": found 17, expected at most n_routed_experts (16)')
    t.refuse(t.model().config(n_group=3), 3, 'key "n_routed_experts": found 16, expected a multiple of n_group (3)')
    t.refuse(t.model().config(n_group=8, topk_group=1), 3,
             'key "num_experts_per_tok": found 3, expected at most the experts of topk_group groups (2)')
    t.refuse(t.model().config(n_group=16, topk_group=16), 3, 'key "n_group": found 16')


@row("29", "topk_group above n_group, more dense layers than layers")
def groups(t):
    t.refuse(t.model().config(topk_group=2), 3, 'key "topk_group": found 2, expected at most n_group (1)')
    t.refuse(t.model().config(first_k_dense_replace=4), 3,
             'key "first_k_dense_replace": found 4, expected at most num_hidden_layers (3)')


@row("30", "an odd rotary dimension, a zero head or hidden size")
def dimensions(t):
    t.refuse(t.model().config(qk_rope_head_dim=15), 3, 'key "qk_rope_head_dim": found 15, expected an even number')
    for key in ("qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "hidden_size", "num_attention_heads",
                "vocab_size", "kv_lora_rank", "moe_intermediate_size", "n_routed_experts", "n_group"):
        t.case(key)
        t.refuse(t.model().config(**{key: 0}), 3, f'key "{key}": found 0, expected integer 1..')


@row("31", "rope_scaling: unknown type, factor at or below 0, original context above the maximum")
def rope_scaling(t):
    t.refuse(rope(t, type="dynamic"), 4, "config.json:/rope_scaling", 'key "type": found "dynamic", expected default or yarn')
    for factor in (0, -1, "8"):
        t.refuse(rope(t, factor=factor), 3, "config.json:/rope_scaling", 'key "factor": found', "expected a number above 0")
    t.refuse(rope(t, original_max_position_embeddings=1024), 3,
             'key "original_max_position_embeddings": found 1024, expected at most max_position_embeddings (512)')
    t.refuse(t.model().config(rope_scaling=[]), 3, 'key "rope_scaling": found [], expected an object')
    t.refuse(t.model().config(rope_theta=0), 3, 'key "rope_theta": found 0')
    t.refuse(t.model().config(rope_parameters={"rope_type": "default"}), 3, 'key "rope_parameters"', "one of the two")


@row("32", "max_position_embeddings of 2^40")
def positions(t):
    t.refuse(t.model().config(max_position_embeddings=1 << 40), 6,
             'key "max_position_embeddings": found 1099511627776, expected at most 16777216')


@row("33", "quantization_config: unknown method, format or block")
def quantization(t):
    t.refuse(fp8(t, quant_method="awq"), 4, "config.json:/quantization_config", 'key "quant_method": found "awq"')
    t.refuse(fp8(t, fmt="e5m2"), 4, 'key "fmt": found "e5m2"', "e4m3")
    t.refuse(fp8(t, activation_scheme="static"), 4, 'key "activation_scheme": found "static"')
    t.refuse(fp8(t, scale_fmt="e5"), 4, 'key "scale_fmt": found "e5"')
    for block in ([128, 0], [128], [128, 128, 1], ["128", 128], 128, None):
        t.case(f"{block}")
        t.refuse(fp8(t, weight_block_size=block), 3, 'key "weight_block_size": found', "expected two integers from 1 on")
    t.case("")
    t.refuse(fp8(t, weight_block_size=[64, 128]), 4, 'key "weight_block_size": found [64, 128], expected [128, 128]')
    t.refuse(fp8(t, weight_block_size=ABSENT), 4, 'key "weight_block_size": found nothing')
    t.refuse(t.model("micro-v3-fp8").config(quantization_config="fp8"), 3, 'key "quantization_config"', "an object")


@row("34", "expert_dtype contradicts the stored experts")
def expert_dtype(t):
    t.refuse(t.model().config(expert_dtype="fp8"), 3, 'config.json: key "expert_dtype": found "fp8"',
             "model.layers.1.mlp.experts.0.gate_proj.weight is BF16")
    t.refuse(t.model("micro-v3-fp8").config(expert_dtype="fp4"), 3, 'key "expert_dtype": found "fp4"', "is F8_E4M3")
    t.refuse(t.model("micro-v3-fp8").config(expert_dtype=8), 3, 'key "expert_dtype": found 8')
    t.accept(t.model("micro-v3-fp8").config(expert_dtype="fp8"))
    t.accept(t.model("micro-v3-fp8"))  # missing: the tensors say it


@row("35", "quantisation says FP8, the tensors BF16, and the other way round")
def quantization_contradiction(t):
    quantized = t.model("micro-v3-fp8").json("config.json")["quantization_config"]
    t.refuse(t.model().config(quantization_config=quantized), 3, "config.json: quantization_config says fp8, but all 117 "
             "matrices are BF16 (model.layers.0.")
    t.refuse(t.model("micro-v3-fp8").config(quantization_config=ABSENT), 3,
             "config.json: no quantization_config, but 176 matrices are F8_E4M3 (model.layers.0.")


@row("36", "eos_token_id beyond the vocabulary, or a huge list")
def eos(t):
    t.refuse(t.model().config(eos_token_id=512), 3, 'key "eos_token_id": found 512, expected a token id below 512')
    t.refuse(t.model().config(eos_token_id=[1, 200000]), 3, 'key "eos_token_id": found 200000')
    t.refuse(t.model().config(eos_token_id=[1] * 65), 6, 'key "eos_token_id": found a list of 65, expected at most 64')
    t.accept(t.model().config(eos_token_id=[1] * 64))
    t.refuse(t.model().config(eos_token_id=[]), 3, 'key "eos_token_id": found an empty list')
    t.refuse(t.model().config(eos_token_id=[1] * 1_000_000), 6, "config.json: size: found", "expected at most 1048576")
    t.refuse(t.model().config(bos_token_id=512), 3, 'key "bos_token_id": found 512, expected below vocab_size (512)')
    t.case("generation_config.json")
    for value, exit, found in ((512, 3, "512"), ([1] * 65, 6, "a list of 65"), ([1] * 1_000_000, 6, "at most 1048576")):
        model = t.model()
        model.write("generation_config.json", json.dumps({"eos_token_id": value}))
        run = t.refuse(model, exit, "generation_config.json", found)
        if "machine code" in run.stderr:
            t.fail("the file was looked at too late", run)


@row("37", "vocab_size or hidden_size contradict the embedding")
def embedding(t):
    t.refuse(t.model().config(vocab_size=1024), 3,
             "tensor model.embed_tokens.weight: shape: found [512, 192], expected [1024, 192] = [vocab_size, hidden_size]")
    t.refuse(t.model().config(hidden_size=128), 3,
             "tensor model.embed_tokens.weight: shape: found [512, 192], expected [512, 128] = [vocab_size, hidden_size]")


@row("38", "unknown keys: one note, -v lists them")
def unknown_keys(t):
    model = rope(t, wobble=1).config(fancy=1)
    model.config(**{"es\x1bcape": 2})
    t.accept(model, "config.json: 3 keys are not known to dsc (-v lists them)", absent=["fancy", "wobble"])
    t.accept(model, "config.json: key fancy is not known", "config.json: key rope_scaling/wobble is not known",
             "config.json: key es\\x1bcape is not known", options=["-v"])
    t.accept(t.model(), absent=["not known"])
