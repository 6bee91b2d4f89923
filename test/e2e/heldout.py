#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""heldout.py BIN CHECKPOINT: tiny-r1 answers its held-out questions as well as the reference does.

All questions run greedily in one ragged batch; at most ALLOWED fewer right
answers than `reference_correct` says.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ALLOWED = 2


def main():
    bin_dir, checkpoint = map(pathlib.Path, sys.argv[1:])
    lines = [json.loads(line) for line in open(checkpoint / "heldout.jsonl")]
    with tempfile.TemporaryDirectory() as folder:
        plan = pathlib.Path(folder) / "plan.bin"
        subprocess.run([bin_dir / "dsc", "compile", checkpoint, "-o", plan, "-q"], check=True)
        out = subprocess.run([bin_dir / "dsrun", plan, "--batch", checkpoint / "heldout.jsonl", "--temperature", "0",
                              "-n", "120", "--json"], check=True, capture_output=True, text=True).stdout
    answers = [json.loads(line) for line in out.splitlines()]
    right = sum(a["content"].strip() == line["answer"] for a, line in zip(answers, lines))
    reference = sum(line["reference_correct"] for line in lines)
    print(f"{right} of {len(lines)} right, reference {reference}")
    sys.exit(0 if len(answers) == len(lines) and right >= reference - ALLOWED else 1)


main()
