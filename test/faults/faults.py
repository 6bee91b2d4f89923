#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""faults.py BIN [--no-limits] [ROW ...]: bad inputs and faults against the programs in BIN.

Runs every row of the rows_*.py files beside it, or the rows named. The last
line is "N of N rows". --no-limits: time and memory are not checked, for
programs with sanitizers.
"""
import importlib
import os
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import controls
import harness

# The rows that there must be; the others of the catalogue are the server's and of several ranks.
ROWS = [str(n) for first, last in ((1, 92), (94, 98), (101, 101), (105, 106), (108, 111), (115, 126), (128, 130), (135, 150),
                                   (153, 154), (157, 157), (207, 207)) for n in range(first, last + 1)
        if n != 95] + ["95" + letter for letter in "abcdefghi"] + ["98a", "108b"]


def main():
    sys.stdout.reconfigure(errors="backslashreplace")  # messages may hold bytes that are no UTF-8
    for path in sorted(HERE.glob("rows_*.py")):
        importlib.import_module(path.stem)
    jobs = min(4, len(os.sched_getaffinity(0)))
    chosen = [word for word in sys.argv[2:] if word != "--no-limits"]
    known = {number for number, _, _ in harness.ROWS}
    absent = set(chosen or ROWS) - known
    if absent:
        sys.exit(f"no such row: {', '.join(sorted(absent))}")
    harness.Trial.limits = "--no-limits" not in sys.argv
    sys.exit(1 if harness.run_rows(sys.argv[1], chosen, jobs, controls.run_controls) else 0)


main()
