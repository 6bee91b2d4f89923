# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows whose fault no file or flag can bring about: a test inside the process injects it."""


def passes(t, program, test):
    """The named test exists, runs and passes."""
    t.case(test)
    run = t.run(program, f"--gtest_filter={test}")
    t.cases += 1
    if run.exit != 0 or b"[  PASSED  ] 1 test." not in run.stdout:
        t.fail(f"{program} did not pass {test}:\n{run.stdout.decode(errors='replace')[-2000:]}", run)
