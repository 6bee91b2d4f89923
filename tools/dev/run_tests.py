#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""run_tests.py BUILD_DIR: runs ctest, counts lit's tests one by one.

ctest knows the whole lit suite as one test named `lit`; its own summary says
how many tests that was. The last line printed is "N passed, N failed"; before
it stands what the failed tests printed about their failures.
"""
import os
import re
import subprocess
import sys


def evidence(log, name, most=12):
    """What the test `name` printed from its first line about a failure on; else its last lines."""
    number = re.search(rf"^\s*\d+/\d+ Test\s+#(\d+): {re.escape(name)} ", log, re.M)[1]
    lines = re.findall(rf"^{number}: (?!Test command:|Working Directory:|Test timeout)(.*)$", log, re.M)
    about = [line for line in lines if re.search(r"FAIL|Failure|Error:|error:", line)]
    first = lines.index(about[0]) if about else max(0, len(lines) - most)
    return lines[first:first + most]


def main():
    build = sys.argv[1]
    jobs = str(len(os.sched_getaffinity(0)))
    run = subprocess.run(
        ["ctest", "--test-dir", build, "-j", jobs, "--verbose", "--timeout", "900"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    with open(os.path.join(build, "test.log"), "w") as log:
        log.write(run.stdout)

    results = re.findall(r"^\s*\d+/\d+ Test\s+#\d+: (\S+).*? \.\.\.+\s*(\S.*?)\s+[\d.]+ sec", run.stdout, re.M)
    passed = sum(1 for name, result in results if result == "Passed" and name != "lit")
    failed = [name for name, result in results if "Passed" not in result and "Skipped" not in result and name != "lit"]
    skipped = [name for name, result in results if "Skipped" in result]
    lit = {word: int(count) for word, count in re.findall(r"^(?:\d+: )?\s+(Passed|Failed|Timed Out|Unresolved)\s*:\s*(\d+)", run.stdout, re.M)}
    passed += lit.pop("Passed", 0)
    lit_failed = sum(lit.values())
    lit_result = [result for name, result in results if name == "lit"]
    if lit_result and lit_result[0] != "Passed" and lit_failed == 0:
        lit_failed = 1  # lit itself broke
    for name in failed:
        print(f"failed: {name}")
        for line in evidence(run.stdout, name):
            print(f"  {line[:300]}")
    for name in re.findall(r"^(?:\d+: )?(?:FAIL|TIMEOUT|UNRESOLVED): (\S+ :: \S+)", run.stdout, re.M):
        print(f"failed: {name}")
    for name in skipped:
        print(f"skipped: {name}")
    if failed or lit_failed or run.returncode:
        print(f"the log: {os.path.join(build, 'test.log')}")
    print(f"{passed} passed, {len(failed) + lit_failed} failed")
    sys.exit(0 if passed and run.returncode == 0 and not failed and not lit_failed else 1)


main()
