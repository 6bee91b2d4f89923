# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What dsc inspect answers: how much memory, which kernels, why this kernel."""
import json
import os
import re
import tempfile
import unittest

from tools import MODEL, PLAN, main, run


class Inspect(unittest.TestCase):
    # The memory at another context is what a plan for that context states.
    def test_memory_by_context(self):
        table = {row["context"]: row for row in json.loads(run("dsc", "inspect", "--json", PLAN)[1])["memory_by_context"]}
        self.assertEqual(list(table), sorted(table))
        with tempfile.TemporaryDirectory() as folder:
            plan = os.path.join(folder, "plan")
            status, _, err = run("dsc", "compile", MODEL, "-o", plan, "--ctx", "300", "-q")
            self.assertEqual((status, err), (0, ""))
            other = json.loads(run("dsc", "inspect", "--json", plan)[1])
        self.assertEqual(other["budget"][0]["total"], {r["context"]: r for r in other["memory_by_context"]}[300]["total"])
        of_other = {row["context"]: row for row in other["memory_by_context"]}
        self.assertEqual(of_other[1024], table[1024])
        budget = json.loads(run("dsc", "inspect", "--json", PLAN)[1])["budget"][0]
        self.assertEqual((table[1024]["state"], table[1024]["total"]), (budget["state"], budget["total"]))

    # The text has the same table, and marks the plan's own row.
    def test_memory_as_text(self):
        out = run("dsc", "inspect", PLAN)[1]
        self.assertRegex(out, r"(?m)^memory by context.*\n   +1024 tokens  state 1\.69 MiB  total \S+ MiB +this plan$")

    # Why: all rows of the family, one of them chosen, each other with its reason.
    def test_why(self):
        out = run("dsc", "inspect", "--why", PLAN)[1]
        block = re.search(r"(?m)^ +\d+ (linear_bf16_f8e4m3fn_bs128_(\w+)) .*\n((?: {8}.*\n)+)", out)
        chosen, level, rows = block.groups()
        self.assertRegex(rows, rf"(?m)^ +{chosen} +chosen \([\d.]+ us\)$")
        self.assertRegex(rows, r"(?m)^ +linear_f32_bf16_generic +activations f32, not bf16$")
        self.assertRegex(rows, rf"(?m)^ +linear_bf16_bf16_{level} +weights bf16, not f8e4m3fn_bs128$")
        self.assertNotIn("not known", out)
        self.assertNotIn("chosen", run("dsc", "inspect", PLAN)[1])

    # The reasons are those that the compile itself gives.
    def test_why_agrees_with_the_compiler(self):
        said = run("dsc", "compile", MODEL, "-o", "-", "--stop-after=kernel", "--explain",
                   "--cpu=avx2,avx512,avx512bf16")[2]  # the levels of PLAN
        plan = json.loads(run("dsc", "inspect", "--json", PLAN)[1])
        self.assertEqual(plan["schema"], 1)
        self.assertEqual(len(plan["kernel_choices"]), len(plan["kernels"]))
        for kernel, rows in zip(plan["kernels"], plan["kernel_choices"]):
            self.assertEqual([row["row"] for row in rows if row["reason"] == "chosen"], [kernel["name"]])
            for row in rows:
                if row["reason"] not in ("chosen", "slower", "later"):
                    self.assertIn(f"  {row['row']}: {row['reason']}\n", said)


main()
