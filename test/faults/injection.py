# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The environment of a program whose system is made to fail (inject/Inject.cpp)."""


def environment(t, fault="", log=None):
    """`fault` is what DS_INJECT says: "pwrite 0 28"."""
    found = {"LD_PRELOAD": str(t.tools.bin / "faults-inject.so"), "DS_INJECT": fault,
             "ASAN_OPTIONS": "verify_asan_link_order=0"}
    return found | ({"DS_INJECT_LOG": str(log)} if log else {})
