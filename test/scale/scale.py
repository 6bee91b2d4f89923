#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""scale.py BIN TEXT: dsc compile of DeepSeek-R1 in full size.

Makes the folder as sparse files with the published tokenizer from TEXT, compiles
it for three lengths of context and compares every byte count that dsc prints
with a calculation by hand; then once more for a GPU. Time and memory are
printed. They fail at three times the bounds, and of the time that of the CPU
counts: on an idle machine it is the elapsed time, on a busy one it stays what
it is.
"""
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SECONDS, PEAK_BYTES = 10, 1 << 30  # the bounds on two cores
GPU_SECONDS = 60  # with NVRTC
LAUNCHES = 15  # of a MoE layer in decode
SLACK = 3
SCRATCH_GAP = 0.02  # of the lower bound

# Widths of the published config.
HIDDEN, VOCABULARY = 7168, 129280
LAYERS, DENSE_LAYERS, EXPERTS = 61, 3, 256
QUERY_RANK, LATENT, ROPE, HEADS = 1536, 512, 64, 128
NOPE, VALUE = 128, 128
DENSE, EXPERT = 18432, 2048
PAGE = 64  # tokens
HEAD_ROWS = 16  # of one run of the head

failures = []


def check(what, found, expected):
    if found != expected:
        failures.append(f"{what}: found {found}, expected {expected}")


def bf16(*shape):
    return 2 * math.prod(shape)


def fp8(rows, columns):
    """Codes, and an f32 scale for each block of 128 x 128, begun ones included."""
    return rows * columns + 4 * math.ceil(rows / 128) * math.ceil(columns / 128)


def swiglu(width):
    return 2 * fp8(width, HIDDEN) + fp8(HIDDEN, width)


ATTENTION = (fp8(QUERY_RANK, HIDDEN) + bf16(QUERY_RANK) + fp8(HEADS * (NOPE + ROPE), QUERY_RANK)
             + fp8(LATENT + ROPE, HIDDEN) + bf16(LATENT) + fp8(HEADS * (NOPE + VALUE), LATENT)
             + fp8(HIDDEN, HEADS * VALUE))
NORMS = 2 * bf16(HIDDEN)  # before attention and before the feed-forward part
GATE = bf16(EXPERTS, HIDDEN) + 4 * EXPERTS  # with its f32 bias
DENSE_LAYER = ATTENTION + NORMS + swiglu(DENSE)
MOE_LAYER = ATTENTION + NORMS + GATE + (EXPERTS + 1) * swiglu(EXPERT)  # 1: the shared expert
TABLE = bf16(VOCABULARY, HIDDEN)  # the embedding; the head is as large
USED = 2 * TABLE + bf16(HIDDEN) + DENSE_LAYERS * DENSE_LAYER + (LAYERS - DENSE_LAYERS) * MOE_LAYER
MTP = MOE_LAYER + 3 * bf16(HIDDEN) + bf16(HIDDEN, 2 * HIDDEN)  # enorm, hnorm, shared_head.norm; eh_proj
COPIES = 2 * TABLE
STORED = USED + MTP + COPIES


def run(*command):
    """Runs a command; returns its output, wall seconds, CPU seconds and peak bytes."""
    begin = os.times().elapsed
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen([str(c) for c in command], stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if child.returncode:
        sys.exit(f"{command}: exit {child.returncode}\n{text}")
    return text, os.times().elapsed - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def check_size(folder):
    """The folder looks like 689 GB and takes next to nothing."""
    stats = [path.stat() for path in folder.iterdir()]
    apparent, on_disk = sum(s.st_size for s in stats), sum(s.st_blocks * 512 for s in stats)
    print(f"folder: {apparent / 1e9:.1f} GB, {on_disk / 1e6:.1f} MB on the disk, {len(stats)} files")
    if apparent < STORED or on_disk > 64e6:
        failures.append("the folder is not the sparse one")


def check_box(text):
    """The three byte counts as `dsc compile` prints them, and what is unused."""
    numbers = re.search(r"shards +(\d+) B of data = (\d+) B used \+ (\d+) B not used", text)
    check("box", numbers and [int(n) for n in numbers.groups()], [STORED, USED, MTP + COPIES])
    groups = [(int(b), int(n)) for b, n in re.findall(r"not used +(\d+) B: (\d+) tensors", text)]
    # Of the MTP layer: 14 weights and scales of attention and norms, gate and its bias, 3 weights
    # with scales for each expert, and enorm, hnorm, eh_proj and shared_head.norm.
    check("unused tensors", groups, [(MTP, 14 + 2 + 6 * (EXPERTS + 1) + 4), (COPIES, 2)])


def check_budget(bin_dir, plan, context):
    text = run(bin_dir / "dsc", "inspect", plan)[0]
    shown = {name: int(n) for name, n in re.findall(r"^  (\w[\w ]*?) +(\d+) B ", text, re.M)}
    check("inspect", [shown.get(n) for n in ("weights", "not used", "shards")], [USED, MTP + COPIES, STORED])
    budget = json.loads(run(bin_dir / "dsc", "inspect", "--json", plan)[0])["budget"][0]
    per_token = (LATENT + ROPE) * 2 * LAYERS
    expected = {
        "weights": USED, "unused_weights": MTP + COPIES, "state_per_token": per_token,
        "state": math.ceil(context / PAGE) * PAGE * per_token, "host": 4 * HEAD_ROWS * VOCABULARY}
    check(f"budget at {context}", {name: budget[name] for name in expected}, expected)
    check("total", budget["total"], sum(budget[n] for n in ("scratch", "workspace_per_worker"))
          + sum(expected[n] for n in ("weights", "state", "host")))
    gap = budget["scratch"] / budget["scratch_lower_bound"] - 1
    print(f"at {context} tokens: total {budget['total']} B, state {budget['state']} B, scratch {budget['scratch']} B, "
          f"gap {100 * gap:.2f} %")
    if not 0 <= gap <= SCRATCH_GAP:
        failures.append(f"scratch: gap {100 * gap:.2f} %, expected at most {100 * SCRATCH_GAP} %")


def check_gpu(bin_dir, folder, plan):
    """The same for a GPU, cubins included, where there is NVRTC."""
    checks = json.loads(run(bin_dir / "dsc", "doctor", "--json")[0])["checks"]
    if next(c["found"] for c in checks if c["check"] == "NVRTC") == "not found":
        print("dsc compile --target=cuda: skipped, no NVRTC on this machine")
        return
    _, wall, cpu, peak = run(bin_dir / "dsc", "compile", folder, "-o", plan, "--target=cuda", "--sm=90a", "--no-cache")
    print(f"dsc compile --target=cuda --sm=90a: {wall:.2f} s ({cpu:.2f} s of CPU), peak {peak / 2**20:.0f} MiB")
    if cpu > SLACK * GPU_SECONDS:
        failures.append(f"{cpu:.1f} s, expected at most {GPU_SECONDS} s")
    inspected = json.loads(run(bin_dir / "dsc", "inspect", "--json", plan)[0])
    check("weights", inspected["budget"][0]["weights"], USED)
    layers = [len(of["launches"]) for of in inspected["body_launches"] if of["body"] == "decode_moe"]
    print(f"launches of a MoE layer in decode: {layers}")
    if max(layers) > LAUNCHES:
        failures.append(f"{layers} launches, expected at most {LAUNCHES}")


def main():
    bin_dir, text_dir = map(pathlib.Path, sys.argv[1:])
    check("bytes per token", (LATENT + ROPE) * 2 * LAYERS, 70272)
    with tempfile.TemporaryDirectory(prefix="dsc-scale-") as temporary:
        folder, plan = pathlib.Path(temporary) / "r1", pathlib.Path(temporary) / "r1.plan"
        run(bin_dir / "make-checkpoint", "r1-671b", folder, "--sparse")
        check_size(folder)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(text_dir / name, folder)
        for name, context in {"4K": 4096, "32K": 32768, "128K": 131072}.items():
            text, wall, cpu, peak = run(bin_dir / "dsc", "compile", folder, "-o", plan, "--ctx", name)
            print(f"dsc compile --ctx {name}: {wall:.2f} s ({cpu:.2f} s of CPU), peak {peak / 2**20:.0f} MiB")
            if context == 4096:
                print(text)
                check_box(text)
            if cpu > SLACK * SECONDS or peak > SLACK * PEAK_BYTES:
                failures.append(f"{cpu:.1f} s and {peak} B, expected at most {SECONDS} s and {PEAK_BYTES} B")
            check_budget(bin_dir, plan, context)
        check_gpu(bin_dir, folder, plan)
    sys.exit("\n".join(failures) or 0)


main()
