# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Equal inputs, flags and version give equal bytes."""
import ctypes
import os
import shutil

from harness import LIBC, Run, row

ADDR_NO_RANDOMIZE, CLONE_NEWUTS = 0x0040000, 0x04000000


def copy(t, model, names):
    """The same files, made in another order, in a folder beside an empty one for the plan."""
    place = t.fresh("a place")
    (place / "checkpoint").mkdir(parents=True)
    (place / "plans").mkdir()
    for name in names:
        shutil.copyfile(model / name, place / "checkpoint" / name)
    return place


def compiled(t, place, *, cwd=None, env=None, checkpoint="checkpoint", plan="plans/model.plan", **options):
    folder = place if cwd is None else cwd
    full = (lambda path: path) if cwd is None else (lambda path: place / path)
    run = Run([t.tools.bin / "dsc", "compile", full(checkpoint), "-o", full(plan), "-q",
               "--kernels=reference"], 60, env=env, cwd=folder, **options)
    t.check(run, 0)
    return (place / "plans/model.plan").read_bytes()


def one_cpu():
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})


def another_host_name():
    """Where the system allows it."""
    if LIBC.unshare(CLONE_NEWUTS) == 0:
        LIBC.sethostname(b"elsewhere", 9)


def fixed_addresses():
    LIBC.personality(ctypes.c_ulong(ADDR_NO_RANDOMIZE))


@row("207", "another folder, time, zone, locale, user, host, mask, CPU count, order of files, addresses")
def same_bytes(t):
    model = t.tools.base("tiny-r1")
    names = sorted(p.name for p in model.iterdir())
    wanted = compiled(t, copy(t, model, names))

    def same(label, found):
        t.case(label)
        t.cases += 1
        if found != wanted:
            t.fail("the plan has other bytes")

    same("again", compiled(t, copy(t, model, names)))
    same("another order of files", compiled(t, copy(t, model, reversed(names))))
    same("absolute paths", compiled(t, copy(t, model, names), cwd="/"))
    same("time zone", compiled(t, copy(t, model, names), env={"TZ": "Pacific/Kiritimati"}))
    same("locale", compiled(t, copy(t, model, names), env={"LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8"}))
    same("user", compiled(t, copy(t, model, names), env={"HOME": "/nowhere", "USER": "somebody", "PATH": ""}))
    same("host name", compiled(t, copy(t, model, names), preexec_fn=another_host_name))
    same("mask", compiled(t, copy(t, model, names), umask=0o077))
    same("one CPU", compiled(t, copy(t, model, names), preexec_fn=one_cpu))
    same("fixed addresses", compiled(t, copy(t, model, names), preexec_fn=fixed_addresses))
    place = copy(t, model, names)
    for name in names:
        os.utime(place / "checkpoint" / name, (10**9, 10**9))
    same("older files", compiled(t, place))
    place = copy(t, model, names)
    os.symlink("checkpoint", place / "link")
    same("through a link", compiled(t, place, checkpoint="link/"))
    same("through its config", compiled(t, copy(t, model, names), checkpoint="checkpoint/config.json"))
