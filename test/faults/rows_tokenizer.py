# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""tokenizer.json, and prompts as text."""
import json
import resource

from harness import row

FILE = "tokenizer.json"
SPLITS = "/pre_tokenizer/pretokenizers"


def refuse(t, label, change, exit, *parts):
    """The tokenizer after `change` is refused; one error line names the file and holds all parts."""
    t.case(label)
    model = t.model("tiny-r1")
    tokenizer = model.json(FILE)
    change(tokenizer)
    model.write(FILE, json.dumps(tokenizer, ensure_ascii=False))
    return t.refuse(model, exit, FILE, *parts)


@row("94", "not a byte-level BPE; unknown normalizer or pre-tokenizer")
def other_model(t):
    def model(key, value):
        return lambda c: c["model"].update({key: value})

    def split(i, key, value):
        return lambda c: c["pre_tokenizer"]["pretokenizers"][i].update({key: value})

    refuse(t, "unigram", model("type", "Unigram"), 4, "/model/type", 'found "Unigram" (string)', 'expected "BPE"')
    refuse(t, "no type", lambda c: c["model"].pop("type"), 4, "/model/type", "found nothing")
    refuse(t, "byte fallback", model("byte_fallback", True), 4, "/model/byte_fallback", "found true", "expected false")
    refuse(t, "dropout", model("dropout", 0.1), 4, "/model/dropout", "found 0.1", "expected null")
    refuse(t, "normalizer", lambda c: c.update(normalizer={"type": "NFKC"}), 4, "/normalizer/type", '"NFKC"')
    refuse(t, "pre-tokenizer", lambda c: c.update(pre_tokenizer={"type": "Metaspace"}), 4, "/pre_tokenizer/type",
           'found "Metaspace" (string)', 'expected "Sequence"')
    refuse(t, "type of a split", split(1, "type", "Digits"), 4, SPLITS + "/1/type", '"Digits"', '"Split"')
    refuse(t, "decoder", lambda c: c.update(decoder={"type": "WordPiece"}), 4, "/decoder/type", '"WordPiece"')
    refuse(t, "stripping", lambda c: c["added_tokens"][2].update(lstrip=True), 4, "/added_tokens/2/lstrip")


def vocabulary(**changes):
    return lambda c: c["model"]["vocab"].update(changes)


def merge(i, text):
    return lambda c: c["model"]["merges"].__setitem__(i, text)


def added(i, **changes):
    return lambda c: c["added_tokens"][i].update(changes)


@row("95a", "an id is negative, or no integer")
def negative(t):
    for value, found in (-1, "-1"), (2.5, "2.5"), ("7", '"7" (string)'), (None, "null"):
        refuse(t, f"id {value}", vocabulary(a=value), 3, "error[E414]", "/model/vocab/a", f"found {found}",
               "an id below 1024 (vocab_size)")
    refuse(t, "a name that controls terminals", vocabulary(**{"\x1b[31m\u202e": -1}), 3, "error[E414]",
           "/model/vocab/\\x1b[31m\\")
    refuse(t, "a name without end", vocabulary(**{"y" * 4000: -1}), 3, "error[E414]", "/model/vocab/" + "y" * 100)


@row("95b", "two tokens have one id")
def repeated(t):
    refuse(t, "", lambda c: c["model"]["vocab"].update(a=c["model"]["vocab"]["b"]), 3, "error[E404]", "/model/vocab/b",
           'that of "a"')


@row("95c", "an id is beyond vocab_size")
def beyond(t):
    refuse(t, "vocabulary", vocabulary(a=1024), 3, "error[E405]", "/model/vocab/a", "found 1024", "below 1024")
    refuse(t, "added token", added(0, id=4096), 3, "error[E405]", "/added_tokens/0", "found 4096", "below 1024")


@row("95d", "an id has no token")
def gap(t):
    run = refuse(t, "", vocabulary(a=1000), 3, "error[E406]", "/model/vocab", "no token of id")
    errors = [line for line in run.stderr.splitlines() if "error[" in line]
    if len(errors) != 20 or not run.stderr.splitlines()[-1].startswith("dsc: and "):
        t.fail("not 20 errors and the number of the others", run)


@row("95e", "a merge names an unknown piece")
def unknown_piece(t):
    refuse(t, "left", merge(0, "nosuch t"), 3, "error[E408]", "/model/merges/0", 'found "nosuch"')
    refuse(t, "right", merge(1, "t nosuch"), 3, "error[E408]", "/model/merges/1", 'found "nosuch"')
    refuse(t, "no pair", merge(1, "t"), 3, "error[E407]", "/model/merges/1", "two pieces")


@row("95f", "the result of a merge is not in the vocabulary")
def unknown_result(t):
    refuse(t, "", merge(3, "z q"), 3, "error[E409]", "/model/merges/3", 'found "zq"', "in the vocabulary")


@row("95g", "a byte has no token")
def missing_byte(t):
    def rename(content):
        vocab = content["model"]["vocab"]
        vocab["~~~"] = vocab.pop("~")
    refuse(t, "", rename, 3, "error[E410]", "/model/vocab", 'no "~"', "a token for byte 126")


@row("95h", "an added token's id or content is another token's")
def clash(t):
    refuse(t, "id", lambda c: c["added_tokens"][2].update(id=c["model"]["vocab"]["a"]), 3, "error[E411]",
           "/added_tokens/2", "content and id of no other token")
    refuse(t, "content", added(2, content="ab"), 3, "error[E411]", "/added_tokens/2", '"ab" with id')
    refuse(t, "twice", lambda c: c["added_tokens"].append(c["added_tokens"][2]), 3, "error[E411]")


@row("95i", "an empty special token")
def empty(t):
    refuse(t, "", added(2, content=""), 3, "error[E412]", "/added_tokens/2", 'found ""')


@row("96", "the pattern of a split is another, invalid or too long")
def pattern(t):
    def regex(text):
        return lambda c: c["pre_tokenizer"]["pretokenizers"][2]["pattern"].update(Regex=text)

    where = SPLITS + "/2/pattern/Regex"
    for label, text in ("look-behind", "(?<=a)b"), ("back-reference", r"(a)\1"), ("invalid", "(["), ("another", r"\w+"):
        refuse(t, label, regex(text), 4, "error[E403]", where, "expected the pattern of DeepSeek V3")
    refuse(t, "4096 bytes", regex("x" * 4096), 4, "error[E403]", where)
    refuse(t, "4097 bytes", regex("x" * 4097), 6, "error[E401]", where, "found 4097 bytes", "at most 4096")
    refuse(t, "no text", regex(17), 4, "error[E403]", where, "found 17")
