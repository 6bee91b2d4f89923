# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows 39-50: model.safetensors.index.json."""
import json
import os

from folder import FIRST, INDEX, SECOND, entry, safetensors
from harness import row

NORM = "model.norm.weight"


def raw(t, text):
    model = t.model()
    model.write(INDEX, text)
    return model


@row("39", "the index names a shard that is absent")
def absent_shard(t):
    model = t.model()
    needed = sum(shard == FIRST for shard in model.json(INDEX)["weight_map"].values())
    model.remove(FIRST)
    t.refuse(model, 3, f'{INDEX}: shard "{FIRST}": not in folder (needed by {needed} tensors; incomplete download?)')


@row("40", "several shards and no index")
def no_index(t):
    model = t.model()
    model.remove(INDEX)
    t.refuse(model, 3, f"{model}: found 2 .safetensors files and no {INDEX}, expected model.safetensors or an index")


@row("41", "a shard that the index does not name")
def unnamed_shard(t):
    model = t.model()
    model.write("model-00003-of-000002.safetensors", safetensors({}))
    t.refuse(model, 3, f'shard "model-00003-of-000002.safetensors": not named by {INDEX}')
    t.case("another name")
    model = t.model()
    model.write("adapter.safetensors", safetensors({}))
    t.accept(model, "adapter.safetensors is not used: the index does not name it")


@row("42", "a stray model.safetensors beside a sharded set")
def stray(t):
    model = t.model()
    # Not even readable: it is never looked into.
    model.write("model.safetensors", "stray")
    t.accept(model, "model.safetensors is not used")


@row("43", "a file name that is no name in the folder")
def file_names(t):
    for name, shown in (("../x", "../x"), ("/etc/passwd", "/etc/passwd"), ("a/b", "a/b"), ("a\\b", "a\\b"),
                        ("a\0b", "a\\x00b"), ("", ""), (".", "."), ("..", ".."), ("a" * 256, "aaaa"), ("a\x7fb", "a\\x7fb")):
        t.case(repr(name))
        model = t.model().index(lambda index: index["weight_map"].update({NORM: name}))
        t.refuse(model, 3, f'{INDEX}: weight_map["{NORM}"]: file name: found "{shown}', "expected a name in this folder")


@row("44", "a tensor is in another shard than the index says")
def elsewhere(t):
    model = t.model()
    home = model.shard_of(NORM)
    other = FIRST if home == SECOND else SECOND
    model.index(lambda index: index["weight_map"].update({NORM: other}))
    t.refuse(model, 3, f"{INDEX}: tensor {NORM}: index says {other}, header of {home} holds it")


@row("45", "a tensor is stored in two shards")
def stored_twice(t):
    model = t.model()
    other = FIRST if model.shard_of(NORM) == SECOND else SECOND

    def add(header):
        end = max(fields["data_offsets"][1] for fields in header.values())
        header[NORM] = entry("U8", [0], end, end)
    model.change_header(add, other)
    t.refuse(model, 3, f"tensor {NORM}: stored in {FIRST} and in {SECOND}")


@row("46", "tensors of the index are in no shard: 20 and a count")
def not_stored(t):
    model = t.model().index(lambda index: index["weight_map"].update({f"extra.{i:02}": FIRST for i in range(25)}))
    run = t.refuse(model, 3, f"{INDEX}: tensor extra.00: not stored in {FIRST} or any other shard")
    errors = [line for line in run.stderr.splitlines() if "error[E" in line]
    if len(errors) != 20 or "dsc: and 5 more" not in run.stderr:
        t.fail(f"{len(errors)} errors, expected 20 and 5 more", run)


@row("47", "a stored tensor is not in the index")
def not_indexed(t):
    model = t.model()
    home = model.shard_of(NORM)
    model.index(lambda index: index["weight_map"].pop(NORM) and None)
    t.refuse(model, 3, f"tensor {NORM} in {home}: not in index")


@row("48", "weight_map is missing, no object, empty, or holds no string")
def map_form(t):
    t.refuse(raw(t, "{}"), 3, f"{INDEX}: weight_map: found nothing, expected tensor names with file names")
    t.refuse(raw(t, '{"weight_map": {}}'), 3, f"{INDEX}: weight_map: found an empty object")
    for text, found in (("[]", "a list"), ("3", "3"), ("null", "null"), ('"x"', '"x"')):
        t.case(text)
        t.refuse(raw(t, f'{{"weight_map": {text}}}'), 3, f"{INDEX}: weight_map: found {found}, expected an object")
        t.refuse(raw(t, text), 3, f"{INDEX}: the top: found {found}, expected an object")
    for text, found in (("[]", "a list"), ("{}", "an object"), ("3", "3"), ("null", "null"), ("true", "true")):
        t.case(f"value {text}")
        t.refuse(raw(t, f'{{"weight_map": {{"a": {text}}}}}'), 3, f'{INDEX}: weight_map["a"]: found {found}, expected a file name')
    t.case("twice")
    t.refuse(raw(t, '{"weight_map": {"a": "x"}, "weight_map": {"a": "x"}}'), 3, f'{INDEX}: key "weight_map": appears twice')
    t.refuse(raw(t, '{"weight_map": {"a": "x", "a": "y"}}'), 3, f'{INDEX}: weight_map: key "a": appears twice (x and y)')
    t.case("no JSON")
    t.refuse(raw(t, ""), 3, f"{INDEX}:1:1: found end of file")


@row("49", "metadata.total_size is not the sum: a note, an error with --strict")
def total_size(t):
    model = t.model()
    total = model.json(INDEX)["metadata"]["total_size"]
    t.accept(model, absent=["total_size"], options=["--strict"])
    model.index(lambda index: index["metadata"].update(total_size=17))
    t.accept(model, f"total_size says 17 bytes, the shards hold {total}")
    t.refuse(model, 3, f"{INDEX}: metadata.total_size: found 17, expected {total}", options=["--strict"])


@row("50", "an index above 64 MiB or with more than 1,000,000 names")
def index_limits(t):
    limit = 64 << 20
    model = t.model()
    text = (model / INDEX).read_text()
    model.write(INDEX, text)
    os.truncate(model / INDEX, limit + 1)  # a hole: it is refused before it is read
    t.refuse(model, 6, f"{INDEX}: size: found {limit + 1}, expected at most {limit}")
    t.case("names")
    model = t.model()
    model.write_parts(INDEX, [b'{"weight_map":{"x":"m"'], (b',"%d":"m"' % i for i in range(1_000_000)), [b"}}"])
    t.refuse(model, 6, f"{INDEX}: tensors: found more, expected at most 1000000")
    t.case("shards")
    shards = json.dumps({"weight_map": {str(i): str(i) for i in range(8193)}})
    t.refuse(raw(t, shards), 6, f"{INDEX}: shards: found more, expected at most 8192")
    t.case("at the limit")
    begin, end = text.rstrip().removesuffix("}").encode(), b'"}'
    begin += b', "padding": "'
    missing = limit - len(begin) - len(end)
    model = t.model()
    model.write_parts(INDEX, [begin], (b"x" * min(missing - at, 4096) for at in range(0, missing, 4096)), [end])
    if (model / INDEX).stat().st_size != limit:
        t.fail("the index is not as large as can be")
    t.accept(model)
