# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Machines that a plan does not fit. Where this machine fits, the plan asks for more or the system is made to refuse."""
import errno
import json
import os

import gtests
import injection
from harness import Run, row
from plan_file import Plan

MODEL = "micro-v3-noqlora"


def run_arguments(t, plan, *options):
    return [t.tools.bin / "dsrun", plan, "--weights", t.tools.base(MODEL), "--ids", "5,6,7", "-n", 4, "--greedy", *options]


def run_injecting(t, plan, fault):
    return Run(run_arguments(t, plan), 60, env=injection.environment(t, fault))


def features_of(plan, level=0):
    return plan.string(plan.get("TARG", level, "features"))


@row("135", "the plan needs what the CPU lacks")
def lacking(t):
    for feature, other in ("avx2", "avz2"), ("fma", "fmq"), ("popcnt", "pupcnt"):
        t.case(other)
        plan = Plan(t.plan(MODEL))
        changed = " ".join(other if word == feature else word for word in features_of(plan).split())
        plan.replace_string(plan.get("TARG", 0, "features"), changed).seal().write()
        run = Run(run_arguments(t, plan.path), 60)
        t.check(run, 8, plan.path.name, "error[E700]", f"needs {other}", "which this CPU lacks")
        t.has_notes(run, [changed, "help: compile the model again for this machine"])
    gtests.passes(t, "DeviceTest", "ChooseLevel.NamesMissingFeatures")


@row("136", "the CPU has it, the operating system disables it")
def disabled(t):
    gtests.passes(t, "DeviceTest", "ChooseLevel.TellsDisabledFromMissing")


@row("137", "the machine that compiled it")
def same_machine(t):
    plan = Plan(t.plan(MODEL))
    run = Run(run_arguments(t, plan.path), 60)
    t.check(run, 0, stdout=None)
    with open("/proc/cpuinfo") as cpuinfo:
        flags = next(line for line in cpuinfo if line.startswith("flags")).split()
    extra = set(features_of(plan).split()) - set(flags)
    if extra:
        t.fail(f"the plan requires {extra}, which this CPU does not list")
    shown = t.run("dsc", "inspect", "--json", plan.path)
    t.check(shown, 0, stdout=None)
    if json.loads(shown.stdout)["levels"][0]["features"] != features_of(plan):
        t.fail("dsc inspect shows other features")


@row("138", "another architecture or page size")
def architecture(t):
    gtests.passes(t, "DeviceTest", "ChooseLevel.NamesAnotherArchitecture")
    t.case("page size")
    t.check(run_injecting(t, t.plan(MODEL), "sysconf 0 16384"), 8, "error[E703]", "size of a memory page: found 16384",
            "at most 4096")


@row("144", "memory cannot be made executable")
def not_executable(t):
    for code in errno.EACCES, errno.EPERM, errno.ENOMEM:
        t.case(os.strerror(code))
        t.check(run_injecting(t, t.plan(MODEL), f"mprotect 0 {code}"), 8, "error[E704]",
                f"cannot make kernel code executable: {os.strerror(code)}")


@row("145", "fewer CPUs than threads")
def few_cpus(t):
    plan = t.plan(MODEL)
    one = sorted(os.sched_getaffinity(0))[0]
    pinned = {"preexec_fn": lambda: os.sched_setaffinity(0, {one})}
    wanted = Run(run_arguments(t, plan, "--threads", 1), 60)
    t.check(wanted, 0, stdout=None)
    run = Run(run_arguments(t, plan, "--threads", 8), 60, **pinned)
    t.check(run, 0, stdout=wanted.stdout)
    t.has_notes(run, ["note: --threads 8: CPUs this process may use: 1"])
    quiet = Run(run_arguments(t, plan), 60, **pinned)
    t.check(quiet, 0, stdout=wanted.stdout)
    if "note:" in quiet.stderr:
        t.fail("a note without --threads", quiet)
