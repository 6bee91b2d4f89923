# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""dsc manual."""
import re
import shutil
import subprocess
import unittest

from completion_test import options
from tools import main, run


class Manual(unittest.TestCase):
    # Every option of a table stands in the tool's page.
    def test_every_option(self):
        for tool in ("dsc", "dsrun"):
            status, page, err = run("dsc", "manual", tool)
            self.assertEqual((status, err), (0, ""))
            text = page.replace("\\-", "-")
            for flag in options(tool):
                self.assertIn(f"\\fB{flag}\\fR", text)
            for part in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES", "SEE ALSO"):
                self.assertRegex(page, rf"(?m)^\.SH {part}")
        self.assertEqual(run("dsc", "manual"), run("dsc", "manual", "dsc"))
        page = run("dsc", "manual", "dsrun")[1].replace("\\-", "-")
        for part in "\\fBppl\\fR \\fIPLAN\\fR [\\fIoptions\\fR]", "\\fBdsrun-emu\\fR: the same program":
            self.assertIn(part, page)

    # The page is roff that its reader has nothing to say against.
    def test_roff(self):
        for tool in ("dsc", "dsrun"):
            page = run("dsc", "manual", tool)[1]
            for line in page.splitlines():
                self.assertRegex(line, r"^(\.(TH|SH|SS|TP|PP|EX|EE|br)\b|[^.'])")
            if groff := shutil.which("groff"):
                done = subprocess.run([groff, "-man", "-Tascii", "-ww"], input=page, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(f"{tool} - ", re.sub(r".\x08|\x1b\[\d+m", "", done.stdout))


if __name__ == "__main__":
    main()
