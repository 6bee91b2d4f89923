# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tools say to words that they do not know."""
import unittest

from tools import main, run


class NearMiss(unittest.TestCase):
    def refuses(self, tool, arguments, message, help_text):
        status, out, err = run(tool, *arguments)
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(err, f"{tool}: error[E100]: {message}\n" + (f"help: {help_text}\n" if help_text else ""))

    # An option with two letters swapped, wherever it stands; its value is not blamed.
    def test_options(self):
        for arguments in (["compile", "--chnuk", "512", "folder"], ["compile", "folder", "--chnuk=512"],
                          ["compile", "--chnuk"]):
            self.refuses("dsc", arguments, "--chnuk: unknown option", "did you mean --chunk?")
        self.refuses("dsrun", ["p", "-p", "a", "--thread", "2"], "--thread: unknown option",
                     "did you mean --threads?")
        self.refuses("dsrun", ["p", "-p", "a", "--frobnicate"], "--frobnicate: unknown option", "")
        self.refuses("dsc", ["--versoin"], "--versoin: unknown option", "did you mean --version?")

    # A command.
    def test_commands(self):
        self.refuses("dsc", ["compil", "folder"], "compil: unknown command", "did you mean compile?")
        self.refuses("dsc", ["frobnicate"], "frobnicate: unknown command", "dsc --help lists the commands")
        self.refuses("dsc", [], "no command given: dsc COMMAND …", "dsc --help lists the commands")

    # A value of those that are few, in every place that has some.
    def test_values(self):
        compile_to = ["compile", "folder", "-o", "plan"]
        for option, wrong, right in (("--kernels", "natve", "native"), ("--activations", "b16", "bf16"),
                                     ("--force-mla", "absorb", "absorbed"),
                                     ("--chat-format", "R1", "r1"), ("--stop-after", "kernal", "kernel"),
                                     ("--cpu", "avx512bf", "avx512bf16"), ("--taps", "hiden", "hidden"),
                                     ("--color", "alwys", "always")):
            status, out, err = run("dsc", *compile_to, f"{option}={wrong}")
            self.assertEqual((status, out), (2, ""), option)
            self.assertIn(f"error[E100]: {option}: found {wrong}, expected ", err)
            self.assertIn(f"help: did you mean {right}?\n", err)
        self.refuses("dsc", ["completion", "zhs"], "SHELL: found zhs, expected one of bash, fish, zsh",
                     "did you mean zsh?")
        self.refuses("dsrun", ["p", "-p", "a", "--color", "nver"],
                     '--color: found "nver", expected auto, always or never', "did you mean never?")

    # An operand too many is named.
    def test_operands(self):
        self.refuses("dsc", ["inspect", "a", "b"], "b: unexpected argument", "dsc inspect --help lists what it takes")


main()
