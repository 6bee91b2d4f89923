# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the programs as a user does: with pipes, or on a pseudo-terminal.

A test is `NAME_test.py BIN PLAN MODEL`: the folder of the programs, a plan of
the small model, the model's folder.
"""
import errno
import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

BIN, PLAN, MODEL = sys.argv[1:4]
TIMEOUT = 120  # s
PLAIN = {k: v for k, v in os.environ.items()
         if k not in ("NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "XDG_STATE_HOME")} | {"TERM": "xterm"}


def run(tool, *arguments, stdin="", env=None):
    """(exit status, standard output, standard error) without a terminal."""
    done = subprocess.run([os.path.join(BIN, tool), *arguments], input=stdin, capture_output=True, text=True,
                          timeout=TIMEOUT, env=PLAIN | (env or {}))
    return done.returncode, done.stdout, done.stderr


class Terminal:
    """A program whose three standard streams are one pseudo-terminal."""

    def __init__(self, tool, *arguments, env=None, columns=80):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.modes = termios.tcgetattr(slave)
        self.is_restored = None  # in the end: whether the modes are those of the beginning
        self.text = ""  # all that came
        self.begin, self.seconds = time.monotonic(), None  # how long it ran

        def own_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([os.path.join(BIN, tool), *arguments], stdin=slave, stdout=slave,
                                        stderr=slave, env=PLAIN | (env or {}), preexec_fn=own_terminal)
        os.close(slave)

    def _read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # what a closed terminal gives
                raise
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, text, start=0):
        """Reads until the text is there, from `start` on; where it ends."""
        end = time.monotonic() + TIMEOUT
        while text not in self.text[start:]:
            if time.monotonic() > end or not self._read(1):
                raise AssertionError(f"{text!r} did not come: {self.text!r}")
        return self.text.index(text, start) + len(text)

    def send(self, text):
        os.write(self.master, text.encode())

    def freeze(self):
        """Stops the program where it is, and reads what it has written until then."""
        self.process.send_signal(signal.SIGSTOP)
        while (state := pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]) != "T":
            assert state != "Z", f"it has ended: {self.text!r}"
            time.sleep(0.001)
        while select.select([self.master], [], [], 0.05)[0]:
            self._read(0)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def finish(self):
        """The exit status, when all has been read."""
        end = time.monotonic() + TIMEOUT
        while self._read(1):
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"it did not end: {self.text!r}")
        self.seconds = time.monotonic() - self.begin
        self.is_restored = termios.tcgetattr(self.master) == self.modes
        os.close(self.master)
        return self.process.wait(TIMEOUT)


def screen(text, columns=80):
    """The lines that a terminal shows in the end: \\r, \\n and erasing only."""
    lines, column = [""], 0
    i = 0
    while i < len(text):
        if text.startswith("\x1b[K", i):
            lines[-1] = lines[-1][:column]
            i += 3
        elif text[i] == "\r":
            column = 0
            i += 1
        elif text[i] == "\n":
            lines.append("")
            column = 0
            i += 1
        else:
            lines[-1] = lines[-1][:column].ljust(column) + text[i] + lines[-1][column + 1:]
            column += 1
            i += 1
    return lines


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], module="__main__")
