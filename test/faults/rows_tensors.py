# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows 77-92: the set of tensors and their values.

Rows 86, 87 and 92 read values: they are asked for with --check-weights. The
scales of deepseek_v3 are F32, so there is no E8M0 code to refuse but the type
itself, row 85.
"""
import struct

from folder import FIRST, SECOND
from harness import row

EMBED, HEAD, NORM = "model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"
UP = "model.layers.0.mlp.up_proj.weight"              # [320, 192]
EXPERT = "model.layers.1.mlp.experts.7.up_proj.weight"
BIAS = "model.layers.1.mlp.gate.e_score_correction_bias"
VALUES = ["--check-weights"]


def set_of(t, change, name="micro-v3-noqlora"):
    """A model whose stored tensors {name: [shard, dtype, shape, bytes]} were changed; its containers are good."""
    return t.model(name).rebuild(change)


def drop(*names):
    def change(stored):
        for name in names:
            del stored[name]
    return change


def drop_all(part):
    def change(stored):
        for name in [name for name in stored if part in name]:
            del stored[name]
    return change


def add(name, dtype, shape, content):
    return lambda stored: stored.update({name: [FIRST, dtype, shape, content]})


@row("77", "tensors of a layer or expert are missing")
def missing(t):
    t.refuse(set_of(t, drop(NORM)), 3, f"missing tensor {NORM}")
    t.refuse(set_of(t, drop(EXPERT)), 3, f"missing tensor {EXPERT}")
    names = [UP, "model.layers.2.self_attn.o_proj.weight", "model.layers.1.mlp.gate.weight"]
    run = t.refuse(set_of(t, drop(*names)), 3, "missing tensor")
    for name in names:
        t.check(run, 3, f"missing tensor {name}")
    t.case("a role of all experts")
    t.refuse(set_of(t, drop(*[f"model.layers.1.mlp.experts.{i}.up_proj.weight" for i in range(16)])), 3,
             "layer 1: mlp.experts.up_proj (missing tensor model.layers.1.mlp.experts.0.up_proj.weight, …): found 0 experts, expected 16")


@row("78", "an unexpected tensor: a note, an error with --strict")
def unexpected(t):
    vision = set_of(t, add("vision.patch_embed.weight", "BF16", [2], b"\0\0\0\0"))
    t.accept(vision, "1 tensors that the model does not have are not used (vision.patch_embed.weight)",
             absent=["tensor vision.patch_embed.weight is not used"])
    t.accept(vision, "tensor vision.patch_embed.weight is not used", options=["-v"])
    t.refuse(vision, 3, f"{FIRST}: tensor vision.patch_embed.weight: not part of the model (--strict)", options=["--strict"])
    t.case("an MTP layer that the config does not name")
    mtp = t.model("micro-v3-fp8").config(num_nextn_predict_layers=0)
    t.accept(mtp, "MTP tensors are not used (model.layers.3.")
    t.refuse(mtp, 3, "tensor model.layers.3.", "not part of the model (--strict)", options=["--strict"])
    t.case("nothing unexpected")
    t.accept(t.model("micro-v3-fp8"), options=["--strict"], absent=["MTP tensors are not used", "does not have"])


@row("79", "a wrong shape")
def shape(t):
    def transpose(stored):
        stored[EXPERT][2].reverse()
    t.refuse(set_of(t, transpose), 3,
             f"tensor {EXPERT}: shape: found [192, 96], expected [96, 192] = [moe_intermediate_size, hidden_size]")

    def flat(stored):
        stored[UP][2] = [320 * 192]
    t.refuse(set_of(t, flat), 3, f"tensor {UP}: shape: found [61440], expected [320, 192] = [intermediate_size, hidden_size]")


@row("80", "a required tensor has a dimension of zero")
def zero(t):
    def empty(stored):
        stored[EMBED][2:] = [[0, 192], b""]
    t.refuse(set_of(t, empty), 3, f"tensor {EMBED}: shape: found [0, 192], expected [512, 192] = [vocab_size, hidden_size]")

    def scalar(stored):
        stored[NORM][2:] = [[], b"\0\0"]
    t.refuse(set_of(t, scalar), 3, f"tensor {NORM}: shape: found [], expected [192] = [hidden_size]")


@row("81", "a wrong dtype")
def dtype(t):
    def as_type(name, dtype):
        def change(stored):
            stored[name][1] = dtype
        return change
    t.refuse(set_of(t, as_type(UP, "F16")), 3, f"tensor {UP}: dtype: found F16, expected BF16 or F8_E4M3")
    t.refuse(set_of(t, as_type(NORM, "I16")), 3, f"tensor {NORM}: dtype: found I16, expected BF16")
    t.refuse(set_of(t, as_type(BIAS, "I32")), 3, f"tensor {BIAS}: dtype: found I32, expected F32 or BF16")
    t.refuse(set_of(t, as_type(UP, "F8_E5M2"), "micro-v3-fp8"), 3, f"tensor {UP}: dtype: found F8_E5M2, expected BF16 or F8_E4M3")


@row("82", "an FP8 weight has no scale; a scale may lie in another shard")
def no_scale(t):
    scale = UP + "_scale_inv"
    t.refuse(set_of(t, drop(scale), "micro-v3-fp8"), 3, f'tensor {UP}: quantised, but "{scale}" is missing')
    t.case("in another shard")

    def move(stored):
        stored[scale][0] = SECOND if stored[UP][0] == FIRST else FIRST
    t.accept(set_of(t, move, "micro-v3-fp8"))


@row("83", "a scale without its weight, or in two namings")
def stray_scale(t):
    scale = b"\0\0\x80\x3f"
    t.refuse(set_of(t, add("model.x.weight_scale_inv", "F32", [1], scale), "micro-v3-fp8"), 3,
             "tensor model.x.weight_scale_inv: scales of model.x.weight: found which is not stored")
    t.refuse(set_of(t, add(NORM + "_scale_inv", "F32", [1], scale), "micro-v3-fp8"), 3,
             f"tensor {NORM}_scale_inv: scales of {NORM}: found BF16, expected F8_E4M3")
    t.refuse(set_of(t, drop(UP), "micro-v3-fp8"), 3, f"tensor {UP}_scale_inv: scales of {UP}: found which is not stored")
    for other in (UP.replace(".weight", ".scale"), UP + "_scale"):
        t.case(other)
        t.refuse(set_of(t, add(other, "F32", [3, 2], scale * 6), "micro-v3-fp8"), 3,
                 f"tensor {other}: scales of {UP}: found a second naming, expected only {UP}_scale_inv")


@row("84", "a scale of a wrong shape")
def scale_shape(t):
    def change(stored):
        stored[UP + "_scale_inv"][2:] = [[2, 3], bytes(24)]
    t.refuse(set_of(t, change, "micro-v3-fp8"), 3,
             f"tensor {UP}_scale_inv: scales: found [2, 3] F32, expected [3, 2] F32 = ceil([320, 192] / [128, 128])")


@row("85", "a scale of a wrong dtype")
def scale_dtype(t):
    for dtype, size in (("F8_E8M0", 1), ("BF16", 2), ("F64", 8)):
        def change(stored):
            stored[UP + "_scale_inv"][1:] = [dtype, [3, 2], bytes(6 * size)]
        t.refuse(set_of(t, change, "micro-v3-fp8"), 3, f"tensor {UP}_scale_inv: scales: found [3, 2] {dtype}, expected [3, 2] F32")


@row("86", "scales that are NaN, infinite, zero or negative")
def scale_values(t):
    scale = UP + "_scale_inv"  # [3, 2]
    for value, what in ((float("nan"), "NaN"), (float("inf"), "Inf"), (float("-inf"), "-Inf"), (0.0, "0"), (-0.0, "0"),
                        (-1.0, "a negative number")):
        t.case(str(value))
        model = t.model("micro-v3-fp8").patch(scale, 3 * 4, struct.pack("<f", value))
        t.refuse(model, 3, f"{model.shard_of(scale)}: tensor {scale}[1, 1]: found {what}, expected a finite number above 0",
                 options=VALUES, notes=[f"note: 1 such values: [1, 1] {what}"])
    t.case("all")
    model = t.model("micro-v3-fp8").patch(scale, 0, bytes(24))
    t.refuse(model, 3, f"tensor {scale}[0, 0]: found 0", options=VALUES + ["--allow-nonfinite"],
             notes=["6 such values: [0, 0] 0, [0, 1] 0, [1, 0] 0, [1, 1] 0, [2, 0] 0, …"])
    t.accept(model)  # values are not looked at unasked
    t.accept(t.model("micro-v3-fp8"), options=VALUES)


@row("87", "NaN or infinity in weights; --allow-nonfinite records it")
def weight_values(t):
    at = 5 * 192 + 17
    cases = [("micro-v3-noqlora", UP, 2, b"\xc0\x7f", "NaN"), ("micro-v3-noqlora", UP, 2, b"\x80\x7f", "Inf"),
             ("micro-v3-noqlora", UP, 2, b"\x80\xff", "-Inf"), ("micro-v3-noqlora", EMBED, 2, b"\xff\xff", "NaN"),
             ("micro-v3-fp8", UP, 1, b"\x7f", "NaN"), ("micro-v3-fp8", UP, 1, b"\xff", "NaN")]
    for base, name, size, code, what in cases:
        t.case(f"{name} {code.hex()}")
        model = t.model(base).patch(name, at * size, code)
        t.refuse(model, 3, f"tensor {name}[5, 17]: found {what}, expected a finite number", options=VALUES,
                 notes=[f"note: 1 such values: [5, 17] {what}"])
    t.case("F32")
    model = t.model().patch(BIAS, 4 * 9, struct.pack("<f", float("inf")))
    t.refuse(model, 3, f"tensor {BIAS}[9]: found Inf", options=VALUES)
    t.case("several tensors")
    model = t.model().patch(BIAS, 0, b"\xff" * 64).patch(NORM, 0, b"\xff" * 4)
    run = t.refuse(model, 3, f"tensor {NORM}[0]: found NaN", options=VALUES, notes=["2 such values: [0] NaN, [1] NaN\n"])
    t.check(run, 3, f"tensor {BIAS}[0]: found NaN")
    t.has_notes(run, ["16 such values: [0] NaN, [1] NaN, [2] NaN, [3] NaN, [4] NaN, …"])
    t.case("allowed")
    output = t.output()
    run = t.compile(model, "--kernels=reference", "--check-weights", "--allow-nonfinite", output=output)
    t.check(run, 0)
    t.has_notes(run, [f"tensor {NORM}[0] is NaN (2 such values; allowed)"])
    seen = t.run("dsc", "inspect", output)
    if b"--allow-nonfinite" not in seen.stdout:
        t.fail("the plan does not record it", seen)
    t.case("not asked for")
    t.accept(model)
    t.accept(t.model(), options=VALUES)
    t.accept(t.model("tiny-r1"), options=VALUES)


@row("88", "another number of experts than n_routed_experts")
def expert_count(t):
    t.refuse(set_of(t, drop_all("layers.1.mlp.experts.15.")), 3, "layer 1: experts 15 are missing: found 15 experts, expected 16 (n_routed_experts)")
    t.refuse(set_of(t, lambda stored: [drop_all(f"layers.2.mlp.experts.{i}.")(stored) for i in (3, 7, 8, 9)] and None), 3,
             "layer 2: experts 3, 7..9 are missing: found 12 experts, expected 16 (n_routed_experts)")
    t.refuse(t.model().config(n_routed_experts=15), 3, "mlp.gate.weight", "found [16, 192], expected [15, 192] = [n_routed_experts")
    t.refuse(set_of(t, add("model.layers.1.mlp.experts.16.up_proj.weight", "BF16", [0], b"")), 3,
             "tensor model.layers.1.mlp.experts.16.up_proj.weight: expert: found 16, expected 0..15 (n_routed_experts)")


@row("89", "a layer index out of range or negative")
def layer_index(t):
    for index in ("99999999999", "18446744073709551616", "4", "-1", "x", "", "1x"):
        t.case(index)
        name = f"model.layers.{index}.norm.weight"
        t.refuse(set_of(t, add(name, "BF16", [1], b"\0\0")), 3,
                 f"tensor {name}: layer index: found {index or 'nothing'}, expected 0..3")


@row("90", "two names of one parameter")
def two_names(t):
    for name in (NORM, UP):
        other = name.removeprefix("model.")
        t.refuse(set_of(t, lambda stored: stored.update({other: stored[name]})), 3,
                 f"tensors {other} and {name} name the same parameter")


@row("91", "the MTP layer is present in part")
def mtp(t):
    t.refuse(set_of(t, drop("model.layers.3.enorm.weight"), "micro-v3-fp8"), 3,
             "MTP layer 3: 67 of 68 tensors present (missing model.layers.3.enorm.weight)")
    t.accept(set_of(t, drop_all("model.layers.3."), "micro-v3-fp8"), "MTP layer 3 is in the config and not in the shards")


@row("92", "tied embeddings, both matrices stored and different")
def tied(t):
    model = t.model().config(tie_word_embeddings=True)
    t.refuse(model, 3, f"config.json: tie_word_embeddings is true, but {EMBED} and {HEAD} differ at [0, 0]", options=VALUES)
    t.case("one element")

    def same(stored):
        stored[HEAD][2:] = stored[EMBED][2:]
    equal = set_of(t, same).config(tie_word_embeddings=True)
    t.accept(equal, options=VALUES)
    equal.patch(HEAD, 2 * (100 * 192 + 50), b"\x12\x34")
    t.refuse(equal, 3, f"{EMBED} and {HEAD} differ at [100, 50]", options=VALUES)
    t.accept(equal, "tensors that the model does not have are not used (lm_head.weight)")
    t.case("other shapes")

    def cut(stored):
        stored[HEAD][2:] = [[511, 192], stored[HEAD][3][:511 * 192 * 2]]
    t.refuse(set_of(t, cut).config(tie_word_embeddings=True), 3, "differ: found [511, 192] BF16, expected [512, 192] BF16", options=VALUES)
    t.case("one matrix only")
    t.accept(set_of(t, drop(HEAD)).config(tie_word_embeddings=True), options=VALUES, absent=["lm_head"])
