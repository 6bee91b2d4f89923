#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""controls.py COMPILER: what layering.py must find, planted one by one.

A small house that keeps every rule passes; with one file more, or one other,
exactly one line says what is wrong. COMPILER is a program that links LLVM.
"""
import pathlib
import sys
import tempfile

import layering

SPDX = "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"
README = "".join(f"## {heading}\n" for heading in layering.HEADINGS)
HOUSE = {
    **{f"{room}/README.md": README for room in layering.ROOMS},
    "tools/x.h": SPDX,
    "tools/dsrun/x.h": SPDX,
    "compiler/checkpoint/x.h": SPDX,
    "kernels/base/Abi.h": SPDX,
    "kernels/base/Other.h": SPDX,
    "passes/x.cpp": SPDX + '#include "kernels/base/Other.h"\n#include "mlir/IR/Value.h"\n#include "dialects/made.h.inc"\n',
    "runtime/base/x.h": SPDX + "#include <vector>\n",
    "runtime/plan/x.cpp": SPDX + '#include "../base/x.h"\n#include "../../kernels/base/Abi.h"\n#include "x.def"\n',
    "runtime/plan/x.def": SPDX,
    "test/data/no-license.h": "",
    "test/models/long.txt": "\n" * 500,
    "build/no-license.h": "",
}


def including(line):
    return SPDX + line + "\n"


# (check, file, its text)
PLANTED = [
    ("includes", "runtime/plan/y.cpp", including('#include "tools/x.h"')),
    ("includes", "runtime/plan/y.cpp", including('#include "../../tools/x.h"')),
    ("includes", "runtime/plan/y.cpp", including('#include <../../tools/x.h>')),
    ("includes", "runtime/plan/y.cpp", including('#include "runtime/../tools/x.h"')),
    ("includes", "runtime/plan/y.cpp", including('#include "./../../tools/x.h"')),
    ("includes", "runtime/plan/y.cpp", including('  #  include"tools/x.h"')),
    ("includes", "runtime/plan/y.cpp", including("#include HEADER")),
    ("includes", "runtime/plan/y.cpp", including('#include "../../../elsewhere/x.h"')),
    ("includes", "runtime/plan/y.cpp", including('#include "/usr/include/llvm/x.h"')),
    ("includes", "runtime/plan/y.cpp", including('#include "llvm/ADT/ArrayRef.h"')),
    ("includes", "runtime/plan/y.cpp", including("#include <nlohmann/json.hpp>")),
    ("includes", "runtime/plan/y.cpp", including('#include "compiler/made.h.inc"')),
    ("includes", "runtime/plan/y.cpp", including('#include "kernels/base/Other.h"')),
    ("includes", "runtime/y.def", including('#include "tools/x.h"')),
    ("includes", "compiler/checkpoint/y.h", including('#include "mlir/IR/Value.h"')),
    ("includes", "dialects/y.td", including('include "../passes/y.td"')),
    ("includes", "kernels/y.cu", including('#include "runtime/base/x.h"')),
    ("includes", "tools/dsrun/y.cpp", including('#include "../x.h"')),
    ("sizes", "runtime/y.cpp", SPDX + "\n" * 499),
    ("sizes", "tools/dev/y", "\n" * 500),
    ("spdx", "runtime/y.cpp", "// Apache\n"),
    ("spdx", "runtime/y.cpp", "\n\n\n" + SPDX),
    ("spdx", "tools/dev/y", "#!/bin/sh\n"),
    ("rooms", "stray/y.md", ""),
    ("rooms", "stray.md", ""),
    ("rooms", "runtime/README.md", README.replace("## Why so\n", "")),
]


def build(files):
    """What each check says of a tree of these files: check -> lines."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return {check: getattr(layering, check)(root) for check in ("includes", "sizes", "spdx", "rooms")}


def main():
    wrong = [f"a house that keeps the rules: {line}" for lines in build(HOUSE).values() for line in lines]
    for check, name, text in PLANTED:
        said = [(by, line) for by, lines in build({**HOUSE, name: text}).items() for line in lines]
        if [by for by, _ in said] != [check] or not said[0][1].startswith(name.split("/")[0]):
            wrong.append(f"{name}: {text.strip()[-60:]!r}: found {said}, expected one line of {check}")
    if not layering.links(sys.argv[1]):
        wrong.append(f"{sys.argv[1]}: links LLVM, and that is not found")
    print("\n".join(wrong))
    print(f"{len(PLANTED) + 1} planted, {len(wrong)} not as expected")
    sys.exit(1 if wrong else 0)


main()
