#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""readme.py BIN: what README.md shows is what happens.

Every command of its console blocks runs, in one folder, in order, with FOLDER
for the example checkpoint; lines shown below a command are lines it prints.
Numbers, sizes and times may differ, and what the doctor finds. A comment behind
a command says nothing, `…` stands for anything, `$ tools/dev/test` is what runs
this, and the lines below `$ dsrun … --chat` that begin with `>` are typed.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "test" / "models" / "tiny-r1"
ADVICE = " " * 19  # of the doctor, below a finding
PROMPTS = '"Add 59 and 65."\n{"prompt": "Add 1 and 2."}\n'


def masked(line):
    """A line without what may differ: numbers, units, the level of this CPU, trailing space."""
    line = re.sub(r"^(?:ok|warn|fail) +(.*?)  .*", r"\1", line)  # a finding of the doctor
    line = re.sub(r"avx\w+|x86-64-v\d", "LEVEL", line)
    line = re.sub(r"\b(?:B|KiB|MiB|GiB|TiB)\b", "UNIT", line)
    return re.sub(r"\s+", " ", re.sub(r"\d[\d,.]*", "N", line)).strip()


def commands(text):
    """(command, lines shown below it) of the console blocks."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((re.sub(r"\s+#.*", "", line[2:]), []))
            elif found:
                found[-1][1].append(line)
    return found


def run(command, shown, folder, bin_dir):
    """What is wrong with a command and its output."""
    environment = dict(os.environ, PATH=f"{bin_dir}:{os.environ['PATH']}", XDG_STATE_HOME=str(folder))
    typed = "".join(line[1:].strip() + "\n" for line in shown if line.startswith(">"))
    where = ROOT if command.startswith("tools/") else folder
    done = subprocess.run(["bash", "-c", command.replace("FOLDER", str(MODEL))], cwd=where, env=environment, text=True,
                          input=typed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    refused = any(re.match(r"dsc: error|dsrun: error", line) for line in shown)
    if (done.returncode != 0) != refused and "doctor" not in command:  # which judges the machine
        return [f"$ {command}: exit {done.returncode}\n{done.stdout}"]
    lines = {masked(line.replace(str(MODEL), "FOLDER")) for line in done.stdout.splitlines()}
    return [f"$ {command}: README shows a line that is not printed: {line}\nprinted:\n{done.stdout}" for line in shown
            if line.strip() and line != "…" and not line.startswith((">", ADVICE)) and masked(line) not in lines]


def main():
    bin_dir = pathlib.Path(sys.argv[1]).resolve()
    wrong, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "prompts.jsonl").write_text(PROMPTS)
        for command, shown in commands((ROOT / "README.md").read_text()):
            if command == "tools/dev/test" or (command == "tools/dev/demo" and bin_dir != ROOT / "build" / "dev" / "bin"):
                continue
            wrong += run(command, shown, folder, bin_dir)
            count += 1
    print("\n".join(wrong))
    print(f"{count} commands")
    sys.exit(1 if wrong or count < 5 else 0)


main()
