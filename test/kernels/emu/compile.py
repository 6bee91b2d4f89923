#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""compile.py NVCC ARCHITECTURE ROOT SOURCE: nvcc accepts SOURCE without a
warning, spills nothing, and repairs no wgmma (notes C75xx)."""
import os
import re
import subprocess
import sys
import tempfile

nvcc, architecture, root, source = sys.argv[1:]
if not nvcc or not os.path.exists(nvcc):
    print("skipped: no nvcc on this machine; the CUDA bodies of the primitives "
          "were not compiled")
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder:
    run = subprocess.run(
        [nvcc, "-std=c++20", f"-I{root}", f"-arch={architecture}", "-fmad=false",
         "-Werror", "all-warnings", "-Xptxas", "-v,-warn-spills", "-cubin",
         "-o", os.path.join(folder, "unit.cubin"), source],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
print(run.stdout)
wrong = [line for line in run.stdout.splitlines()
         if re.search(r"\(C75\d\d\)|[1-9]\d* bytes spill", line)]
for line in wrong:
    print("not accepted:", line)
sys.exit(run.returncode != 0 or bool(wrong))
