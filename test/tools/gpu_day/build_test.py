# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""build_test.py NVCC HOST: tools/dev/gpu-day builds without a GPU; what is missing is -."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
NVCC, HOST = sys.argv[1:3]
TIMEOUT = 600  # s


class Build(unittest.TestCase):
    # For one architecture all of it; the program then lists every row that code for it holds.
    def test_all(self):
        with tempfile.TemporaryDirectory() as folder:
            built = subprocess.run([ROOT / "tools/dev/gpu-day", "--folder", folder, "--build", "sm_90a", "--nvcc", NVCC,
                                    "--host", HOST], capture_output=True, text=True, timeout=TIMEOUT)
            self.assertEqual(built.returncode, 0, built.stderr)
            listed = subprocess.run([built.stdout.strip(), "--list"], capture_output=True, text=True, timeout=TIMEOUT)
            self.assertEqual((listed.returncode, listed.stderr), (0, ""))
            rows = {line.split()[0] for line in listed.stdout.splitlines()}
            self.assertIn("linear_f8e4m3fn_f8e4m3fn_bs128_sm90a", rows)
            self.assertNotIn("no reference", listed.stdout)
            unit = pathlib.Path(folder, "unit.cu").read_text()
            self.assertEqual(rows, set(re.findall(r"^DS_CUDA_KERNEL\((\w+?)__\w+,", unit, re.M)))

    # The loops that measure the limits, for every architecture: wgmma in one is neither serialised nor repaired.
    def test_limits(self):
        for architecture in ("sm_80", "sm_89", "sm_90a", "sm_100a"):
            with self.subTest(architecture), tempfile.TemporaryDirectory() as folder:
                built = subprocess.run([NVCC, "-std=c++20", f"-arch={architecture}", "-ccbin", HOST, "-Xptxas", "-v",
                                        f"-I{ROOT}", "-c", ROOT / "tools/dev/gpu_day/Limits.cu", "-o", f"{folder}/Limits.o"],
                                       capture_output=True, text=True, timeout=TIMEOUT)
                log = built.stdout + built.stderr
                self.assertEqual(built.returncode, 0, log)
                self.assertIsNone(re.search(r"C75\d\d|[1-9]\d* bytes spill", log), log)


if __name__ == "__main__":
    if "-" in (NVCC, HOST):
        print("no nvcc or no g++ here: gpu-day cannot be built")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
