#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""size.py BIN: dsrun, stripped, is under 5 MB."""
import pathlib
import subprocess
import sys
import tempfile

LIMIT = 5_000_000  # bytes


def main():
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "dsrun"
        subprocess.run(["strip", "-o", stripped, pathlib.Path(sys.argv[1]) / "dsrun"], check=True)
        size = stripped.stat().st_size
    print(f"dsrun: {size} bytes stripped, at most {LIMIT}")
    sys.exit(0 if size < LIMIT else 1)


main()
