#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""quantize_weights.py BIN BF16 FP8 (made by make-checkpoint): dsc compile --quantize-weights=fp8.

The file beside the plan holds the codes and factors that the format says
(model-spec 1.9), to the bit, for every matrix of the layers and nothing else.
Equal inputs give equal bytes; what is refused leaves nothing behind.
"""
import array
import bisect
import fcntl
import json
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

MAGNITUDES = [m * 2.0**-9 for m in range(8)] + [(8 + m) * 2.0**(e - 10) for e in range(1, 16) for m in range(8)][:-1]
BLOCK = 128


def run(*command, status=0):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"{' '.join(map(str, command))}\nexit {done.returncode}, expected {status}\n{done.stderr}")
    return done


def tensors(path):
    """name -> (dtype, shape, bytes)"""
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in header.items() if name != "__metadata__"}


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def e4m3(value):
    """The nearest code, ties to the even one; beyond 448 it is 448."""
    sign, value = (0x80, -value) if value < 0 else (0, value)
    above = bisect.bisect_left(MAGNITUDES, value)
    if above == len(MAGNITUDES):
        return sign | above - 1
    if MAGNITUDES[above] != value:
        low, high = value - MAGNITUDES[above - 1], MAGNITUDES[above] - value
        above -= low < high or (low == high and above % 2)
    return sign | above


def quantized(shape, data):
    """Codes and factors of a bf16 matrix."""
    rows, columns = shape
    bits = array.array("H", data)
    floats = array.array("f", array.array("I", [b << 16 for b in bits]).tobytes())
    codes, factors = bytearray(rows * columns), array.array("f")
    for top in range(0, rows, BLOCK):
        for left in range(0, columns, BLOCK):
            places = [r * columns + c for r in range(top, min(rows, top + BLOCK))
                      for c in range(left, min(columns, left + BLOCK))]
            factor = f32(max(abs(floats[i]) for i in places) / 448) or 1.0
            factors.append(factor)
            for i in places:
                codes[i] = e4m3(f32(floats[i] / factor))
    return bytes(codes), factors.tobytes()


def is_quantized(name):
    return (".layers." in name and name.endswith("_proj.weight") or name.endswith("kv_a_proj_with_mqa.weight"))


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: found {found}, expected {wanted}")


def main():
    bin_dir, *models = map(pathlib.Path, sys.argv[1:])
    dsc, dsrun = bin_dir / "dsc", bin_dir / "dsrun"
    with tempfile.TemporaryDirectory() as base:
        base = pathlib.Path(base)
        bf16, fp8 = base / "bf16", base / "fp8"
        for name, folder in zip([model.name for model in models], [bf16, fp8]):
            run(bin_dir / "make-checkpoint", name, folder)
        layers = json.loads((bf16 / "config.json").read_text())["num_hidden_layers"]
        plan, plain, bundle = base / "q.plan", base / "plain.plan", base / "bundle.plan"
        compile_it = [dsc, "compile", bf16, "--quantize-weights=fp8", "-q"]
        run(*compile_it, "-o", plan)
        side, = base.glob("q.plan.fp8-*.safetensors")

        source = {}
        for shard in bf16.glob("model*.safetensors"):
            source |= tensors(shard)
        made = tensors(side)
        names = {name for name in source if is_quantized(name) and f".layers.{layers}." not in name}
        expect("names", set(made), names | {name + "_scale_inv" for name in names})
        for name in sorted(names):
            codes, factors = quantized(*source[name][1:])
            if made[name][0] != "F8_E4M3" or made[name][2] != codes:
                sys.exit(f"{name}: the codes differ")
            expect(f"factors of {name}", made[name + "_scale_inv"][2], factors)

        # Near the plan of the weights themselves, but not the same.
        run(dsc, "compile", bf16, "-q", "-o", plain)
        ids = ["--ids", "0,5,17,33,2,9,100,64", "-q"]
        figures = json.loads(run(dsrun, "ppl", plan, *ids, "--json", "--against", plain).stdout)
        expect("a divergence above 0 and below 0.1", 0 < figures["kl_mean"] < 0.1, True)

        # Equal inputs, equal bytes: the old file is replaced by the same one.
        before = plan.read_bytes(), side.read_bytes()
        run(*compile_it, "-o", plan)
        expect("a second compile", (plan.read_bytes(), side.read_bytes()) == before, True)

        run(*compile_it, "-o", bundle, "--bundle")
        expect("files of a bundle", [p.name for p in base.glob("bundle.plan*")], ["bundle.plan"])
        figures = json.loads(run(dsrun, "ppl", bundle, *ids, "--json", "--against", plan).stdout)
        expect("divergence of the bundle", figures["kl_max"], 0)

        # The plan finds its file beside itself, and says so where it is gone.
        side.rename(base / "elsewhere")
        message = run(dsrun, plan, *ids, "-n", 1, status=5).stderr
        expect("a plan without its file", "error[E707]" in message and "they move together" in message, True)

        # Without the plan no file beside it: another process writes that plan.
        locked = base / "locked.plan.dsc-tmp"
        with open(locked, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            run(*compile_it, "-o", base / "locked.plan", status=5)
        locked.unlink()
        expect("what a locked plan leaves", list(base.glob("locked.plan*")), [])

        # Several at once, the one that writes stopped: what is there in the end is a plan with its file, a bundle,
        # or nothing.
        chance, outcomes = random.Random(1), set()
        for turn in range(9):
            output = base / f"race{turn}.plan"
            writers = [subprocess.Popen(compile_it + ["--kernels=reference", "-o", output, *more],
                                        stderr=subprocess.DEVNULL)
                       for more in ([], ["--bundle"][:turn % 2], [])]
            while not any(base.glob(f"{output.name}*")) and writers[0].poll() is None:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.05))
            writers[turn % 3].terminate()
            outcomes |= {writer.wait() for writer in writers}
            names = sorted(path.name.split("fp8-")[0] for path in base.glob(f"{output.name}*"))
            expect("files of a race", names in ([output.name, output.name + "."], [output.name], []), True)
            if names:
                run(dsrun, output, *ids, "-n", 1)
        expect("done, locked or stopped", outcomes - {0, 5, 143, -signal.SIGTERM}, set())

        left = sorted(base.iterdir())
        message = run(dsc, "compile", fp8, "--quantize-weights=fp8", "-o", base / "n.plan", "-q", status=3).stderr
        expect("an FP8 checkpoint", "error[E347]" in message and "no BF16 matrix" in message, True)
        ir = run(*compile_it, "--stop-after=import", "-o", "-").stdout
        expect("IR", "f8E4M3FN" in ir, True)
        expect("what that leaves", sorted(base.iterdir()), left)


main()
