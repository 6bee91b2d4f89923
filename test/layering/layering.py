#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""layering.py includes|sizes|spdx|rooms|links ...: holds the house against its rules.

Rooms and arrows are this table. A room may include itself and what its row
names: a folder, or one file. `mlir`, `llvm` and `json` stand for those libraries.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAY_INCLUDE = {
    "kernels": set(),
    "runtime": {"kernels/base/Abi.h"},
    "dialects": {"mlir", "llvm"},
    "passes": {"dialects", "kernels", "mlir", "llvm"},
    "compiler/checkpoint": {"runtime/base", "runtime/plan", "json"},
    "compiler/text": {"compiler/checkpoint", "runtime/base", "runtime/plan", "runtime/text", "json"},
    "compiler": {"compiler", "passes", "dialects", "kernels", "runtime/base", "runtime/plan", "mlir", "llvm", "json"},
    "tools": {"compiler", "passes", "dialects", "kernels", "runtime", "mlir", "llvm", "json"},
    "tools/options": {"runtime/base"},
    "tools/terminal": {"runtime/base"},
    "tools/dsrun": {"runtime", "tools/options", "tools/terminal"},
}
TOP = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "compiler", "dialects", "runtime",
       "passes", "kernels", "test", "tools"}
CODE = {".h", ".cpp", ".td", ".def", ".py", ".cuh", ".cu", ".mlir", ".test", ".txt", ""}
MAX_LINES = 499


def tracked():
    """Files of the tree, build folders and what git ignores left out."""
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"],
                         capture_output=True, text=True)
    if out.returncode == 0:
        return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]
    return [p for p in ROOT.rglob("*") if p.is_file() and "build" not in p.relative_to(ROOT).parts[:1]
            and ".git" not in p.relative_to(ROOT).parts]


def room_of(path):
    """The longest row of the table that the path lies in."""
    relative = path.relative_to(ROOT).as_posix()
    rooms = [room for room in MAY_INCLUDE if relative.startswith(room + "/")]
    return max(rooms, key=len, default=None)


def library_of(include):
    for library, prefixes in {"mlir": ("mlir/",), "llvm": ("llvm/", "llvm-c/"), "json": ("nlohmann/",)}.items():
        if include.startswith(prefixes):
            return library
    return None


def includes():
    wrong = []
    for path in tracked():
        room = room_of(path)
        if room is None or path.suffix not in {".h", ".cpp", ".td", ".def"}:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = re.match(r'\s*#?\s*include\s+["<]([^">]+)[">]', line)
            if not match:
                continue
            include = match.group(1)
            target = library_of(include)
            if target is None:
                top = include.split("/")[0]
                if top not in TOP or "/" not in include:
                    continue
                target = include
            allowed = MAY_INCLUDE[room] | {room}
            if not any(target == a or target.startswith(a + "/") for a in allowed):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {room} may not include {include}")
    return wrong


def sizes():
    return [f"{p.relative_to(ROOT)}: {lines} lines, at most {MAX_LINES}" for p in tracked()
            if p.suffix in CODE and p.name != "LICENSE" and "test/models" not in p.as_posix()
            and (lines := len(p.read_bytes().splitlines())) > MAX_LINES]


def spdx():
    wanted = {".h", ".cpp", ".td", ".def", ".py", ".txt", ".mlir"}
    return [f"{p.relative_to(ROOT)}: no SPDX line in the first three" for p in tracked()
            if (p.suffix in wanted or p.name in {"run", "setup", "build", "demo", "test"})
            and p.suffix != ".mlir" and "test/models" not in p.as_posix() and "test/data" not in p.as_posix()
            and b"SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception" not in b"\n".join(p.read_bytes().splitlines()[:3])]


def rooms():
    wrong = [f"{name}: not part of the top level" for name in sorted({p.relative_to(ROOT).parts[0] for p in tracked()})
             if name not in TOP and not name.startswith(".")]
    for room in ("compiler", "dialects", "runtime", "passes", "kernels", "tools", "test"):
        readme = ROOT / room / "README.md"
        heads = re.findall(r"^## (.+)$", readme.read_text(), re.M) if readme.exists() else None
        if heads != ["Purpose", "May use", "How to add", "Why so"]:
            wrong.append(f"{room}/README.md: headings {heads}, expected Purpose, May use, How to add, Why so")
    return wrong


def links(program):
    """The program needs no shared library of LLVM, MLIR or JSON."""
    out = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"NEEDED.*\[(.+)\]", out)
    wrong = [f"{program} links {n}" for n in needed if re.search("llvm|mlir|json|clang", n, re.I)]
    if not needed:
        wrong.append(f"{program}: no dynamic section read")
    symbols = subprocess.run(["nm", "-C", program], capture_output=True, text=True).stdout
    wrong += [f"{program} holds {s}" for s in re.findall(r"\b(?:nlohmann|llvm|mlir)::\S+", symbols)[:3]]
    return wrong


def main():
    check, arguments = sys.argv[1], sys.argv[2:]
    wrong = {"includes": includes, "sizes": sizes, "spdx": spdx, "rooms": rooms, "links": links}[check](*arguments)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
