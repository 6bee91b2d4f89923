# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""dsc ends by a signal, at any moment."""
import concurrent.futures
import itertools
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time

import injection
from harness import OLD_PLAN, Run, row

REFERENCE = "--kernels=reference"  # the least to do
NUMBERS = itertools.count()  # of processes, in whatever thread


class Started:
    """dsc compile under way, past the point where it catches signals."""

    def __init__(self, t, output, context, slow=False):
        """`slow` spreads the writing over a fifth of a second."""
        self.errors = t.folder / f"stderr-{next(NUMBERS)}"
        command = [t.tools.bin / "dsc", "compile", t.tools.base("micro-v3-noqlora"), REFERENCE, "-q",
                   f"--ctx={context}", "-o", output]
        pauses = injection.environment(t, "all 0 pause") if slow else {}
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=errors, env={**os.environ, **pauses})

    def catches(self, number):
        """Waits until the signal has a handler; False where the process has ended."""
        while self.process.poll() is None:
            with open(f"/proc/{self.process.pid}/status") as status:
                caught = re.search(r"SigCgt:\s*([0-9a-f]+)", status.read())
            if caught and int(caught[1], 16) >> (number - 1) & 1:
                return True
            time.sleep(0.001)
        return False

    def takers(self, number):
        """Threads that would run the handler of a signal to the process."""
        found = []
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            try:
                with open(f"/proc/{self.process.pid}/task/{thread}/status") as status:
                    blocked = re.search(r"SigBlk:\s*([0-9a-f]+)", status.read())
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                continue
            if blocked and not int(blocked[1], 16) >> (number - 1) & 1:
                found.append(int(thread))
        return found

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def wait(self):
        code = self.process.wait(60)
        return code, self.errors.read_text(errors="replace")


class StartedOnTerminal(Started):
    """The same of two levels, with a bar on a pseudo-terminal: it has threads that draw and that make code."""

    def __init__(self, t, output, context):
        self.master, terminal = pty.openpty()
        command = [t.tools.bin / "dsc", "compile", t.tools.base("micro-v3-noqlora"), "--cpu=avx512bf16,avx2",
                   f"--ctx={context}", "-o", output]
        environment = {**os.environ, "TERM": "xterm", **injection.environment(t, "all 0 pause")}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=terminal,
                                        env=environment)
        os.close(terminal)

    def wait(self):
        """The little that is drawn waits in the terminal until the end."""
        code, text = self.process.wait(60), b""
        try:
            while data := os.read(self.master, 65536):
                text += data
        except OSError:  # all has been read
            pass
        os.close(self.master)
        return code, text.decode(errors="replace")


def leftovers(output):
    return sorted(p.name for p in output.parent.iterdir() if p != output)


@row("108", "SIGINT or SIGTERM while it compiles")
def interrupted(t):
    chance = random.Random(108)
    begin = time.monotonic()
    Started(t, t.output(), 64, slow=True).wait()
    whole = time.monotonic() - begin
    ended = 0
    for i in range(16):
        number, code = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[i % 2]
        output = t.output()
        run = Started(t, output, 64, slow=True)
        if not run.catches(number):
            continue
        time.sleep(chance.uniform(0, whole))
        run.process.send_signal(number)
        sent = time.monotonic()
        found, errors = run.wait()
        t.case(f"moment {i}")
        t.cases += 1
        if time.monotonic() - sent > 2:
            t.fail(f"took {time.monotonic() - sent:.1f} s to end")
        if leftovers(output):
            t.fail(f"left beside the plan: {leftovers(output)}")
        if output.read_bytes() != OLD_PLAN:
            if found not in (0, code) or (found and "was already written" not in errors):
                t.fail(f"exit {found}, stderr {errors!r}, and a new plan")
            continue
        ended += 1
        if found != code or errors != f"dsc: interrupted; {output} unchanged\n":
            t.fail(f"exit {found}, stderr {errors!r}, and the older plan")
        t.untouched(output)
    t.case("")
    if ended < 6:
        t.fail(f"only {ended} of 16 signals came before the end")


@row("108b", "SIGINT or SIGTERM while a bar is drawn")
def interrupted_on_a_terminal(t):
    chance = random.Random(1082)
    begin = time.monotonic()
    StartedOnTerminal(t, t.output(), 64).wait()
    whole = time.monotonic() - begin
    ended = most = 0
    for i in range(16):
        number, code = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[i % 2]
        output = t.output()
        run = StartedOnTerminal(t, output, 64)
        t.case(f"moment {i}")
        t.cases += 1
        if run.catches(number):
            end = time.monotonic() + chance.uniform(0, whole)
            while time.monotonic() < end and run.process.poll() is None:
                most = max(most, run.threads())
                if strangers := set(run.takers(number)) - {run.process.pid}:
                    t.fail(f"{len(strangers)} threads take the signal beside the one that writes")
                    break
                time.sleep(0.005)
            run.process.send_signal(number)
        found, text = run.wait()
        if leftovers(output):
            t.fail(f"left beside the plan: {leftovers(output)}")
        if output.read_bytes() != OLD_PLAN:
            if found not in (0, code) or (found and "was already written" not in text):
                t.fail(f"exit {found}, terminal {text!r}, and a new plan")
            continue
        ended += 1
        # The line stands where the bar was, and nothing is drawn after it.
        if found != code or not text.endswith(f"\r\x1b[Kdsc: interrupted; {output} unchanged\r\n"):
            t.fail(f"exit {found}, terminal {text!r}, and the older plan")
        t.untouched(output)
    t.case("")
    if ended < 6:
        t.fail(f"only {ended} of 16 signals came before the end")
    if most < 3:
        t.fail(f"there were {most} threads: none but the first to take a signal")


