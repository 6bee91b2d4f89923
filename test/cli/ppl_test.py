# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""dsrun ppl against the same sums over the logits that --dump writes."""
import json
import math
import pathlib
import re
import sys
import tempfile
import unittest

from tools import MODEL, PLAN, main, run

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
import safetensors  # noqa: E402

QUESTIONS = [json.loads(line)["question"] for line in open(pathlib.Path(MODEL) / "heldout.jsonl", encoding="utf-8")]
TEXT = "\n".join(QUESTIONS[:6])
NUMBERS = 1e-6  # relative; sums in double of the same f32 logits


def softmax_log(row):
    most = max(row)
    total = most + math.log(sum(math.exp(value - most) for value in row))
    return [value - total for value in row]


class Perplexity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        cls.text, cls.other = folder / "text.txt", folder / "reference.plan"
        cls.text.write_text(TEXT, encoding="utf-8")
        run("dsc", "compile", MODEL, "--kernels=reference", "--cpu=avx2", "-q", "-o", str(cls.other))
        status, out, err = run("dsrun", PLAN, "-f", str(cls.text), "--raw", "--tokenize", "-q")
        assert status == 0, err
        cls.real = int(re.search(r"\((\d+) real\)", run("dsc", "inspect", PLAN)[1])[1])
        cls.ids = [int(word) for word in out.split(",")]
        cls.ours, cls.theirs = (cls.logarithms(plan) for plan in (PLAN, str(cls.other)))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def logarithms(cls, plan):
        """Of the probabilities of real tokens, a row for every token of the text."""
        path = pathlib.Path(cls.folder.name) / "dump"
        status, _, err = run("dsrun", plan, "-f", str(cls.text), "--raw", "--dump", str(path), "-q")
        assert status == 0, err
        (tokens, vocabulary), values = safetensors.read(path)["logits"]
        return [softmax_log(values[t * vocabulary:t * vocabulary + cls.real]) for t in range(tokens)]

    def measure(self, *options):
        status, out, err = run("dsrun", "ppl", PLAN, "-f", str(self.text), "-q", *options)
        self.assertEqual((status, err), (0, ""))
        return out

    def test_it_is_the_mean_surprise_of_every_token_but_the_first(self):
        found = json.loads(self.measure("--json"))
        surprise = [-row[token] for row, token in zip(self.ours, self.ids[1:])]
        mean = sum(surprise) / len(surprise)
        self.assertEqual(found["tokens"], len(self.ids) - 1)
        self.assertAlmostEqual(found["nll"], mean, delta=NUMBERS * mean)
        self.assertAlmostEqual(found["perplexity"], math.exp(mean), delta=1e-5 * math.exp(mean))

    def test_against_another_plan_it_compares_whole_distributions(self):
        found = json.loads(self.measure("--json", "--against", str(self.other)))
        pairs = list(zip(self.theirs[:-1], self.ours[:-1]))
        divergences = [sum(math.exp(p) * (p - q) for p, q in zip(*pair)) for pair in pairs]
        agree = sum(p.index(max(p)) == q.index(max(q)) for p, q in pairs)
        self.assertGreater(max(divergences), 0)  # bf16 is not f32
        self.assertAlmostEqual(found["kl_mean"], sum(divergences) / len(pairs), delta=1e-9)
        self.assertAlmostEqual(found["kl_max"], max(divergences), delta=1e-8)
        self.assertAlmostEqual(found["top1_agreement"], agree / len(pairs), delta=1e-9)

    def test_a_plan_against_itself_differs_in_nothing(self):
        found = json.loads(self.measure("--json", "--against", PLAN))
        self.assertEqual((found["kl_mean"], found["kl_max"], found["top1_agreement"]), (0, 0, 1))

    def test_windows_start_afresh_and_lose_their_first_token(self):
        found = json.loads(self.measure("--json", "--window", "10"))
        windows = math.ceil(len(self.ids) / 10)
        last = len(self.ids) % 10
        self.assertEqual(found["windows"], windows - (last == 1))
        self.assertEqual(found["tokens"], len(self.ids) - windows)
        self.assertIn("windows\n", self.measure("--window", "10"))

    def test_it_refuses_what_measures_nothing(self):
        for options, message in [(["--ids", "5"], "at least 2"), (["--ids", "5,6", "--window", "1"], "at least 2"),
                                 (["--ids", "5,6", "--window", "99999"], "at most the context"),
                                 (["--ids", "5,6", "-n", "3"], "dsrun ppl takes a text")]:
            status, out, err = run("dsrun", "ppl", PLAN, *options)
            self.assertIn(status, (2, 3), options)
            self.assertIn(message, err)
            self.assertEqual(out, "")
        for option, content, message in [("--batch", "\n", "{0}: texts: found 0, expected at least 1"),
                                         ("-f", "", "E[0-9]+\\]: {0}: tokens of a text: found"),
                                         ("--batch", '{{"ids": [5, 6]}}\n{{"ids": [5]}}', "{0}:prompt 1: tokens of a text: found 1"),
                                         ("--batch", '{{"ids": [5, 99999]}}\n', "{0}: token id: found 99999")]:
            file = pathlib.Path(self.folder.name, "bad")
            file.write_text(content.format())
            status, out, err = run("dsrun", "ppl", PLAN, option, str(file))
            self.assertEqual((status, out), (3, ""), err)
            self.assertRegex(err, message.format(file))
        status, _, err = run("dsrun", PLAN, "--ids", "5,6", "--against", PLAN)
        self.assertEqual(status, 2)
        self.assertIn("belong to dsrun ppl", err)


main()
