# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""GPUs that a plan does not fit, or that fail: dsrun on a CUDA driver that pretends them (test/runtime/fake_cuda)."""
import time

import gtests
from harness import Run, row

GOOD = "fill=0"  # memory of zeros: the kernels, which do nothing, leave finite logits


def plan(t, kind="cuda"):
    folder = t.fresh("gpu")
    folder.mkdir()
    made = t.run("gpu-plan", kind, folder)
    if made.exit:
        t.fail("no plan was made", made)
    return folder / "model.plan"


def run(t, settings, *options, path=None, driver=True):
    """dsrun with a driver that pretends; without one where `driver` is false."""
    libraries = str(t.tools.bin.parent / "fake-cuda") if driver else ""
    return Run([t.tools.bin / "dsrun", path or plan(t), "--ids", "3,4", "-n", 3, "--greedy", "--ignore-eos", *options], 60,
               env={"DS_FAKE_CUDA": settings, "LD_LIBRARY_PATH": libraries})


@row("139", "no GPU, or no driver")
def absent(t):
    t.case("all is there")
    t.check(run(t, GOOD), 0, stdout=b"0,0,0\n")
    t.case("an option that means nothing on a GPU")
    found = run(t, GOOD, "--threads", 2)
    t.check(found, 0, stdout=b"0,0,0\n")
    t.has_notes(found, ["note: --threads 2: the plan is for a GPU"])
    t.case("no driver")
    found = run(t, GOOD, driver=False)
    t.check(found, 8, "error[E713]", "model.plan: the plan needs 1 CUDA device", "found 0")
    t.has_notes(found, ["note: no CUDA driver: libcuda.so.1"])
    t.case("no device")
    t.check(run(t, "devices=0"), 8, "error[E713]", "the plan needs 1 CUDA device", "found 0")
    t.case("a driver that does not start")
    found = run(t, "fail=cuInit:803")
    t.check(found, 8, "error[E713]", "the plan needs 1 CUDA device")
    t.has_notes(found, ["note: cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"])
    t.case("the emulation")
    found = run(t, GOOD, path=plan(t, "cuda-emu"))
    t.check(found, 8, "model.plan", "error[E720]", "the plan is for the emulation of CUDA")
    t.has_notes(found, ["help: run it with dsrun-emu"])


@row("140", "the GPU has another compute capability")
def capability(t):
    t.check(run(t, "capability=12.0"), 8, "error[E714]", "model.plan: device 0: sm_120, plan has code for sm_90a, sm_80")
    t.case("a later minor one")
    t.check(run(t, f"capability=8.9,{GOOD}"), 0, stdout=None)
    t.case("the chosen level")
    t.check(run(t, "capability=8.9", "--cpu", "sm_90a"), 8, "error[E714]", "device 0: sm_89, plan has code for sm_90a")


@row("141", "the driver is too old")
def driver(t):
    t.check(run(t, "driver=12020"), 8, "error[E715]", "CUDA version of the driver: found 12.2", "expected 12.8 or later")
    t.case("code that needs no newer one")
    t.check(run(t, f"driver=12020,capability=8.9,{GOOD}"), 0, stdout=None)
    t.case("it says so itself")
    found = run(t, "fail=cuModuleLoadData:209")
    t.check(found, 8, "error[E717]", "device 0: the driver does not take the code: CUDA_ERROR_NO_BINARY_FOR_GPU")


@row("142", "fewer GPUs than asked for")
def fewer(t):
    t.check(run(t, "devices=2", "--device", 2), 8, "error[E713]", "model.plan: CUDA devices, number 2 is wanted", "found 2")
    t.case("the last one")
    t.check(run(t, f"devices=2,{GOOD}", "--device", 1), 0, stdout=None)


@row("143", "not enough memory on the GPU")
def memory(t):
    found = run(t, "free=1048576")
    t.check(found, 6, "error[E716]", "device 0: need 64.1 MiB (weights 0.1, state 0.1, scratch 0.1, other 64.1), free 1.0")
    gtests.passes(t, "runtime_device_session_test", "DeviceSessionTest.refusesTooLittleMemory")


@row("146", "the GPU is lost")
def lost(t):
    cases = (("cuGraphLaunch:214", "cuGraphLaunch: CUDA_ERROR_ECC_UNCORRECTABLE"),
             ("cuLaunchKernel:719:12", "cuLaunchKernel: CUDA_ERROR_LAUNCH_FAILED"),
             ("cuStreamQuery:700:2", "cuStreamQuery: CUDA_ERROR_ILLEGAL_ADDRESS"),
             ("cuMemcpyDtoHAsync:700", "cuMemcpyDtoHAsync: CUDA_ERROR_ILLEGAL_ADDRESS"))
    for fail, message in cases:
        t.case(fail)
        begin = time.monotonic()
        t.check(run(t, f"fail={fail},{GOOD}"), 9, "error[E718]", f"device 0: {message}", stdout=None)
        if time.monotonic() - begin > 5:
            t.fail("took more than 5 s to end")


@row("147", "a kernel does not end")
def hang(t):
    for test in "watchesForProgress", "namesTheGraphThatHangs", "waitsAMinute":
        gtests.passes(t, "CUDADeviceTest", f"CUDADeviceTest.{test}")
