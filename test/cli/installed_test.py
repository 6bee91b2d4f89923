# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `cmake --install` puts in place works there."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from tools import BIN, MODEL, main, run

SHARE = pathlib.Path(BIN).parent / "share"


class Installed(unittest.TestCase):
    # The installed programs compile a model and answer, away from the build's folder.
    def test_compile_and_ask(self):
        with tempfile.TemporaryDirectory() as folder:
            plan = os.path.join(folder, "plan")
            status, _, err = run("dsc", "compile", MODEL, "-o", plan)
            self.assertEqual(status, 0, err)
            status, out, err = run("dsrun", plan, "--temperature", "0", "-p", "Add 59 and 65.")
            self.assertEqual((status, out.split("</think>")[-1].strip()), (0, "124"), err)
        self.assertEqual(run("dsc-opt", "--version")[0], 0)

    # Nothing in them names the folder they were built in as a place of libraries.
    def test_no_build_paths(self):
        for tool in ("dsc", "dsrun", "dsc-opt"):
            dynamic = subprocess.run(["readelf", "-d", os.path.join(BIN, tool)], capture_output=True, text=True).stdout
            self.assertNotRegex(dynamic, r"R(UN)?PATH.*build")

    # Manual pages and completion lie where man and the shells look, and are what dsc prints.
    def test_texts(self):
        for tool in ("dsc", "dsrun"):
            for place, arguments in ((f"man/man1/{tool}.1", ["manual", tool]),
                                     (f"bash-completion/completions/{tool}", ["completion", "bash"]),
                                     (f"fish/vendor_completions.d/{tool}.fish", ["completion", "fish"]),
                                     ("zsh/site-functions/_dsc", ["completion", "zsh"])):
                self.assertEqual((SHARE / place).read_text(), run("dsc", *arguments)[1], place)


main()
