# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NaN in weights, sampling options, ties, prompts that do not fit. All prompts are token ids."""
import json
import pathlib
import sys

from harness import row

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import safetensors

FP8_MODEL = "micro-v3-fp8"
MODEL = "micro-v3-noqlora"  # hidden 192, vocabulary 512, context 512, layer 0 dense, 16 experts
CONTEXT, VOCABULARY, WIDTH = 512, 512, 192
NAN, INFINITY = b"\xc0\x7f", b"\x80\x7f"  # bf16
PROMPTS = [[(7 * i + 31 * k) % 500 + 4 for k in range(5 + i % 4)] for i in range(24)]
NEW = 6


def dsrun(t, plan, weights, *options):
    """With one thread: so little work gains nothing from two, and many tests run side by side."""
    return t.run("dsrun", plan, "--weights", weights, "--threads", 1, *options)


def answers(t, plan, weights, prompts=PROMPTS):
    """The run of one batch, and the object of every prompt."""
    batch = t.fresh("batch")
    batch.write_text("".join(json.dumps({"ids": prompt}) + "\n" for prompt in prompts))
    run = dsrun(t, plan, weights, "--batch", batch, "--json", "-n", NEW, "--greedy", "--ignore-eos")
    return run, [json.loads(line) for line in run.stdout.splitlines()]


def tensor_bytes(model, name):
    shard = model.shard_of(name)
    header, start = model.header(shard)
    begin, end = header[name]["data_offsets"]
    with open(model / shard, "rb") as file:
        file.seek(start + begin)
        return file.read(end - begin)


def with_nan(t, name, at=0, value=NAN, base=MODEL):
    """A folder whose tensor holds one value that is no number; `at` counts elements."""
    model = t.model(base)
    dtype = model.tensors()[name][1]["dtype"]
    stored = {"BF16": value, "F32": b"\0\0" + value, "F8_E4M3": b"\x7f"}[dtype]
    return model.patch(name, at * len(stored), stored)


def check_batch(t, run, objects, clean, failing=None):
    """Some prompts end with an error (`failing`: exactly those), the others as in the clean run. Returns the some."""
    t.check(run, 10, "error[E811]", "found ", "expected a finite number", stdout=None)
    if len(objects) != len(PROMPTS):
        t.fail(f"{len(objects)} answers to {len(PROMPTS)} prompts", run)
    failed = [i for i, o in enumerate(objects) if o["finish_reason"] == "error"]
    if failing is not None and failed != failing:
        t.fail(f"prompts {failed} failed, expected {failing}", run)
    for i, (found, wanted) in enumerate(zip(objects, clean)):
        if i not in failed and found["ids"] != wanted["ids"]:
            t.fail(f"prompt {i}: {found['ids']}, expected {wanted['ids']}")
        if i in failed and found["ids"] != wanted["ids"][:len(found["ids"])]:
            t.fail(f"prompt {i} gave {found['ids']} before it failed, expected the beginning of {wanted['ids']}")
    t.has_notes(run, [f"prompt {i}," for i in failed[:20]])
    return failed


@row("148", "NaN or infinity in one row of logits")
def one_row(t):
    token = PROMPTS[5][2]
    hit = [i for i, prompt in enumerate(PROMPTS) if token in prompt]
    for kernels in "native", "reference":
        plan = t.plan(MODEL, f"--kernels={kernels}")
        run, clean = answers(t, plan, t.tools.base(MODEL))
        t.check(run, 0, stdout=None)
        later = [i for i, o in enumerate(clean) if token in o["ids"][:-1]]
        expected = sorted(set(hit) | set(later))
        for label, value in ("NaN", NAN), ("infinity", INFINITY):
            t.case(f"{kernels}, {label} in the row of one token")
            # More prompts than the state has pages for: freed pages are used again.
            model = with_nan(t, "model.embed_tokens.weight", token * WIDTH + 3, value)
            check_batch(t, *answers(t, plan, model), clean, expected)
        some = 0
        for expert in range(16):
            t.case(f"{kernels}, NaN in expert {expert}")
            model = with_nan(t, f"model.layers.2.mlp.experts.{expert}.gate_proj.weight", 100)
            run, objects = answers(t, plan, model)
            if run.exit == 0:  # no prompt chose it
                t.check(run, 0, stdout=None)
                if objects != clean:
                    t.fail("other answers than in the clean run")
                continue
            some += 0 < len(check_batch(t, run, objects, clean)) < len(PROMPTS)
        if not some:
            t.fail("no expert serves some prompts and not others")


@row("149", "a whole row of logits is NaN")
def whole_row(t):
    layer = "model.layers.1."
    names = ["model.norm.weight", "lm_head.weight", "model.layers.0.mlp.gate_proj.weight",
             "model.layers.0.mlp.down_proj.weight", layer + "input_layernorm.weight", layer + "self_attn.q_proj.weight",
             layer + "self_attn.kv_a_proj_with_mqa.weight", layer + "self_attn.kv_a_layernorm.weight",
             layer + "self_attn.kv_b_proj.weight", layer + "self_attn.o_proj.weight",
             layer + "post_attention_layernorm.weight", layer + "mlp.shared_experts.up_proj.weight",
             layer + "mlp.shared_experts.down_proj.weight"]
    models = [(name, with_nan(t, name)) for name in names]
    for options in ("--kernels=native",), ("--kernels=reference",), ("--kernels=native", "--force-mla=absorbed"), \
            ("--kernels=native", "--force-mla=expanded"):
        plan = t.plan(MODEL, *options)
        for name, model in models:
            t.case(f"{options}, NaN in {name}")
            run = dsrun(t, plan, model, "--ids", "5,6,7", "-n", 4, "--greedy")
            t.check(run, 10, "error[E811]", "logit of id", "found NaN", "expected a finite number")
            sampled = dsrun(t, plan, model, "--ids", "5,6,7", "-n", 4, "--temperature", 1, "--seed", 3)
            t.check(sampled, 10, "error[E811]")
    for kernels in "native", "reference":
        plan = t.plan(FP8_MODEL, f"--kernels={kernels}")
        for part in "self_attn.q_b_proj", "self_attn.kv_b_proj", "self_attn.o_proj", "mlp.shared_experts.down_proj":
            for name in f"{layer}{part}.weight", f"{layer}{part}.weight_scale_inv":
                t.case(f"{kernels}, NaN in {name}")
                model = with_nan(t, name, base=FP8_MODEL)
                run = dsrun(t, plan, model, "--ids", "5,6,7", "-n", 4, "--greedy")
                t.check(run, 10, "error[E811]", "found NaN")


