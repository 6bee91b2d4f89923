#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_bitcode.py --tools DIR --kernels DIR bitcode|native LEVEL FILE

bitcode: the file of a level holds exactly the level's rows and the three memory
functions, needs nothing, keeps nothing, and was compiled for one CPU.
native: a level's library exports nothing but its rows, so that two levels can
be linked into one program.
"""
import argparse
import pathlib
import re
import subprocess
import sys

MEMORY = {"memcpy", "memset", "memmove"}
# Intrinsics that code generation turns into calls of a mathematics library.
CALLS = re.compile(r"llvm\.(a?(sin|cos|tan)h?|sincos|exp|exp2|exp10|log|log2|log10|pow|powi|ldexp|frexp|"
                   r"fmod|frem|lround|llround|lrint|llrint)\b")


def rows(kernels, levels):
    """The functions that the table promises for the given levels."""
    names = set()
    for table in sorted(kernels.glob("*/kernels.def")):
        for name, level in re.findall(r"KERNEL\(\s*(\w+),\s*\w+,\s*\w+,\s*\w+,\s*(\w+)\s*\)", table.read_text()):
            if level in levels:
                names |= {name, name + "_tiles"}
    return names


def tool(arguments, name, *parameters):
    return subprocess.run([arguments.tools / name, *parameters], check=True, capture_output=True, text=True).stdout


def symbols(arguments):
    """(letter of nm, name) of everything that is not local."""
    lines = tool(arguments, "llvm-nm", "-g", arguments.file).splitlines()
    return {tuple(line.split()[-2:]) for line in lines if line.strip() and not line.endswith(":")}


def compare(found, promised):
    wrong = [f"{name}: is in the table, not in the file" for name in sorted(promised - found)]
    return wrong + [f"{name}: is in the file, not in the table" for name in sorted(found - promised)]


def bitcode(arguments):
    found = symbols(arguments)
    wrong = [f"{name}: is not a plain function (nm says {letter})" for letter, name in sorted(found) if letter != "T"]
    wrong += compare({name for letter, name in found if letter == "T"},
                     rows(arguments.kernels, {"Generic", arguments.level}) | MEMORY)
    text = tool(arguments, "llvm-dis", "-o", "-", arguments.file)
    for line in text.splitlines():
        if re.match(r"@.* = .*\bglobal\b", line):
            wrong.append(f"can be written: {line[:100]}")
        if re.match(r"@.* = .*\b(thread_local|alias|ifunc|appending)\b", line):
            wrong.append(f"needs a loader: {line[:100]}")
        if re.match(r"@.* = .*\bconstant\b.*\bptr @", line):
            wrong.append(f"holds an address: {line[:100]}")
        if re.search(r"\bcall\b.*\basm\b", line):
            wrong.append(f"inline assembly: {line.strip()[:100]}")
        if line.startswith("declare") and CALLS.search(line):
            wrong.append(f"becomes a call: {line[:100]}")
    features = set(re.findall(r'"target-features"="([^"]*)"', text))
    cpus = set(re.findall(r'"target-cpu"="([^"]*)"', text))
    if len(features) != 1 or len(cpus) != 1:
        wrong.append(f"not compiled for one CPU: {sorted(cpus)}, {len(features)} lists of features")
    return wrong


def native(arguments):
    defined = {name for letter, name in symbols(arguments) if letter != "U"}
    return compare(defined, rows(arguments.kernels, {arguments.level}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", type=pathlib.Path, required=True)
    parser.add_argument("--kernels", type=pathlib.Path, required=True)
    parser.add_argument("check", choices=["bitcode", "native"])
    parser.add_argument("level")
    parser.add_argument("file", type=pathlib.Path)
    arguments = parser.parse_args()
    wrong = {"bitcode": bitcode, "native": native}[arguments.check](arguments)
    for line in wrong:
        print(f"{arguments.file.name}: {line}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
