# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes wrong while dsc runs: the disk, and our own mistakes."""
import errno
import os

import gtests
import injection
from harness import file_size_limit, row

REFERENCE = "--kernels=reference"


def refuse(t, label, fault, exit, *parts):
    t.case(label)
    t.refuse(t.model(), exit, "old.plan", *parts, options=("-q", REFERENCE), env=injection.environment(t, fault))


@row("105", "the disk is full at the start")
def full_at_start(t):
    refuse(t, "", f"posix_fallocate 0 {errno.ENOSPC}", 5, "error[E643]", "cannot reserve space: No space left on device",
           "bytes free", "expected")


@row("106", "the disk is full late, a quota, a limit on the size of files")
def full_late(t):
    for label, code in ("full", errno.ENOSPC), ("quota", errno.EDQUOT), ("failing", errno.EIO):
        refuse(t, label, f"pwrite 0 {code}", 5, "error[E644]", "write failed at byte 0", os.strerror(code))
    t.case("limit")
    output = t.output()
    for more in (), ("--stop-after=plan",):
        run = t.compile(t.model(), "-q", REFERENCE, *more, output=output, preexec_fn=file_size_limit(10_000))
        t.check(run, 5, output.name, "error[E643]", "cannot reserve space: File too large")
        t.untouched(output)


@row("115", "our own check finds a bad plan")
def self_check(t):
    gtests.passes(t, "PlanTest", "AtomicOutput.KeepsTheOldPlanWhenTheNewOneIsBad")


@row("116", "an unknown CPU level")
def unknown_level(t):
    for level in "avx9000", "avx2,avx9000", "AVX2":
        t.case(level)
        t.refuse(t.model(), 2, "--cpu", "expected one of", options=(f"--cpu={level}",))
    plan = t.plan("micro-v3-noqlora", REFERENCE)
    t.case("dsrun")
    t.check(t.run("dsrun", plan, "--ids", "1", "--cpu", "avx9000"), 2, "CPU level: found avx9000", "expected one of")


@row("117", "other bytes come back than were written")
def other_bytes(t):
    refuse(t, "", "pwrite 0 flip", 5, "error[E646]", "verification after write failed in section", "byte")


@row("111", "the plan is durable before success is reported")
def durable(t):
    order = ["posix_fallocate", "pwrite", "fsync file", "rename", "fsync folder"]
    log, output = t.fresh("log"), t.output()
    run = t.compile(t.model(), REFERENCE, output=output, env=injection.environment(t, log=log))
    t.check(run, 0)
    found = log.read_text().splitlines()
    if found != order:
        t.fail(f"calls {found}, expected {order}")
    # No success is reported where the file or the folder may not be durable.
    for label, fault, code in ("file", f"fsync 0 {errno.EIO}", "E645"), ("folder", f"fsync 1 {errno.EIO}", "E648"):
        t.case(label)
        output = t.output()
        run = t.compile(t.model(), REFERENCE, output=output, env=injection.environment(t, fault))
        t.check(run, 5, f"error[{code}]", output.name, "Input/output error")
        if "memory" in run.stderr:
            t.fail("success was reported", run)
