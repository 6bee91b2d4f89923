# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""manifest_test.py NVCC Errors|Cubins: tools/dev/cubin-manifest; NVCC is - where there is none."""
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOL = ROOT / "tools/dev/cubin-manifest"
SOURCE = pathlib.Path(__file__).parent / "kernels.cu"
NVCC = sys.argv[1]
ARCHITECTURES = ("sm_80", "sm_89", "sm_90a", "sm_100a")
TIMEOUT = 120  # s


def run(*arguments):
    """(exit status, standard output, standard error)"""
    done = subprocess.run([sys.executable, TOOL, *arguments], capture_output=True, text=True, timeout=TIMEOUT)
    return done.returncode, done.stdout, done.stderr


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Errors(WithFolder):
    # What is no cubin is refused in one line; nothing is printed or written.
    def test_no_cubin(self):
        elf = bytearray(64)
        elf[:6] = b"\x7fELF\x02\x01"
        foreign, cut = bytearray(elf), bytearray(elf)
        struct.pack_into("<H", foreign, 18, 62)  # x86-64
        struct.pack_into("<H", cut, 18, 190)
        struct.pack_into("<QIHHHHHH", cut, 40, 4096, 0, 64, 0, 0, 64, 3, 1)  # sections behind its end
        for name, data, words in (("empty", b"", "found no 64-bit ELF file"), ("text", b"int main;", "found no 64-bit"),
                                  ("foreign", foreign, "of NVIDIA CUDA architecture"), ("cut", cut, "cut off or damaged")):
            path, golden = self.folder / name, self.folder / "golden"
            path.write_bytes(data)
            for more in ([], ["--write", golden]):
                status, out, err = run(path, *more)
                self.assertEqual((status, out, len(err.splitlines())), (1, "", 1), err)
                self.assertIn(f"{path}: ", err)
                self.assertIn(words, err)
                self.assertFalse(golden.exists())

    def test_missing_file(self):
        status, out, err = run(self.folder / "none.cubin")
        self.assertEqual((status, out, len(err.splitlines())), (1, "", 1), err)
        self.assertIn("No such file", err)

    # To check and to write at once means nothing.
    def test_usage(self):
        self.assertEqual(run("a", "--check", "b", "--write", "c")[0], 2)


class Cubins(WithFolder):
    def compile(self, planted, architecture="sm_90a", name="unit.cubin"):
        """The cubin, and the file with what nvcc printed."""
        cubin, log = self.folder / name, self.folder / "log"
        done = subprocess.run([NVCC, "-std=c++20", f"-arch={architecture}", "-cubin", "-Xptxas", "-v", f"-I{ROOT}",
                               f"-DDS_PLANTED={planted}", "-o", cubin, SOURCE],
                              capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr)
        log.write_text(done.stdout + done.stderr)
        return cubin, log

    # Registers, barriers and shared bytes are those in ptxas's own log, and the one parameter is a DeviceCall, on
    # every architecture; what was written passes the check, and is the same from another folder.
    def test_agrees_with_ptxas(self):
        for architecture in ARCHITECTURES:
            with self.subTest(architecture):
                cubin, log = self.compile(0, architecture)
                status, out, err = run(cubin)
                self.assertEqual((status, err), (0, ""))
                found = json.loads(out)
                self.assertEqual(found["architecture"], architecture)
                self.assertEqual(list(found["kernels"]), ["turned", "values"])
                for name, registers, barriers, shared in re.findall(
                        r"Compiling entry function '(\w+)'(?:.*\n)*?.*Used (\d+) registers, used (\d+) barriers"
                        r"(?:, (\d+) bytes smem)?", log.read_text()):
                    kernel = found["kernels"].pop(name)
                    self.assertEqual((kernel["registers"], kernel["barriers"], kernel["static_shared_bytes"]),
                                     (int(registers), int(barriers), int(shared or 0)))
                    self.assertEqual((kernel["parameters"], kernel["stack_bytes"]), ([[0, 0, 152]], 0))
                    self.assertEqual(sum(kernel["opcodes"].values()), kernel["instructions"])
                self.assertEqual(found["kernels"], {})

                golden = self.folder / "golden"
                self.assertEqual(run(cubin, "--write", golden, "--log", log), (0, "", ""))
                self.assertEqual(run(cubin, "--check", golden, "--log", log), (0, "", ""))
                (self.folder / "other").mkdir(exist_ok=True)
                self.assertEqual(run(self.compile(0, architecture, "other/again.cubin")[0])[1], out)

    # The body of `values`: eight loads and stores, and per round eight fused multiply-adds.
    def test_counts_instructions(self):
        kernel = json.loads(run(self.compile(0)[0])[1])["kernels"]
        self.assertEqual([kernel["turned"]["opcodes"][name] for name in ("BAR", "LDG", "LDS", "STG", "STS")], [1] * 5)
        self.assertEqual(kernel["values"]["opcodes"]["STG"], 8)
        self.assertEqual(kernel["values"]["opcodes"]["FFMA"] % 8, 0)

    # Each planted mistake is named in a line that holds its kernel.
    def test_planted(self):
        golden = self.folder / "golden"
        self.assertEqual(run(self.compile(0)[0], "--write", golden), (0, "", ""))
        for planted, kernel, words in (
                (1, "values", ["bytes of stack", "LDL, expected none", "STL, expected none"]),
                (2, "turned", ["expected one DeviceCall", "parameter_bytes 160, recorded 152"]),
                (3, "turned", ["barriers 2, recorded 1"]),
                (4, "turned", ["instructions, recorded"]),
                (5, "values", ["registers, recorded"]),
                (6, "linear_f8e4m3fn_f8e4m3fn_bs128_sm90a", ["not recorded", "no QGMMA", "no UTMALDG"]),
                (7, "values", ["bytes of stack", "LDL, expected none"])):
            with self.subTest(planted):
                cubin, _ = self.compile(planted)
                status, out, err = run(cubin, "--check", golden)
                self.assertEqual((status, out), (1, ""))
                for word in words:
                    self.assertRegex(err, rf"(?m): {kernel}: .*{word}")

    # A kernel that went away is missed; a manifest that breaks a rule is not written.
    def test_golden(self):
        golden, bad = self.folder / "golden", self.folder / "bad"
        more = self.compile(6, name="more.cubin")[0]
        status, _, err = run(more, "--write", bad)
        self.assertEqual((status, bad.exists()), (1, False))
        self.assertIn("no QGMMA", err)
        less = self.compile(0)[0]
        self.assertEqual(run(less, "--write", golden)[0], 0)
        recorded = json.loads(golden.read_text())
        recorded["kernels"]["gone"] = recorded["kernels"]["turned"]
        golden.write_text(json.dumps(recorded))
        status, _, err = run(less, "--check", golden)
        self.assertEqual((status, err), (1, f"{less}: gone: recorded, not found\n"))

    # ptxas mentions spills and repaired wgmma only in its log.
    def test_log(self):
        for planted, words in ((1, "bytes spill stores"), (8, r"\(C75\d\d\)")):
            cubin, log = self.compile(planted)
            status, _, err = run(cubin, "--log", log)
            self.assertEqual(status, 1)
            self.assertRegex(err, words)


if __name__ == "__main__":
    if sys.argv[2] == "Cubins" and NVCC == "-":
        print("no nvcc here: cubins cannot be made, so their reader is not tested")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], sys.argv[2]])
