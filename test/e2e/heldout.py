#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""heldout.py BIN CHECKPOINT [OPTIONS...]: tiny-r1 answers its held-out questions as well as the reference does.

The questions run greedily in one ragged batch; at most `allowed` fewer right
answers than `reference_correct` says. OPTIONS are of dsc compile; on the
emulation of a GPU (--target=cuda-emu) it is the first questions only, or as
many as DS_HELDOUT says.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

EMULATED_QUESTIONS = 20


def main():
    bin_dir, checkpoint = map(pathlib.Path, sys.argv[1:3])
    options = sys.argv[3:]
    is_emulated = "--target=cuda-emu" in options
    lines = open(checkpoint / "heldout.jsonl").read().splitlines()
    if is_emulated:
        lines = lines[:int(os.environ.get("DS_HELDOUT", EMULATED_QUESTIONS))]
    allowed = 1 if len(lines) <= EMULATED_QUESTIONS else 2
    with tempfile.TemporaryDirectory() as folder:
        plan, batch = pathlib.Path(folder) / "plan.bin", pathlib.Path(folder) / "batch.jsonl"
        batch.write_text("\n".join(lines) + "\n")
        subprocess.run([bin_dir / "dsc", "compile", checkpoint, "-o", plan, "-q", *options], check=True)
        out = subprocess.run([bin_dir / ("dsrun-emu" if is_emulated else "dsrun"), plan, "--batch", batch,
                              "--temperature", "0", "-n", "120", "--json"], check=True, capture_output=True,
                             text=True).stdout
    answers = [json.loads(line) for line in out.splitlines()]
    lines = [json.loads(line) for line in lines]
    right = sum(a["content"].strip() == line["answer"] for a, line in zip(answers, lines))
    reference = sum(line["reference_correct"] for line in lines)
    print(f"{right} of {len(lines)} right, reference {reference}")
    sys.exit(0 if len(answers) == len(lines) and right >= reference - allowed else 1)


main()