@row("150", "NaN in the scores of the router")
def router(t):
    for kernels in "native", "reference":
        plan = t.plan(MODEL, f"--kernels={kernels}", "--taps=experts")
        for label, name in ("weight", "model.layers.1.mlp.gate.weight"), \
                           ("bias", "model.layers.1.mlp.gate.e_score_correction_bias"):
            t.case(f"{kernels}, {label}")
            model = with_nan(t, name, 2)
            t.check(dsrun(t, plan, model, "--ids", "5,6,7", "-n", 4, "--greedy"), 10, "error[E811]")
            dump = t.fresh("dump")
            t.check(dsrun(t, plan, model, "--ids", "5,6,7", "--dump", dump), 0)
            ids = safetensors.read(dump)["experts"][1]
            if not ids or not all(0 <= i < 16 for i in ids):
                t.fail(f"experts {list(ids)}")


@row("153", "sampling options out of range")
def sampling(t):
    plan = t.plan(MODEL, "--kernels=reference")
    for option, values, expected in (("--temperature", ("-1", "nan", "inf", "-inf"), "0 or more, finite"),
                                     ("--top-p", ("0", "nan", "1.01", "-0.5", "inf"), "above 0, at most 1"),
                                     ("--min-p", ("-0.1", "1.5", "nan"), "0 (off) to 1"),
                                     ("--repetition-penalty", ("0", "-1", "nan", "inf"), "above 0, finite; 1 is off"),
                                     ("--frequency-penalty", ("-2.5", "3", "nan"), "-2 to 2; 0 is off"),
                                     ("--presence-penalty", ("-2.5", "3", "nan"), "-2 to 2; 0 is off")):
        for value in values:
            t.case(f"{option} {value}")
            run = t.run("dsrun", plan, "--ids", "5", "-n", 1, f"{option}={value}")
            t.check(run, 2, "error[E810]", option, "found ", f"expected {expected}")
    for option, value in ("--top-k", "-1"), ("--top-k", "1.5"), ("--temperature", "warm"), ("--seed", "-1"), ("-n", "-1"):
        t.case(f"{option} {value}")
        run = t.run("dsrun", plan, "--ids", "5", option, value)
        t.check(run, 2, f'found "{value}"', "expected a")


@row("154", "two logits are equal")
def ties(t):
    base = t.tools.base(MODEL)
    for kernels in "native", "reference":
        plan = t.plan(MODEL, f"--kernels={kernels}")
        run = dsrun(t, plan, base, "--ids", "5,6,7", "-n", 1, "--greedy")
        t.check(run, 0, stdout=None)
        best = int(run.stdout)
        head = tensor_bytes(t.model(MODEL), "lm_head.weight")
        likeliest = head[best * WIDTH * 2:(best + 1) * WIDTH * 2]
        for other in 0, VOCABULARY - 1:
            t.case(f"{kernels}, ids {best} and {other}")
            model = t.model(MODEL).patch("lm_head.weight", other * WIDTH * 2, likeliest)
            run = dsrun(t, plan, model, "--ids", "5,6,7", "-n", 1, "--greedy", "--ignore-eos")
            t.check(run, 0, stdout=f"{min(best, other)}\n".encode())
        t.case(f"{kernels}, all equal")
        model = t.model(MODEL).patch("lm_head.weight", 0, bytes(len(head)))
        run = dsrun(t, plan, model, "--ids", "5,6,7", "-n", 3, "--greedy", "--ignore-eos")
        t.check(run, 0, stdout=b"0,0,0\n")


@row("157", "a prompt longer than the context")
def too_long(t):
    plan = t.plan(MODEL, "--kernels=reference")
    ids = ",".join(["7"] * (CONTEXT + 1))
    for extra in (), ("--json",), ("--dump", t.fresh("dump")):
        t.case(str(extra))
        run = dsrun(t, plan, t.tools.base(MODEL), "--ids", ids, "-n", 1, *extra)
        t.check(run, 6, "error[E820]", "prompt", "context length exceeded", f"found {CONTEXT + 1} tokens",
                f"at most {CONTEXT}")
    t.case("the limit itself")
    run = dsrun(t, plan, t.tools.base(MODEL), "--ids", ids[:-2], "-n", 1, "--json")
    t.check(run, 0, stdout=None)
    if json.loads(run.stdout)["finish_reason"] != "length" or json.loads(run.stdout)["ids"]:
        t.fail("the full context does not end with finish_reason length", run)
    t.case("in a batch")
    batch = t.fresh("batch")
    batch.write_text('{"ids": [5]}\n' + json.dumps({"ids": [7] * (CONTEXT + 1)}) + "\n")
    run = dsrun(t, plan, t.tools.base(MODEL), "--batch", batch, "-n", 1)
    t.check(run, 6, "prompt 1", "context length exceeded", f"found {CONTEXT + 1} tokens")
