# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""manifest_test.py PROGRAM NVCC ARCHITECTURE [--write]: the kernels of one architecture against their manifest.

PROGRAM prints the translation unit; NVCC is - where there is none. With --write the manifest becomes what is found.
"""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
TIMEOUT = 300  # s


def main():
    program, nvcc, architecture = sys.argv[1:4]
    unit = subprocess.run([program, architecture], stdout=subprocess.PIPE, timeout=TIMEOUT)
    if unit.returncode:
        return unit.returncode
    if nvcc == "-":
        print("no nvcc here: the kernels are not compiled, so their manifest is not checked")
        return 77
    golden = ROOT / f"test/kernels/manifest/{architecture}.json"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "unit.cu").write_bytes(unit.stdout)
        compiled = subprocess.run(
            [nvcc, "-std=c++20", f"-arch={architecture}", "-fmad=false", "-cubin", "-Xptxas", "-v", f"-I{ROOT}",
             "-Werror", "all-warnings", "-o", "unit.cubin", "unit.cu"],
            cwd=folder, capture_output=True, text=True, timeout=TIMEOUT)
        (folder / "log").write_text(compiled.stdout + compiled.stderr)
        if compiled.returncode:
            print(compiled.stdout + compiled.stderr)
            return 1
        action = "--write" if "--write" in sys.argv[4:] else "--check"
        return subprocess.run([sys.executable, ROOT / "tools/dev/cubin-manifest", "unit.cubin", action, golden,
                               "--log", "log"], cwd=folder, timeout=TIMEOUT).returncode


sys.exit(main())
