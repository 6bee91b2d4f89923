# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""dsc doctor."""
import json
import os
import pathlib
import re
import tempfile
import time
import unittest

from tools import MODEL, Terminal, main, run


class Doctor(unittest.TestCase):
    # Two lines a check, what was found and what to do; the disk is measured where a folder is named.
    def test_checks(self):
        status, out, err = run("dsc", "doctor", MODEL)
        self.assertEqual((status, err), (0, ""))
        checks = re.findall(r"^(ok|warn|fail) +(\S.*?)  +(\S.*)\n {19}(\S.*)$", out, re.M)
        self.assertEqual([name for _, name, _, _ in checks],
                         ["cpu", "threads", "memory", "huge pages", "memory speed", "NVRTC", "clang-22", "disk"])
        self.assertEqual(len(out.splitlines()), 2 * len(checks))
        self.assertRegex(out, r"cpu +runs \w+ kernels")
        self.assertRegex(out, r"available; weights 14\.0 MiB\n")

    # The same as an object, with numbers; what /proc says is what it says.
    def test_json(self):
        status, out, _ = run("dsc", "doctor", "--json", MODEL)
        report = json.loads(out)
        self.assertEqual((status, report["schema"], report["fit"]), (0, 1, True))
        checks = {check["check"]: check for check in report["checks"]}
        total = int(re.search(r"MemTotal: +(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) * 1024
        self.assertLessEqual(checks["memory"]["total"], total)
        self.assertEqual(checks["memory"]["weights"],
                         sum(os.path.getsize(f"{MODEL}/{n}") for n in os.listdir(MODEL) if n.startswith("model-")))
        self.assertLessEqual(checks["threads"]["allowed"], len(os.sched_getaffinity(0)))
        # Slower than the slowest memory there is, or faster than the fastest: it was not measured.
        self.assertTrue(1e8 < checks["memory speed"]["bytes_per_second"] < 1e13, checks["memory speed"])
        self.assertTrue(1e5 < checks["disk"]["bytes_per_second"] < 1e12, checks["disk"])

    # It measures for little more than a second, and leaves no file behind.
    def test_bounds(self):
        with tempfile.TemporaryDirectory() as folder:
            begin = time.monotonic()
            status, out, _ = run("dsc", "doctor", folder)
            taken = time.monotonic() - begin
            self.assertEqual((status, os.listdir(folder)), (0, []))
            self.assertIn("disk", out)
        self.assertLess(taken, 10)  # 1.3 s of reading, the temporary file, and a busy machine

    # Without a folder the disk is left out, and that is said beside the data.
    def test_no_folder(self):
        status, out, err = run("dsc", "doctor")
        self.assertEqual(status, 0)
        self.assertNotIn("disk", out)
        self.assertEqual(err, "note: dsc doctor FOLDER measures the disk of a folder too\n")

    # Of a folder those files are weights that its index names or, without one, the single model.safetensors.
    def test_weights(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for file, size in (("model-a.safetensors", 1000), ("model-b.safetensors", 200),
                               ("model.safetensors", 30), ("reference.safetensors", 4)):
                (folder / file).write_bytes(bytes(size))

            def weights():
                checks = json.loads(run("dsc", "doctor", "--json", name)[1])["checks"]
                return [check["weights"] for check in checks if check["check"] == "memory"][0]

            self.assertEqual(weights(), 30)
            index = {"weight_map": {"one": "model-a.safetensors", "two": "model-b.safetensors"}}
            (folder / "model.safetensors.index.json").write_text(json.dumps(index))
            self.assertEqual(weights(), 1200)
            (folder / "model-a.safetensors").unlink()  # a download that is not complete
            self.assertEqual(weights(), 200)

    # An index that cannot be read is an error of the folder, with the status that dsc compile has for it.
    def test_broken_index(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "model.safetensors.index.json").write_text("{")
            status, out, _ = run("dsc", "doctor", folder)
            self.assertEqual(status, 3)
            self.assertRegex(out, r"(?m)^fail disk +error\[E108\]: ")

    # A check that fails: the status of its error, and the code that dsc explain knows.
    def test_failure(self):
        status, out, _ = run("dsc", "doctor", "/nowhere")
        self.assertEqual(status, 5)
        self.assertRegex(out, r"(?m)^fail disk +error\[E101\]: /nowhere: .*\n +dsc explain E101 says what to do$")

    # Verdicts are coloured on a terminal, and as --color and the environment want it.
    def test_colour(self):
        green = "\x1b[32mok  \x1b[0m"
        terminal = Terminal("dsc", "doctor")
        terminal.finish()
        self.assertIn(green, terminal.text)
        for arguments, env, coloured in (([], {}, False), (["--color", "always"], {}, True),
                                         (["--color=always"], {"NO_COLOR": "1"}, True),
                                         ([], {"CLICOLOR_FORCE": "1"}, True),
                                         ([], {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
                                         (["--color=never"], {"CLICOLOR_FORCE": "1"}, False)):
            self.assertEqual("\x1b[" in run("dsc", "doctor", *arguments, env=env)[1], coloured, (arguments, env))
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            terminal = Terminal("dsc", "doctor", env=env)
            terminal.finish()
            self.assertNotIn("\x1b[", terminal.text)


main()
