# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Progress: a bar on a terminal, which is gone at the end; plain lines elsewhere."""
import os
import pathlib
import re
import tempfile
import unittest

from tools import MODEL, PLAN, Terminal, main, run, screen

PHASES = ["read config and headers", "tokenizer and chat format", "stage import", "stage model", "stage kernel",
          "stage plan", "machine code", "write and verify"]


class Progress(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.plan = os.path.join(self.folder.name, "plan")

    def tearDown(self):
        self.folder.cleanup()

    def redraws_are_bounded(self, terminal):
        """At most ten a second. They are counted, since a busy machine delivers them in bunches."""
        draws = len(re.findall(r"\r[^\r]* %[^\r]*\x1b\[K", terminal.text))
        self.assertGreater(draws, 0)
        self.assertLessEqual(draws, terminal.seconds * 10 + 1)

    # On a terminal one line tells phase and part; in the end it is not there any more.
    def test_compile_on_a_terminal(self):
        terminal = Terminal("dsc", "compile", MODEL, "-o", self.plan)
        self.assertEqual(terminal.finish(), 0)
        self.assertRegex(terminal.text, r"\rdsc: machine code \[[#.]+\] +\d+ %")
        parts = [int(part) for part in re.findall(r" (\d+) %", terminal.text.split("\n")[0])]
        self.assertEqual(parts, sorted(parts))
        self.assertTrue(all(part < 100 for part in parts))
        self.assertIn(" s left\x1b[K", terminal.text)
        shown = screen(terminal.text)
        self.assertFalse([line for line in shown if line.startswith("dsc: ")], shown)
        self.assertTrue(any(line.startswith("  model      deepseek_v3") for line in shown))
        self.redraws_are_bounded(terminal)

    # A narrow terminal gets a narrow line: it never wraps.
    def test_narrow_terminal(self):
        terminal = Terminal("dsc", "compile", MODEL, "-o", self.plan, columns=30)
        self.assertEqual(terminal.finish(), 0)
        for line in re.findall(r"\r([^\r\x1b]*)\x1b\[K", terminal.text):
            self.assertLess(len(line), 30)

    # Without a terminal, with TERM=dumb and with -v each phase is a line, in the order of the table of shares.
    def test_lines_elsewhere(self):
        line = re.compile(r"(?m)^dsc: (.*?) +\d+\.\d ms\r?$")
        status, out, err = run("dsc", "compile", MODEL, "-o", self.plan)
        self.assertEqual((status, out), (0, ""))
        self.assertEqual(line.findall(err), PHASES)
        self.assertNotIn("\r", err)
        for arguments, env in (([], {"TERM": "dumb"}), (["-v"], {})):
            terminal = Terminal("dsc", "compile", MODEL, "-o", self.plan, *arguments, env=env)
            self.assertEqual(terminal.finish(), 0)
            self.assertEqual(line.findall(terminal.text), PHASES)
            self.assertNotIn("%]", terminal.text)

    # Every phase of a compile has its share of the bar.
    def test_phases_have_shares(self):
        table = pathlib.Path(__file__).parents[2] / "tools/dsc/Phases.def"
        self.assertEqual(re.findall(r'^PHASE\("([^"]+)", \d+\)', table.read_text(), re.M), PHASES)

    # -q says nothing at all, on a terminal too; -v names the kernels.
    def test_quiet_and_verbose(self):
        terminal = Terminal("dsc", "compile", MODEL, "-o", self.plan, "-q")
        self.assertEqual((terminal.finish(), terminal.text), (0, ""))
        err = run("dsc", "compile", MODEL, "-o", self.plan, "-v")[2]
        self.assertRegex(err, r"(?m)^ +linear_bf16_f8e4m3fn_bs128_\w+$")

    # The bar makes room for an error.
    def test_error_on_a_terminal(self):
        terminal = Terminal("dsc", "compile", MODEL, "-o", "/nowhere/plan")
        self.assertEqual(terminal.finish(), 5)
        shown = screen(terminal.text)
        self.assertTrue(shown[0].startswith("dsc: \x1b[1;31merror[E642]:\x1b[0m /nowhere/plan: "), shown)

    # A prompt of several runs shows how far it is, then the answer stands alone.
    def test_long_prefill(self):
        ids = ",".join(str(3 + i % 200) for i in range(900))
        arguments = [PLAN, "--ids", ids, "--chunk", "16", "-n", "2", "--greedy"]
        status, answer, err = run("dsrun", *arguments)
        self.assertEqual(status, 0)
        self.assertNotIn("of 900", err)
        terminal = Terminal("dsrun", *arguments)
        self.assertEqual(terminal.finish(), 0)
        self.assertRegex(terminal.text, r"\rdsrun: prompt 0 of 900 tokens \[\.+\] +0 %\x1b\[K")
        self.redraws_are_bounded(terminal)
        shown = screen(terminal.text)
        self.assertEqual(shown[0], answer.strip())
        for env, extra in (({"TERM": "dumb"}, []), ({}, ["-q"])):
            terminal = Terminal("dsrun", *arguments, *extra, env=env)
            terminal.finish()
            self.assertNotIn("of 900", terminal.text)

    # A prompt that one run holds has no bar.
    def test_short_prefill(self):
        terminal = Terminal("dsrun", PLAN, "-p", "Add 59 and 65.", "--greedy")
        self.assertEqual(terminal.finish(), 0)
        self.assertNotIn(" %", terminal.text)


main()
