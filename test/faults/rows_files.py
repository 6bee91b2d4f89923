# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Command line, folder, files."""
import os

from folder import FIRST
from harness import row, without_root


@row("7", "no permission to read a shard")
def unreadable(t):
    model = t.model()
    model.own(FIRST).chmod(0)
    t.refuse(model, 5, FIRST, "cannot open: Permission denied", preexec_fn=without_root)


@row("18", "Python files and auto_map in the folder")
def code(t):
    model = t.model().config(auto_map={"AutoModel": "modeling.Model"})
    model.write("modeling.py", "raise SystemExit('run')\n")
    t.accept(model, "code in the checkpoint is never run")
