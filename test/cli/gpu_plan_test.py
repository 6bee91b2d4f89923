# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plans for GPUs and for the emulation of one: what they hold, and what dsc inspect says of it."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from tools import BIN, MODEL, main, run

EMULATION = shutil.which("clang++-22")


def nvrtc():
    checks = json.loads(run("dsc", "doctor", "--json")[1])["checks"]
    return next(check["found"] for check in checks if check["check"] == "NVRTC") != "not found"


class Plan:
    """A compiled plan as dsc inspect shows it; the tests of both targets."""
    options = []

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = os.path.join(cls.folder.name, "plan")
        cls.done = run("dsc", "compile", MODEL, "-o", cls.path, "-q", *cls.options)
        if cls.done[0] == 0:
            cls.plan = json.loads(run("dsc", "inspect", "--json", cls.path)[1])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.assertEqual(self.done, (0, "", ""))

    # A level has a kernel for each of the plan's, each kernel its launches, in order and without a gap.
    def test_kernels_have_launches(self):
        plan, at = self.plan, 0
        self.assertEqual(len(plan["kernels"]) % len(plan["levels"]), 0)
        for kernel in plan["kernels"]:
            self.assertEqual(kernel["first_launch"], at, kernel)
            self.assertIn(kernel["launches"], (1, 2), kernel)
            for launch in plan["launches"][at:at + kernel["launches"]]:
                self.assertRegex(launch["symbol"], rf"^k\d+_{kernel['name']}(_then)?$")
                self.assertEqual(launch["threads"] % 32, 0)
            at += kernel["launches"]
        self.assertEqual(at, len(plan["launches"]))

    # Workspace is what the largest launch takes, and part of the total.
    def test_budget(self):
        budget = self.plan["budget"][0]
        self.assertEqual(budget["workspace_per_worker"], max(k["workspace"] for k in self.plan["kernels"]))
        self.assertEqual(budget["total"], budget["weights"] + budget["state"] + budget["scratch"] + budget["host"]
                         + budget["workspace_per_worker"])

    # Workspace follows the context: only the plan's own memory is known.
    def test_memory(self):
        budget, context = self.plan["budget"][0], self.plan["model"][0]["context"]
        self.assertEqual(self.plan["memory_by_context"],
                         [{"context": context, "state": budget["state"], "total": budget["total"]}])
        self.assertIn("memory at another context: dsc compile --ctx N says", run("dsc", "inspect", self.path)[1])

    # The options are spelled in full.
    def test_options(self):
        self.assertIn(" --fuse=on ", self.plan["provenance"][0]["options"])

    # What made the code is part of the plan.
    def test_compiler(self):
        self.assertRegex(self.plan["provenance"][0]["compiler"], rf"^dsc \d\S+, {self.maker}")

    # Decode graphs are made for powers of two.
    def test_buckets(self):
        self.assertEqual(self.plan["buckets"], [1, 2, 4, 8, 16, 32, 64])

    # The launches of a layer are those of its steps' kernels; the text lists them for decode.
    def test_launches_of_a_layer(self):
        plan = self.plan
        kernels = len(plan["kernels"]) // len(plan["levels"])
        bodies = {body["name"]: body for body in plan["bodies"]}
        names = [level["name"] for level in plan["levels"]]
        self.assertEqual(len(plan["body_launches"]), len(names) * len(bodies))
        for of in plan["body_launches"]:
            body, symbols = bodies[of["body"]], []
            for step in plan["steps"][body["first_step"]:body["first_step"] + body["steps"]]:
                kernel = plan["kernels"][names.index(of["level"]) * kernels + step["kernel"]]
                symbols += [launch["symbol"] for launch in plan["launches"]
                            [kernel["first_launch"]:kernel["first_launch"] + kernel["launches"]]]
            self.assertEqual(of["launches"], symbols)
        moe = [of for of in plan["body_launches"] if of["body"] == "decode_moe"]
        self.assertEqual([(of["entry"], of["layers"]) for of in moe], [("decode", 5)] * len(names))
        for of in moe:
            self.assertLessEqual(len(of["launches"]), 15, of)
        out = run("dsc", "inspect", self.path)[1]
        for of in moe:
            ours = out[out.index(f"launches for {of['level']}: "):]
            block = re.search(r"(?m)^  decode_moe: (\d+) launches, for each of 5 layers\n((?:    .*\n)+)", ours)
            self.assertEqual(int(block[1]), len(of["launches"]))
            self.assertEqual(re.findall(r"(?m)^ +\d+ (k\S+)", block[2]), of["launches"])

    # Every kernel was chosen, and the reasons are known.
    def test_why(self):
        for kernel, rows in zip(self.plan["kernels"], self.plan["kernel_choices"]):
            self.assertEqual([row["row"] for row in rows if row["reason"] == "chosen"], [kernel["name"]])
        self.assertIn("tokens on one GPU\n", run("dsc", "inspect", "--why", self.path)[1])

    # Weights are referred to as in plans for CPUs, or carried.
    def test_bundle(self):
        bundled = os.path.join(self.folder.name, "bundled")
        self.assertEqual(run("dsc", "compile", MODEL, "-o", bundled, "-q", "--bundle", *self.options)[0], 0)
        weights = json.loads(run("dsc", "inspect", "--json", bundled)[1])["weights"]
        self.assertEqual([w["name"] for w in weights], [w["name"] for w in self.plan["weights"]])
        self.assertNotIn("shard", {w["source"] for w in weights})
        self.assertIn("shard", {w["source"] for w in self.plan["weights"]})


