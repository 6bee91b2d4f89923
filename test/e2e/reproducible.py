#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""reproducible.py BIN CHECKPOINT: equal inputs give equal plans, to the byte.

Only the stored path from the plan to the weights may differ between two places.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def compile_in(bin_dir, folder, checkpoint, **environment):
    (folder / "plans").mkdir(exist_ok=True)
    plan = folder / "plans" / "plan.bin"
    subprocess.run([bin_dir / "dsc", "compile", checkpoint, "-o", plan, "-q"], check=True, cwd=folder,
                   env=dict(os.environ, **environment))
    return plan.read_bytes()


def main():
    bin_dir, checkpoint = map(pathlib.Path, sys.argv[1:])
    wrong = []
    with tempfile.TemporaryDirectory() as base:
        folders = [pathlib.Path(base) / "a", pathlib.Path(base) / "elsewhere" / "b"]
        for folder in folders:
            shutil.copytree(checkpoint, folder / "model")
        first = compile_in(bin_dir, folders[0], folders[0] / "model")
        if compile_in(bin_dir, folders[0], folders[0] / "model") != first:
            wrong.append("a second compile differs")
        if compile_in(bin_dir, folders[1], folders[1] / "model", TZ="Asia/Tokyo", LC_ALL="C") != first:
            wrong.append("the same tree in another place differs")
        if compile_in(bin_dir, folders[0], "model/config.json") != first:
            wrong.append("the config's relative path as input differs")
        # Control: what the plan says of the weights' place does count.
        if compile_in(bin_dir, folders[0], folders[1] / "model") == first:
            wrong.append("another relative path does not show")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
