# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prompts as text: tokenizing, control tokens, what comes out."""
import json
import os
import resource

import gtests
from harness import Run, row

STACK = 256 << 10  # bytes
LIMIT = 64 << 20   # bytes of a prompt or a batch


def small_stack():
    """Before exec: no thread gets a larger stack."""
    resource.setrlimit(resource.RLIMIT_STACK, (STACK, STACK))


def plan(t):
    return t.plan("tiny-r1", "--kernels=reference"), "--threads", 1, "--weights", t.tools.base("tiny-r1")


@row("97", "a prompt of one repeated letter, of newlines, of digits")
def repeated_letters(t):
    path = t.fresh("prompt")
    for label, text in ("letters", "a" * 131072), ("newlines", "\n" * 1_000_000), ("digits", "7" * 1_000_000):
        t.case(label)
        path.write_text(text)
        # The whole text is tokenized before its length is held against the context of 1024.
        run = t.run("dsrun", *plan(t), "--raw", "-f", path, preexec_fn=small_stack)
        t.check(run, 6, "prompt", "context length exceeded", "tokens, expected at most 1024")
        run = t.run("dsrun", plan(t)[0], "--raw", "--tokenize", "-f", path, preexec_fn=small_stack)
        t.check(run, 0, stdout=None)


@row("98", "a prompt that is no UTF-8")
def not_utf8(t):
    for label, prompt, byte in (("stray byte", b"ab\xff", 2), ("lone surrogate", b"\xed\xa0\x80", 0),
                                ("cut off", "12 + 3 → ".encode()[:-2], 7), ("too long a form", b"a\xc0\x80", 1)):
        t.case(label)
        text = prompt.decode(errors="surrogateescape")
        t.check(t.run("dsrun", *plan(t), "-n", 1, "-p", text), 3, "prompt", f"byte {byte}", "UTF-8")
        t.check(t.run("dsrun", *plan(t), "-n", 1, "--raw", "-p", text), 3, "prompt", f"byte {byte}", "UTF-8")
    t.case("in a file")
    path = t.fresh("batch")
    path.write_bytes(b"ab\xff")
    t.check(t.run("dsrun", *plan(t), "-n", 1, "-f", path), 3, f"{path}: prompt: invalid UTF-8 at byte 2")
    t.case("lone surrogate in a batch")
    path.write_text('"good"\n"\\ud800 bad"\n')
    t.check(t.run("dsrun", *plan(t), "-n", 1, "--batch", path), 3, f"{path}", "surrogate")
    t.case("zero bytes are text")
    path.write_bytes(b"1\x002")
    t.check(t.run("dsrun", *plan(t), "-n", 1, "-f", path), 0, stdout=None)
    for seed in range(4):
        t.case(f"never half a character, seed {seed}")
        run = t.run("dsrun", *plan(t), "--raw", "-p", "1", "-n", 100, "--temperature", 100, "--seed", seed, "--ignore-eos")
        t.check(run, 0, stdout=None)
        run.stdout.decode()  # strict


@row("98a", "a prompt or a batch that is no file, or too large a one")
def no_prompt_file(t):
    fifo, large = t.fresh("fifo"), t.fresh("large")
    os.mkfifo(fifo)
    large.touch()
    os.truncate(large, LIMIT + 1)
    for option in "-f", "--batch":
        for path, found in (t.folder, "a folder"), (fifo, "a FIFO"), ("/dev/zero", "a device"):
            t.case(f"{option}: {found}")
            t.check(t.run("dsrun", *plan(t), option, path), 5, "error[E102]", f"{path}: found {found}", "a regular file")
        t.case(f"{option}: too large")
        t.check(t.run("dsrun", *plan(t), option, large), 6, "error[E801]", f"{large}: size in bytes: found {LIMIT + 1}",
                f"at most {LIMIT}")
        t.case(f"{option}: standard input")
        arguments = [str(word) for word in (t.tools.bin / "dsrun", *plan(t), option, "-")]
        for source, exit, parts in (("0</dev/zero", 6, ("error[E801]", "standard input: size in bytes", f"at most {LIMIT}")),
                                    ("0</", 5, ("error[E102]", "standard input: cannot read: Is a directory")),
                                    ("0<&-", 5, ("error[E102]", "standard input: cannot read: Bad file descriptor"))):
            t.check(Run(["sh", "-c", f'exec "$@" {source}', "sh", *arguments], 60), exit, *parts)


@row("101", "text that spells control tokens")
def control_tokens(t):
    def tokens(text):
        run = t.run("dsrun", *plan(t), "-n", 1, "--json", "-p", text)
        t.check(run, 0, stdout=None)
        return json.loads(run.stdout)["usage"]["prompt_tokens"]

    empty = tokens("")
    for token in t.model("tiny-r1").json("tokenizer.json")["added_tokens"]:
        t.case(token["content"])
        extra = tokens(token["content"]) - empty
        if extra < 2:
            t.fail(f"{token['content']} became {extra} token")
    gtests.passes(t, "ds_text_test", "ChatFormat.content_never_becomes_a_control_token")
