# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every row of the fault tables uses.

A row is a function with a number and a name:

    @row("22", "a key appears twice in config.json")
    def twice(t):
        model = t.model()
        model.write("config.json", '{"hidden_size": 1, "hidden_size": 2}')
        t.refuse(model, 3, "config.json", 'key "hidden_size"', "(1, then 2)")

`refuse` and `accept` compile with an older plan at the output path. Of a
refusal they check the exit status, no signal, an empty stdout, every part of
the message in one line `dsc: error[Ennn]: ...`, the time, and that the older
plan keeps its bytes, mode and time with no other file beside it. A row may make
as many cases as it likes; it passes when all of them do.
"""
import concurrent.futures
import ctypes
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time

from folder import Model

SECONDS = 2.0     # processor time of one refusal
LIMIT_MIB = 512   # resident memory of one refusal
OWN_MIB = 256     # of the harness: the system counts it as its children's, for the moment between fork and exec
ROWS = []
LIBC = ctypes.CDLL(None, use_errno=True)
MAGIC = b"\x89DSC\r\n\x1a\n"
OLD_PLAN = b"an older plan, whatever it holds\n"
ERROR_LINE = re.compile(r"^(dsc|dsrun): error\[E\d{3}\]: \S")


def row(number, name):
    """Registers a function of one Trial as the catalogue's row `number`."""
    def register(function):
        if any(number == other for other, _, _ in ROWS):
            raise ValueError(f"row {number} is registered twice")
        ROWS.append((number, name, function))
        return function
    return register


class Run:
    """One finished process."""

    def __init__(self, command, timeout, env=None, **options):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                     env={**os.environ, "LC_ALL": "C", **(env or {})}, **options)
            killer = threading.Timer(timeout, child.kill)  # a program that waits for ever ends by a signal
            killer.start()
            _, status, usage = os.wait4(child.pid, 0)
            killer.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            self.stdout, self.stderr_bytes = out.read(), err.read()
        self.command = " ".join(str(c) for c in command)
        self.exit = child.returncode  # negative: the signal
        self.stderr = self.stderr_bytes.decode(errors="surrogateescape")
        self.seconds = usage.ru_utime + usage.ru_stime
        self.mib = usage.ru_maxrss / 1024


class Trial:
    """Makes the inputs of one row in a folder of its own and keeps what went wrong."""
    limits = True  # time and memory are checked

    def __init__(self, tools, folder):
        self.tools, self.folder = tools, folder
        self.failures, self.cases, self.count = [], 0, 0
        self.label = ""

    # Inputs.

    def fresh(self, stem):
        """A path that does not exist yet."""
        self.count += 1
        return self.folder / f"{stem}{self.count}"

    def model(self, name="micro-v3-noqlora"):
        """A good checkpoint folder to be broken: a micro checkpoint or test/models/tiny-r1."""
        return Model(self.tools.base(name), self.fresh("model"))

    def plan(self, name="micro-v3-noqlora", *options):
        """A copy of a good plan; its weights are found."""
        target = self.fresh("plan") / "model.plan"
        target.parent.mkdir()
        shutil.copyfile(self.tools.plan(name, options), target)
        return target

    def case(self, label):
        """Names the checks that follow, for the report."""
        self.label = label

    # Runs and checks.

    def run(self, tool, *arguments, timeout=60, **options):
        return Run([self.tools.bin / tool, *arguments], timeout, **options)

    def fail(self, what, run=None):
        text = f"{self.label}: {what}" if self.label else what
        if run:
            text += f"\n    {run.command}\n    exit {run.exit}, stderr:\n" + "".join(
                f"      {line}\n" for line in run.stderr.splitlines()[:30])
        self.failures.append(text)

    def check(self, run, exit, *parts, stdout=b"", limits=True):
        """Exit status, stdout (None: anything) and, of a failure, one error line that holds all parts."""
        self.cases += 1
        wrong = []
        if run.exit < 0:
            wrong.append(f"ended by signal {-run.exit}")
        elif run.exit != exit:
            wrong.append(f"exit {run.exit}, expected {exit}")
        if stdout is not None and run.stdout != stdout:
            wrong.append(f"stdout holds {run.stdout[:80]!r}, expected {stdout[:80]!r}")
        if exit:
            lines = [line for line in run.stderr.splitlines() if ERROR_LINE.match(line)]
            if not any(all(part in line for part in parts) for line in lines):
                wrong.append(f"no error line holds {parts}")
        for control in set(re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]", run.stderr_bytes)):
            wrong.append(f"stderr holds the control character {control!r}")
        limits = limits and self.limits
        if limits and run.seconds > (SECONDS if exit else 3 * SECONDS):
            wrong.append(f"took {run.seconds:.1f} s")
        if limits and exit and run.mib > LIMIT_MIB:
            wrong.append(f"took {run.mib:.0f} MiB")
        for what in wrong:
            self.fail(what, run if what == wrong[-1] else None)
        return not wrong

    def output(self):
        """An older plan in a folder of its own, and how it looks."""
        folder = self.fresh("out")
        folder.mkdir()
        path = folder / "old.plan"
        path.write_bytes(OLD_PLAN)
        path.chmod(0o640)
        os.utime(path, ns=(10**18, 10**18))
        return path

    def untouched(self, path):
        """The older plan as it was and nothing beside it."""
        status = path.stat() if path.is_file() else None
        if not status or path.read_bytes() != OLD_PLAN:
            self.fail("the older plan has other bytes")
        elif status.st_mtime_ns != 10**18 or status.st_mode & 0o7777 != 0o640:
            self.fail("the older plan has another time or mode")
        beside = sorted(p.name for p in path.parent.iterdir() if p != path)
        if beside:
            self.fail(f"left beside the plan: {beside}")

    def compile(self, model, *options, output=None, **how):
        return self.run("dsc", "compile", getattr(model, "path", model), "-o", output or self.output(), *options, **how)

    def refuse(self, model, exit, *parts, options=(), notes=(), limits=True, **how):
        """dsc compile ends with `exit`; one error line holds all parts, each of `notes` is somewhere below."""
        output = self.output()
        run = self.compile(model, *options, output=output, **how)
        self.check(run, exit, *parts, limits=limits)
        self.has_notes(run, notes)
        self.untouched(output)
        return run

    def accept(self, model, *notes, options=(), absent=(), **how):
        """dsc compile replaces the older plan and prints every note; none of `absent`."""
        output = self.output()
        # The reference kernels take the least time to make.
        run = self.compile(model, "--kernels=reference", *options, output=output, **how)
        if self.check(run, 0):
            if not output.read_bytes().startswith(MAGIC):
                self.fail("no plan was written", run)
            beside = sorted(p.name for p in output.parent.iterdir() if p != output)
            if beside:
                self.fail(f"left beside the plan: {beside}")
        self.has_notes(run, notes)
        for note in absent:
            if note in run.stderr:
                self.fail(f"stderr holds {note!r}", run)
        return run

    def has_notes(self, run, notes):
        """Each of `notes` is somewhere in stderr."""
        for note in notes:
            if note not in run.stderr:
                self.fail(f"stderr does not hold {note!r}", run)


