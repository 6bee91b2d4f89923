#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""bundle.py BIN CHECKPOINT: a plan that carries its weights, and digests that find a changed byte.

The bundled plan answers without the folder and word for word like the plan that
refers to it. A flipped bit in a weight, in the plan or in a shard, is found with
--verify=full, and an output that is a bundle replaces nothing it should not.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile


def run(*command, status=0):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"{' '.join(map(str, command))}\nexit {done.returncode}, expected {status}\n{done.stderr}")
    return done


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def expect(message, text):
    if text not in message:
        sys.exit(f"expected {text!r} in:\n{message}")


def main():
    bin_dir, checkpoint = map(pathlib.Path, sys.argv[1:])
    dsc, dsrun = bin_dir / "dsc", bin_dir / "dsrun"
    ask = ["--temperature", 0, "-p", "Add 59 and 65."]
    with tempfile.TemporaryDirectory() as base:
        base = pathlib.Path(base)
        shutil.copytree(checkpoint, base / "model")
        bundle, refers, plain = base / "bundle.plan", base / "refers.plan", base / "plain.plan"
        run(dsc, "compile", base / "model", "-o", bundle, "--bundle", "-q")
        run(dsc, "compile", base / "model", "-o", refers, "--check-weights", "-q")
        run(dsc, "compile", base / "model", "-o", plain, "-q")
        sizes = json.loads((base / "model" / "model.safetensors.index.json").read_text())["metadata"]["total_size"]
        used = bundle.stat().st_size - plain.stat().st_size
        if not 0 < used < sizes:
            sys.exit(f"the bundle is {used} bytes larger, expected at most {sizes} of weights")
        wanted = run(dsrun, plain, *ask).stdout
        for plan in (bundle, refers):
            if run(dsrun, plan, "--verify=full", *ask).stdout != wanted:
                sys.exit(f"{plan.name} answers otherwise")
        expect(run(dsrun, plain, "--verify=full", *ask, status=2).stderr, "error[E711]")

        # A byte of a weight in its shard, and the last byte of the bundle, which is one too.
        inventory = run(dsc, "inspect", refers, "--weights").stdout
        expect(inventory, "lm_head.weight")
        place = next(line.split() for line in inventory.splitlines() if line.strip().startswith("lm_head.weight"))
        shard = base / "model" / f"model-0000{int(place[-3]) + 1}-of-000002.safetensors"
        flip(shard, int(place[-1]) + 5)
        expect(run(dsrun, refers, "--verify=full", *ask, status=7).stderr, "lm_head.weight")
        run(dsrun, refers, *ask)  # not looked at otherwise
        flip(bundle, bundle.stat().st_size - 1)
        expect(run(dsrun, bundle, "--verify=full", *ask, status=7).stderr, "error[E710]")

        # Without the folder: only the bundle runs.
        flip(bundle, bundle.stat().st_size - 1)
        shutil.rmtree(base / "model")
        if run(dsrun, bundle, *ask).stdout != wanted:
            sys.exit("the bundle answers otherwise without its folder")
        expect(run(dsrun, plain, *ask, status=5).stderr, "--weights")
        # A cut bundle is refused before anything is mapped.
        with open(bundle, "r+b") as file:
            file.truncate(bundle.stat().st_size - 1)
        expect(run(dsrun, bundle, *ask, status=7).stderr, "error[E603]")


main()