@row("109", "a second SIGINT")
def twice(t):
    for i in range(6):
        output = t.output()
        run = Started(t, output, 64, slow=True)
        if run.catches(signal.SIGINT):
            time.sleep(0.05 * i)
            run.process.send_signal(signal.SIGINT)
            run.process.send_signal(signal.SIGINT)
        found, errors = run.wait()
        t.cases += 1
        if found not in (0, 130) or leftovers(output):
            t.fail(f"exit {found}, stderr {errors!r}, left {leftovers(output)}")
    t.case("dsrun --dump")
    output = t.output()
    command = [t.tools.bin / "dsrun", t.plan("micro-v3-noqlora", REFERENCE), "--weights", t.tools.base("micro-v3-noqlora"),
               "--ids", ",".join(["7"] * 64), "--chunk", "1", "--dump", output]
    for signals in (signal.SIGINT, signal.SIGTERM), (signal.SIGINT,), (signal.SIGKILL,):
        run = subprocess.Popen(command, env={**os.environ, **injection.environment(t, "all 0 pause")},
                               stderr=subprocess.DEVNULL)
        temporary = output.with_name(output.name + ".dsc-tmp")
        while run.poll() is None and not (temporary.exists() and temporary.stat().st_size):
            time.sleep(0.001)
        for number in signals:
            run.send_signal(number)
        found = run.wait(60)
        t.cases += 1
        wanted = (-signal.SIGKILL,) if signals[0] == signal.SIGKILL else [128 + number for number in signals]
        if found not in wanted or output.read_bytes() != OLD_PLAN:
            t.fail(f"{signals}: exit {found}, expected {wanted} and the older file")
        if bool(leftovers(output)) != (found < 0):
            t.fail(f"{signals}: left {leftovers(output)}")
    t.check(Run(command, 60), 0)
    if leftovers(output) or output.read_bytes() == OLD_PLAN:
        t.fail(f"the next dump left {leftovers(output)}")


KILLS = 200


class Victim:
    """Kills writers of one output at random moments and looks at what is there."""

    def __init__(self, whole, seed):
        self.chance, self.whole = random.Random(seed), whole
        self.torn = self.missing = self.temporaries = 0

    def look(self, output, complete):
        """`complete` holds the contents that are whole."""
        content = output.read_bytes() if output.exists() else None
        self.missing += content is None
        self.torn += content is not None and content not in complete
        self.temporaries += bool(leftovers(output))
        return content


# The control: what dsc must not do. Arguments: source, target.
WRITE_IN_PLACE = """
import sys, time
content = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "wb", buffering=0) as file:
    for at in range(0, len(content), 4096):
        file.write(content[at:at + 4096])
        time.sleep(0.002)
"""


def kill_writers_in_place(t, content, count):
    source, output = t.fresh("whole"), t.output()
    source.write_bytes(content)
    command = [sys.executable, "-S", "-E", "-c", WRITE_IN_PLACE, source, output]
    begin = time.monotonic()
    subprocess.run(command, check=True)
    victim = Victim(time.monotonic() - begin, 1)
    for _ in range(count):
        writer = subprocess.Popen(command)
        time.sleep(victim.chance.uniform(0, 1.3 * victim.whole))
        writer.kill()
        writer.wait()
        victim.look(output, (OLD_PLAN, content))
    return victim


def kill_compilers(t, output, plans, victim, count, slow):
    """plans: context -> the plan's bytes."""
    for i in range(count):
        run = Started(t, output, (64, 128)[i % 2], slow)
        wait = victim.chance.uniform(0, 1.3 * victim.whole)
        if slow:  # aim at the time from the first byte on
            temporary = output.with_name(output.name + ".dsc-tmp")
            while not temporary.exists() and run.process.poll() is None:
                time.sleep(0.001)
            wait = victim.chance.uniform(0, 0.18)
        time.sleep(wait)
        run.process.kill()
        run.wait()
        run.errors.unlink()
        victim.look(output, plans.values())


@row("110", "killed at 200 random moments")
def killed(t):
    plans = {}
    output = t.fresh("killed") / "model.plan"
    output.parent.mkdir()
    for context in 128, 64:
        begin = time.monotonic()
        code, errors = Started(t, output, context).wait()
        whole = time.monotonic() - begin
        if code:
            return t.fail(f"exit {code}: {errors}")
        plans[context] = output.read_bytes()
    if plans[64] == plans[128]:
        t.fail("both plans are one")

    control = kill_writers_in_place(t, plans[64], 40)
    t.case("the control: a writer in place")
    t.cases += 1
    if not control.torn:
        t.fail("no torn output was found, so nothing would be")

    t.case("")
    t.cases += KILLS
    victims = [Victim(whole, seed) for seed in (110, 111)]
    with concurrent.futures.ThreadPoolExecutor(len(victims)) as pool:
        for slow in False, True:
            outputs = [t.output() for _ in victims]
            for output in outputs:
                output.write_bytes(plans[64])
            list(pool.map(lambda v, o: kill_compilers(t, o, plans, v, KILLS // 4, slow), victims, outputs))
            for output in outputs:
                code, errors = Started(t, output, 128).wait()
                if code or output.read_bytes() != plans[128] or leftovers(output):
                    t.fail(f"the next run: exit {code}, left {leftovers(output)}: {errors}")
    for what in "torn", "missing":
        if count := sum(getattr(v, what) for v in victims):
            t.fail(f"{count} {what} plans after {KILLS} kills")
    temporaries = sum(v.temporaries for v in victims)
    if temporaries < KILLS // 20:
        t.fail(f"only {temporaries} of {KILLS} kills came while the plan was being written")
