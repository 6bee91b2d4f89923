#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""readme.py BIN: what README.md shows is what happens.

Every command of its console blocks runs, in one folder, in order, with FOLDER
for the example checkpoint. What is shown below a command is all that it prints,
stdout and stderr as a terminal shows them; a line `…` stands for any lines, and
where nothing is shown nothing is said. What is measured may differ, a number
with a unit, and so may the level of this CPU and what the doctor finds; words,
answers and counts may not. A comment behind a command says nothing,
`$ tools/dev/test` is what runs this, and the lines below `$ dsrun … --chat`
that begin with `>` are typed.
"""
import difflib
import json
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
ANY = "…"


def masked(line):
    """A line without what may differ: measured figures, the level of this CPU, the width of columns."""
    line = re.sub(r"^(?:ok|warn|fail) +(.*?)  .*", r"\1", line)  # a finding of the doctor
    line = re.sub(r"\d+ instances of \d+ rows for", "N instances of M rows for", line)  # by level
    line = re.sub(r"avx\w+|x86-64-v\d", "LEVEL", line)
    line = re.sub(r"\d[\d,.]* ?(?:ms|s|%|B|KiB|MiB|GiB|TiB|GB/s|tokens/s)(?!\w)", "FIGURE", line)
    return re.sub(r" +", " ", line).rstrip()


def compared(lines):
    """Without what is typed, the doctor's advice, and empty lines before and behind."""
    return "\n".join(line for line in lines if not line.startswith((">", ADVICE))).strip("\n").split("\n")


def differences(shown, printed):
    """How the lines printed differ from those shown; empty where they do not."""
    shown, printed = ([masked(line) for line in compared(lines)] for lines in (shown, printed))
    pattern = "".join("(?:.*\n)*" if line == ANY else re.escape(line) + "\n" for line in shown)
    if re.fullmatch(pattern, "".join(line + "\n" for line in printed)):
        return []
    return list(difflib.unified_diff(shown, printed, "README.md", "printed", n=1, lineterm=""))


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
    if not command.startswith("tools/"):  # which build, with ccache
        environment["XDG_CACHE_HOME"] = str(folder)
    typed = "".join(line[1:].strip() + "\n" for line in shown if line.startswith(">"))
    where = ROOT if command.startswith("tools/") else folder
    done = subprocess.run(["bash", "-c", command.replace("FOLDER", str(MODEL))], cwd=where, env=environment, text=True,
                          input=typed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    refused = any(re.match(r"dsc: error|dsrun: error", line) for line in shown)
    if (done.returncode != 0) != refused and "doctor" not in command:  # which judges the machine
        return [f"$ {command}: exit {done.returncode}\n{done.stdout}"]
    if not shown:
        return []
    printed = done.stdout.replace(str(MODEL), "FOLDER").splitlines()
    found = differences(shown, printed)
    return [f"$ {command}:", *found] if found else unseen(command, shown, printed)


def unseen(command, shown, printed):
    """Controls: changes of the lines shown that the comparison does not see."""
    shown = compared(shown)
    fixed = [i for i, line in enumerate(shown) if line.strip() and line != ANY]
    changed = {f"without line {i + 1}": shown[:i] + shown[i + 1:] for i in fixed if ANY not in shown[max(i - 1, 0):i + 2]}
    changed |= {f"lines {i + 1} and {j + 1} changed about": [*shown[:i], shown[j], *shown[i + 1:j], shown[i], *shown[j + 1:]]
                for i, j in zip(fixed, fixed[1:]) if masked(shown[i]) != masked(shown[j])}
    changed |= {f"another word in line {i + 1}": [*shown[:i], "Another " + shown[i], *shown[i + 1:]] for i in fixed}
    changed |= {f"another answer in line {i + 1}": [*shown[:i], shown[i].replace("4", "5", 1), *shown[i + 1:]]
                for i in fixed if re.fullmatch(r"\d*4\d*|.* = .*4.*carry.*", shown[i])}
    return [f"$ {command}: not seen: {how}" for how, lines in changed.items() if not differences(lines, printed)]


def has_nvrtc(bin_dir):
    """Whether cubins can be made here."""
    doctor = subprocess.run([bin_dir / "dsc", "doctor", "--json"], capture_output=True, text=True)
    return next(c["found"] for c in json.loads(doctor.stdout)["checks"] if c["check"] == "NVRTC") != "not found"


def main():
    bin_dir = pathlib.Path(sys.argv[1]).resolve()
    wrong, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "prompts.jsonl").write_text(PROMPTS)
        for command, shown in commands((ROOT / "README.md").read_text()):
            if command == "tools/dev/test" or (command == "tools/dev/demo" and bin_dir != ROOT / "build" / "dev" / "bin"):
                continue
            if "--target=cuda " in command and "--emit=cuda" not in command and not has_nvrtc(bin_dir):
                print(f"skipped, no NVRTC on this machine: {command}")
                continue
            wrong += run(command, shown, folder, bin_dir)
            count += 1
    print("\n".join(wrong))
    print(f"{count} commands")
    sys.exit(1 if wrong or count < 5 else 0)


main()
