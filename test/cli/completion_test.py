# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""dsc completion."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from tools import main, run

ROOT = pathlib.Path(__file__).parents[2]


def options(tool):
    """Every spelling in the tool's table."""
    rows = (ROOT / f"tools/{tool}/Options.def").read_text()
    flags = re.findall(r'^OPTION\((?:\w+, \w+, )?"([^"]+)"', rows, re.M)
    return sorted({flag for row in flags for flag in row.split(",")})


def complete(*words):
    """What bash offers for the last word."""
    script = run("dsc", "completion", "bash")[1]
    line = " ".join(f"'{word}'" for word in words)
    ask = f'COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _{words[0]}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", script + ask], capture_output=True, text=True, timeout=20)
    assert done.stderr == "", done.stderr
    return sorted(done.stdout.split())


class Completion(unittest.TestCase):
    # Beginnings of options, of the command that is being written.
    def test_bash_options(self):
        self.assertEqual(complete("dsc", "compile", "--ch"), ["--chat-format", "--check-weights", "--chunk"])
        self.assertEqual(complete("dsc", "inspect", "--w"), ["--weights", "--why"])
        self.assertEqual(complete("dsrun", "--ch"), ["--chat", "--chunk"])
        self.assertEqual(complete("dsc", "--v"), ["--version"])

    # Commands, and values that are few, as a word of their own or after "=".
    def test_bash_words(self):
        self.assertEqual(complete("dsc", "co"), ["compile", "completion"])
        self.assertEqual(complete("dsc", "completion", ""), ["bash", "fish", "zsh"])
        self.assertEqual(complete("dsc", "compile", "--kernels", ""), ["native", "reference"])
        self.assertEqual(complete("dsc", "compile", "--kernels", "=", "n"), ["native"])
        self.assertEqual(complete("dsc", "compile", "--activations", ""), ["bf16", "fp8"])
        self.assertEqual(complete("dsc", "compile", "--fuse", ""), ["off", "on"])
        self.assertEqual(complete("dsc", "compile", "--stop-after", "=") , ["code", "import", "kernel", "model", "plan"])
        self.assertEqual(complete("dsc", "explain", "E21"), ["E214"])
        self.assertEqual(complete("dsc", "explain", "E10")[:3], ["E100", "E101", "E102"])

    # Files where a file is wanted, folders where a folder is.
    def test_bash_files(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "plan.bin").touch()
            pathlib.Path(folder, "place").mkdir()
            self.assertEqual(complete("dsc", "inspect", f"{folder}/pl"), [f"{folder}/place", f"{folder}/plan.bin"])
            self.assertEqual(complete("dsrun", "p", "--weights", f"{folder}/pl"), [f"{folder}/place"])
            self.assertEqual(complete("dsrun", f"{folder}/pl"), [f"{folder}/place", f"{folder}/plan.bin"])

    # The word that may stand before a plan, and the program's other name.
    def test_ppl_and_emulation(self):
        self.assertEqual(complete("dsrun", "pp"), ["ppl"])
        self.assertEqual(complete("dsrun", "ppl", "pp"), [])
        for shell, form in ("bash", "complete -F _dsrun dsrun dsrun-emu"), ("fish", "complete -c dsrun-emu -w dsrun"), \
                ("zsh", "{compadd ppl; _files}"), ("fish", "-a ppl -d 'measure"):
            self.assertIn(form, run("dsc", "completion", shell)[1])

    # Every option of both tables stands in the script of every shell.
    def test_every_option(self):
        for shell in ("bash", "zsh", "fish"):
            script = run("dsc", "completion", shell)[1]
            for tool in ("dsc", "dsrun"):
                part = {"bash": f"# bash completion of {tool}\n", "zsh": f"_ds_{tool}() {{\n",
                        "fish": f"# fish completion of {tool}\n"}[shell]
                text = script[script.index(part):]
                for flag in options(tool):
                    long = flag.startswith("--")
                    form = rf" -{'l' if long else 's'} {flag.lstrip('-')} " if shell == "fish" else rf"{flag}(?![\w-])"
                    self.assertRegex(text, form, f"{shell} {tool} {flag}")

    # The scripts of zsh and fish are well-formed: by the shell, where it is there; else by their quotes and braces.
    def test_syntax(self):
        for shell in ("zsh", "fish"):
            script = run("dsc", "completion", shell)[1]
            if program := shutil.which(shell):
                done = subprocess.run([program, "-n", "/dev/stdin"], input=script, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)
            for line in script.splitlines():
                bare = re.sub(r"'\\''" if shell == "zsh" else r"\\'", "", line)
                self.assertEqual(bare.count("'") % 2, 0, line)
        self.assertTrue(run("dsc", "completion", "zsh")[1].startswith("#compdef dsc dsrun dsrun-emu\n"))
        for line in run("dsc", "completion", "fish")[1].splitlines():
            self.assertRegex(line, r"^(#|complete -c (dsc|dsrun|dsrun-emu) )")

    # What a script offers as a value, dsc takes as one.
    def test_offered_values_are_accepted(self):
        script = run("dsc", "completion", "bash")[1]
        offers = re.findall(r'^    compile:(--[\w-]+)\) _dsc_words "([^"]+)"', script, re.M)
        self.assertGreaterEqual(len(offers), 6)
        beside = {"--sm": ["--target=cuda"], "--emit": ["--target=cuda", "--stop-after=code"]}
        for option, words in offers:
            for word in words.split():
                others = ["--target=cuda-emu", "--stop-after=code"] if word == "so" else beside.get(option, [])
                status, _, err = run("dsc", "compile", "/nowhere", "-o", "/nowhere/plan", f"{option}={word}", *others)
                self.assertEqual(status, 5, f"{option}={word}: {err}")


if __name__ == "__main__":
    main()
