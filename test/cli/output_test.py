# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""dsc where its output cannot be written."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from tools import BIN, MODEL, PLAIN, PLAN, TIMEOUT, main

COMMANDS = [["--version"], ["--help"], ["inspect", PLAN], ["inspect", "--weights", "--steps", "--why", PLAN],
            ["inspect", "--json", PLAN], ["explain"], ["explain", "E200"], ["explain", "--json"], ["doctor"],
            ["doctor", "--json", MODEL], ["completion", "bash"], ["manual"],
            ["compile", MODEL, "-q", "--stop-after=import", "-o", "-"]]


def run(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, closed=None):
    """`closed`: the number of a stream that dsc is started without."""
    done = subprocess.run([os.path.join(BIN, "dsc"), *arguments], stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=stderr, text=True, timeout=TIMEOUT, env=PLAIN,
                          preexec_fn=closed and (lambda: os.close(closed)))
    return done.returncode, done.stderr


class ClosedPipe:
    """The end for writing of a pipe that nobody reads any more."""

    def __enter__(self):
        reader, self.writer = os.pipe()
        os.close(reader)
        return self.writer

    def __exit__(self, *_):
        os.close(self.writer)


class Output(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.plan = pathlib.Path(self.folder.name) / "plan"

    def tearDown(self):
        self.folder.cleanup()

    def is_lost(self, reason, **how):
        for command in COMMANDS:
            with self.subTest(command=command):
                status, err = run(*command, **how)
                self.assertEqual((status, err.splitlines()[-1]),
                                 (5, f"dsc: error[E644]: standard output: cannot write: {reason}"))

    # A full disk is an error of its own, and never a success.
    def test_full_standard_output(self):
        with open("/dev/full", "wb") as full:
            self.is_lost("No space left on device", stdout=full)

    # So is a reader that has gone (dsc inspect PLAN | head).
    def test_closed_pipe(self):
        with ClosedPipe() as pipe:
            self.is_lost("Broken pipe", stdout=pipe)

    # And no standard output at all.
    def test_no_standard_output(self):
        self.is_lost("Bad file descriptor", closed=1)

    def still_compiles(self, **how):
        """To the same bytes as ever, whatever there is to be said on standard error."""
        usual = self.plan.with_name("usual")
        options = ["--kernels=reference", "--ctx=64"]
        self.assertEqual(run("compile", MODEL, *options, "-q", "-o", usual), (0, ""))
        for more in [], ["-v"], ["--explain"]:
            with self.subTest(options=more):
                self.assertEqual(run("compile", MODEL, *options, *more, "-o", self.plan, **how)[0], 0)
                self.assertEqual(self.plan.read_bytes(), usual.read_bytes())
                self.plan.unlink()

    # A compile does what it was asked to do though nobody can read how it goes.
    def test_compile_with_full_standard_error(self):
        with open("/dev/full", "wb") as full:
            self.still_compiles(stderr=full)

    # The same where standard output and error are one pipe that nobody reads.
    def test_compile_into_closed_pipe(self):
        with ClosedPipe() as pipe:
            self.still_compiles(stdout=pipe, stderr=pipe)

    # Without standard error nothing of what is said lands in a file that took its number.
    def test_compile_without_standard_error(self):
        self.still_compiles(closed=2)

    # An error that cannot be said keeps its exit status.
    def test_error_without_standard_error(self):
        with open("/dev/full", "wb") as full:
            self.assertEqual(run("compile", MODEL, "-o", "/nowhere/plan", stderr=full)[0], 5)
            self.assertEqual(run("explain", "E999", stderr=full)[0], 2)


main()