class Tools:
    """The programs under test and good inputs, each made once."""

    def __init__(self, bin_dir, folder):
        self.bin, self.folder = pathlib.Path(bin_dir).resolve(), folder
        self.lock, self.made = threading.RLock(), set()
        self.models = pathlib.Path(__file__).resolve().parents[1] / "models"

    def once(self, path, make):
        with self.lock:
            if path not in self.made:
                make(path)
                self.made.add(path)
        return path

    def base(self, name):
        def make(path):
            if name == "tiny-r1":
                shutil.copytree(self.models / name, path)
            else:
                subprocess.run([self.bin / "make-checkpoint", name, path], check=True)
        return self.once(self.folder / "bases" / name, make)

    def plan(self, name, options):
        def make(path):
            path.parent.mkdir(exist_ok=True)
            subprocess.run([self.bin / "dsc", "compile", self.base(name), "-q", "-o", path, *options], check=True)
        return self.once(self.folder / "plans" / ("_".join([name, *options]) + ".plan"), make)


def without_root():
    """Before exec: a root child loses the right to read and write what modes forbid."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        LIBC.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def file_size_limit(limit):
    """Before exec: files may not grow beyond `limit` bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def run_rows(bin_dir, chosen, jobs, run_controls):
    """Runs the chosen rows (none: all rows and the controls); returns how many failed."""
    rows = [r for r in ROWS if not chosen or r[0] in chosen]
    rows.sort(key=lambda r: (int(re.match(r"\d+", r[0]).group()), r[0]))
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dsc-faults-") as folder:
        tools = Tools(bin_dir, pathlib.Path(folder))

        def attempt(item):
            number, _, function = item
            trial = Trial(tools, tools.folder / f"row-{number}")
            trial.folder.mkdir()
            try:
                function(trial)
                if not trial.cases:
                    trial.fail("checks nothing")
            except Exception as error:  # a broken generator is a failed row
                trial.fail(f"{type(error).__name__}: {error}")
            shutil.rmtree(trial.folder, ignore_errors=True)
            return trial

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            trials = list(pool.map(attempt, rows))
        unseen, shown = ([], 0) if chosen or not Trial.limits else run_controls(tools.folder)
    passed = 0
    for (number, name, _), trial in zip(rows, trials):
        passed += not trial.failures
        print(f"{'FAIL' if trial.failures else 'ok':4} {number:>4}  {name} ({trial.cases} cases)")
        for failure in trial.failures:
            print(f"  {failure}")
    for name in unseen:
        print(f"FAIL control: not found: {name}")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if own > OWN_MIB:
        unseen.append("memory")
        print(f"FAIL the harness took {own:.0f} MiB, at most {OWN_MIB} are allowed: less is not seen of a program")
    print(f"{shown} controls, {sum(t.cases for t in trials)} cases in {time.monotonic() - begin:.1f} s")
    print(f"{passed} of {len(rows)} rows")
    return len(rows) - passed + len(unseen)