@unittest.skipUnless(nvrtc(), "no NVRTC on this machine")
class CUDA(Plan, unittest.TestCase):
    options, maker = ["--target=cuda", "--sm=89,90a"], r"NVRTC 1[23]\.\d+$"

    # The best architecture first; what a GPU and its driver must have.
    def test_levels(self):
        levels = [(level["name"], level["kind"], level["features"].split()[0]) for level in self.plan["levels"]]
        self.assertEqual(levels, [("sm_90a", "cuda", "9.0a"), ("sm_89", "cuda", "8.9")])
        for level in self.plan["levels"]:
            self.assertRegex(level["features"], r"^\S+ 1[2-9]\.0$")

    # Launches for sm_90a ask for tensor maps, of operands that their steps have.
    def test_maps(self):
        plan = self.plan
        mapped = [launch for launch in plan["launches"] if launch["maps"]]
        self.assertEqual(sum(launch["maps"] for launch in mapped), len(plan["maps"]))
        self.assertTrue(mapped)
        for launch in mapped:
            self.assertIn("_sm90a", launch["symbol"])


@unittest.skipUnless(EMULATION, "no clang++-22 on this machine")
class Emulation(Plan, unittest.TestCase):
    options, maker = ["--target=cuda-emu", "--sm=80"], r".*clang version 22\."

    def test_levels(self):
        self.assertEqual([level["name"] for level in self.plan["levels"]], ["sm_80"])
        self.assertIn("avx2", self.plan["levels"][0]["features"].split())  # it is code for this CPU

    # Equal input, equal bytes, compiled or taken from the cache.
    def test_reproducible(self):
        again = os.path.join(self.folder.name, "again")
        for more in ([], ["--no-cache"]):
            self.assertEqual(run("dsc", "compile", MODEL, "-o", again, "-q", *more, *self.options)[0], 0)
            self.assertEqual(subprocess.run(["cmp", self.path, again]).returncode, 0)

    # No temporary file is made, so none is left by whatever ends dsc.
    def test_no_temporary_files(self):
        again = os.path.join(self.folder.name, "none")
        done = run("dsc", "compile", MODEL, "-o", again, "-q", "--no-cache", *self.options, env={"TMPDIR": "/nowhere"})
        self.assertEqual(done, (0, "", ""))

    # How clang ends is known even where the parent ignored the ends of its children.
    def test_ignored_children(self):
        again = os.path.join(self.folder.name, "ignored")
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a child keeps it over exec
        try:
            subprocess.run([os.path.join(BIN, "dsc"), "compile", MODEL, "-o", again, "-q", "--no-cache", *self.options])
        finally:
            signal.signal(signal.SIGCHLD, before)
        self.assertEqual(subprocess.run(["cmp", self.path, again]).returncode, 0)


main()
