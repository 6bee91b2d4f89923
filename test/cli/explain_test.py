# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""dsc explain."""
import json
import pathlib
import re
import unittest

from tools import main, run

ERRORS = pathlib.Path(__file__).parents[2] / "runtime/base/Errors.def"


class Explain(unittest.TestCase):
    # Every error of the table is explained: what it means, a message, what to do.
    def test_every_error_is_explained(self):
        rows = re.findall(r"^ERROR\((\d+), (\w+),", ERRORS.read_text(), re.M)
        status, out, _ = run("dsc", "explain", "--json")
        listed = json.loads(out)
        self.assertEqual((status, listed["schema"]), (0, 1))
        self.assertEqual([(e["code"], e["name"]) for e in listed["errors"]], [(f"E{n}", name) for n, name in rows])
        for error in listed["errors"]:
            for part in ("cause", "example", "remedy"):
                self.assertGreater(len(error[part]), 10, error)
            self.assertTrue(error["cause"].endswith(".") and error["remedy"].endswith("."), error)

    # One code gives four parts, in lines that fit a terminal.
    def test_one_error(self):
        status, out, err = run("dsc", "explain", "E214")
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(out.startswith("E214 ConfigContradiction: two keys contradict each other\n"))
        for part in ("  cause    Two keys", "  example  error[E214]: config.json: ", "  remedy   Correct",
                     "  exit     3: "):
            self.assertIn(part, out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)

    # A code may be written as people write it.
    def test_spellings(self):
        whole = run("dsc", "explain", "E214")
        for spelling in ("e214", "214", "ConfigContradiction"):
            self.assertEqual(run("dsc", "explain", spelling), whole)

    # Without a code all are listed, one a line.
    def test_list(self):
        status, out, _ = run("dsc", "explain")
        self.assertEqual(status, 0)
        self.assertEqual(len(out.splitlines()), len(re.findall(r"^ERROR\(", ERRORS.read_text(), re.M)))
        self.assertRegex(out, r"(?m)^E820 ContextExceeded +a prompt or a sequence exceeds the context$")

    # A code that is not there: status 2, nothing on standard output, those that one slip makes of it.
    def test_near_codes(self):
        status, out, err = run("dsc", "explain", "E224")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("error[E100]: explain: found E224, expected the code of an error\n", err)
        self.assertRegex(err, r"help: did you mean E204, E214")


main()
