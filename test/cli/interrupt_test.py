# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ctrl-C while dsrun answers. The program is frozen while keys are typed, so that they come in the middle."""
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

from tools import BIN, PLAN, Terminal, main, run

ASK = "Add 59 and 65."
LONG = ["--greedy", "--ignore-eos", "-n", "100000"]  # until the context is full
CONTEXT = 1024
DIM, PLAIN = "\x1b[2m", "\x1b[0m"
SPEED = "first token after"


def decoded(text):
    return int(re.search(r"decode (\d+) tokens", text).group(1))


class Interrupt(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.env = {"XDG_STATE_HOME": self.folder.name}

    def tearDown(self):
        self.folder.cleanup()

    def start(self, *arguments):
        return Terminal("dsrun", PLAN, *LONG, *arguments, env=self.env)

    def chat(self):
        terminal = self.start("--chat")
        terminal.wait_for("> ")
        terminal.send(ASK + "\n")
        return terminal

    # The answer ends where it is: what it took is said, and the status is the signal's.
    def test_answer(self):
        terminal = self.start("-p", ASK)
        terminal.wait_for(DIM)
        terminal.freeze()
        terminal.send("\x03")
        terminal.thaw()
        self.assertEqual(terminal.finish(), 128 + signal.SIGINT)
        self.assertIn(SPEED, terminal.text)
        self.assertLess(decoded(terminal.text), CONTEXT // 2)
        self.assertNotIn("error", terminal.text)

    # While standard input is read for a prompt, nothing is run after it.
    def test_prompt(self):
        terminal = self.start("-f", "-", "-v")
        terminal.send("Add 5")
        terminal.wait_for("Add 5")
        status = pathlib.Path(f"/proc/{terminal.process.pid}/status")
        while not re.search(r"^SigCgt:.*[2367abef]$", status.read_text(), re.M):  # SIGINT has its handler
            time.sleep(0.001)
        terminal.send("\x03")
        self.assertEqual(terminal.finish(), 128 + signal.SIGINT)
        self.assertNotIn("error", terminal.text)
        self.assertNotIn("threads", terminal.text)

    # While weights go to a GPU, nothing is done after the one at hand.
    def test_upload(self):
        made = subprocess.run([pathlib.Path(BIN) / "gpu-plan", "cuda", self.folder.name])
        self.assertEqual(made.returncode, 0)
        env = {"LD_LIBRARY_PATH": str(pathlib.Path(BIN).parent / "fake-cuda"),
               "DS_FAKE_CUDA": "signal=cuMemcpyHtoDAsync,fail=cuModuleGetFunction:700"}
        for quiet in ([], ["-q"]):
            self.assertEqual(run("dsrun", pathlib.Path(self.folder.name) / "model.plan", "--ids", "3,4", *quiet, env=env),
                             (128 + signal.SIGINT, "", ""))

    # In a conversation it ends the answer alone: the next line is taken, and its answer can be ended the same way.
    def test_conversation(self):
        terminal = self.chat()
        end = 0
        for line in (ASK + "\n", "/help\n"):
            end = terminal.wait_for(DIM, end)
            terminal.freeze()
            terminal.send("\x03")
            terminal.thaw()
            end = terminal.wait_for(SPEED, end)
            end = terminal.wait_for("> ", end)
            terminal.send(line)
        end = terminal.wait_for("//TEXT", end)
        self.assertLess(decoded(terminal.text), CONTEXT // 2)
        terminal.wait_for("> ", end)
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)
        self.assertTrue(terminal.is_restored)

    # A second signal ends the program at once, and no dim text or raw terminal stays behind.
    def test_second_signal(self):
        for start in (lambda: self.start("-p", ASK)), self.chat:
            for _ in range(50):  # until the reasoning has not ended before it is frozen
                terminal = start()
                terminal.wait_for(DIM)
                terminal.freeze()
                isDim = PLAIN not in terminal.text
                # Two kinds: a signal that is pending already would not be another one.
                terminal.process.send_signal(signal.SIGINT)
                terminal.process.send_signal(signal.SIGTERM)
                terminal.thaw()
                self.assertIn(terminal.finish(), (128 + signal.SIGINT, 128 + signal.SIGTERM))
                self.assertNotIn(SPEED, terminal.text)
                self.assertTrue(terminal.is_restored)
                if isDim:
                    break
            self.assertTrue(isDim)
            self.assertTrue(terminal.text.endswith(PLAIN), terminal.text)


main()
