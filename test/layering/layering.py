#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""layering.py includes|sizes|spdx|rooms|links ...: holds the house against its rules.

Rooms and arrows are this table. A room may include itself and what its row
names: a folder, or one file. `mlir`, `llvm` and `json` stand for those libraries.
controls.py shows that each check finds what it is for.
"""
import pathlib
import posixpath
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAY_INCLUDE = {
    "kernels": set(),
    "runtime": {"kernels/base/Abi.h", "kernels/base/DeviceCall.h"},
    "runtime/emu": {"runtime", "kernels/base", "kernels/emu"},
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
INCLUDING = {".h", ".cpp", ".td", ".def", ".cuh", ".cu"}
CODE = {".h", ".cpp", ".td", ".def", ".py", ".cuh", ".cu", ".mlir", ".test", ".txt", ""}
MAX_LINES = 499
ROOMS = ("compiler", "dialects", "runtime", "passes", "kernels", "tools", "test")
HEADINGS = ["Purpose", "May use", "How to add", "Why so"]


def tracked(root):
    """Files of the tree by their path in it, build folders and what git ignores left out."""
    out = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    if out.returncode == 0:
        found = out.stdout.splitlines()
    else:
        found = [p.relative_to(root).as_posix() for p in root.rglob("*")]
        found = [name for name in found if name.split("/")[0] not in ("build", ".git")]
    return {name: root / name for name in sorted(found) if (root / name).is_file()}


def room_of(name):
    """The longest row of the table that the path lies in."""
    return max((room for room in MAY_INCLUDE if name.startswith(room + "/")), key=len, default=None)


def library_of(include):
    for library, prefixes in {"mlir": ("mlir/",), "llvm": ("llvm/", "llvm-c/"), "json": ("nlohmann/",)}.items():
        if include.startswith(prefixes):
            return library
    return None


def target_of(name, include, files):
    """What `include` in the file `name` means: a library, a path in the tree, or None for another library.

    A path that begins with `..` leads out of the tree.
    """
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), include))
    from_root = posixpath.normpath(include)
    if beside in files or include.startswith("."):
        return beside
    if from_root in files or (from_root.split("/")[0] in TOP and "/" in from_root):
        return from_root  # or a file that the build makes
    return library_of(from_root) or (from_root if from_root.startswith(("..", "/")) else None)


def includes(root):
    wrong, files = [], tracked(root)
    for name, path in files.items():
        room = room_of(name)
        if room is None or path.suffix not in INCLUDING:
            continue
        allowed = MAY_INCLUDE[room] | {room}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = re.match(r'\s*(?:#?\s*include\s*["<]([^">]+)[">]|#\s*include\s+\w)', line)
            if not match:
                continue
            target = target_of(name, match.group(1), files) if match.group(1) else match.group(0)
            if target and not any(target == a or target.startswith(a + "/") for a in allowed):
                wrong.append(f"{name}:{number}: {room} may not include {match.group(1) or 'a macro'}")
    return wrong


def sizes(root):
    return [f"{name}: {lines} lines, at most {MAX_LINES}" for name, path in tracked(root).items()
            if path.suffix in CODE and path.name != "LICENSE" and not name.startswith("test/models/")
            and (lines := len(path.read_bytes().splitlines())) > MAX_LINES]


def spdx(root):
    wanted = {".h", ".cpp", ".td", ".def", ".py", ".txt", ".cuh", ".cu"}
    return [f"{name}: no SPDX line in the first three" for name, path in tracked(root).items()
            if (path.suffix in wanted or path.read_bytes().startswith(b"#!"))
            and not name.startswith(("test/models/", "test/data/"))
            and b"SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception" not in b"\n".join(path.read_bytes().splitlines()[:3])]


def rooms(root):
    wrong = [f"{name}: not part of the top level" for name in sorted({name.split("/")[0] for name in tracked(root)})
             if name not in TOP and not name.startswith(".")]
    for room in ROOMS:
        readme = root / room / "README.md"
        heads = re.findall(r"^## (.+)$", readme.read_text(), re.M) if readme.exists() else None
        if heads != HEADINGS:
            wrong.append(f"{room}/README.md: headings {heads}, expected {', '.join(HEADINGS)}")
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
    check, arguments = sys.argv[1], sys.argv[2:] or [ROOT]
    wrong = {"includes": includes, "sizes": sizes, "spdx": spdx, "rooms": rooms, "links": links}[check](*arguments)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
