# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows 51-76: the safetensors container."""
import json
import os
import signal
import struct
import subprocess

from folder import FIRST, INDEX, SECOND, entry, safetensors
from harness import row

F = FIRST


def shard(t, content):
    """A model whose first shard is replaced."""
    model = t.model()
    model.write(F, content)
    return model


def tensors(t, entries, data=b""):
    """A model whose first shard stores these entries (an object, or header text)."""
    return shard(t, safetensors(entries, data))


def length(value, rest=b""):
    return struct.pack("<Q", value) + rest


@row("51", "a shard of 0 to 7 bytes")
def too_short(t):
    for size in range(8):
        t.refuse(shard(t, b"\0" * size), 3, f"{F}: size: found {size}, expected at least 8")


@row("52", "a header length beyond the file")
def header_length(t):
    for value in (9, 1000, 1 << 63, (1 << 64) - 1):
        t.refuse(shard(t, length(value, b"{}      ")), 3,
                 f"{F}: header length: found {value}, expected at most the file's remaining 8 bytes")


@row("53", "a header length above 100,000,000")
def header_limit(t):
    model = t.model()
    model.write(F, length(100_000_001, b"{"))
    os.truncate(model / F, 100_000_001 + 8)  # a hole
    t.refuse(model, 6, f"{F}: header length: found 100000001, expected at most 100000000")


@row("54", "a header of no bytes or with another first byte")
def first_byte(t):
    t.refuse(shard(t, length(0)), 3, f"{F}: header byte 0: found nothing, expected '{{'")
    t.refuse(shard(t, length(8, b" {}     ")), 3, f"{F}: header byte 0: found 0x20, expected '{{'")
    t.refuse(shard(t, length(8, b"[]      ")), 3, f"{F}: header byte 0: found 0x5b, expected '{{'")
    t.refuse(shard(t, length(8, b"\0" * 8)), 3, f"{F}: header byte 0: found 0x00, expected '{{'")


@row("55", "padding other than spaces behind the header")
def padding(t):
    for byte in (b"\n", b"\0", b"\t", b"x"):
        t.refuse(shard(t, length(8, b"{}     " + byte)), 3, f"{F}: header byte 7: found 0x{byte.hex()}, expected '}}' and spaces")


@row("56", "a header that is no UTF-8 or holds a lone surrogate")
def header_text(t):
    t.refuse(tensors(t, b'{"a\xffb":1}'), 3, F, "invalid UTF-8 at byte 11")
    t.refuse(tensors(t, b'{"a\xed\xa0\x80b":1}'), 3, F, "invalid UTF-8 at byte 1")
    for escape in (r"\ud800", r"\udc00", r"\ud800A"):
        t.refuse(tensors(t, '{"' + escape + '":1}'), 3, f"{F}:byte 1", "invalid string: surrogate ", ": found \"\\ud")
    t.refuse(tensors(t, '{"a":'), 3, F)
    t.refuse(tensors(t, '{"a":}'), 3, f"{F}:byte 13: found ")


@row("57", "a tensor is defined twice")
def defined_twice(t):
    one = json.dumps(entry("U8", [4], 0, 4))
    two = json.dumps(entry("U8", [4], 4, 8))
    t.refuse(tensors(t, f'{{"a":{one},"a":{two}}}', bytes(8)), 3, f"{F}: tensor a: defined twice")


@row("58", "a field appears twice, is unknown, or is missing")
def fields(t):
    t.refuse(tensors(t, '{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), 3,
             f'{F}: tensor a: field "dtype" appears twice')
    t.refuse(tensors(t, {"a": {**entry("U8", [0], 0, 0), "strides": [1]}}), 3, f'{F}: tensor a: found field "strides", expected')
    for field in ("dtype", "shape", "data_offsets"):
        fields = entry("U8", [0], 0, 0)
        del fields[field]
        t.refuse(tensors(t, {"a": fields}), 3, f'{F}: tensor a: field "{field}" is missing')
    t.refuse(tensors(t, {"a": 3}), 3, f"{F}: tensor a: found 3, expected an object")


@row("59", "__metadata__ with a value that is no string")
def metadata(t):
    for value, found in ((3, "3"), (None, "null"), ([], "a list"), ({}, "an object")):
        t.refuse(tensors(t, {"__metadata__": {"format": value}}), 3,
                 f'{F}: __metadata__: key "format": found {found}, expected a string')
    t.refuse(tensors(t, {"__metadata__": "pt"}), 3, f"{F}: __metadata__: found ", "expected an object")
    t.refuse(tensors(t, '{"__metadata__":{"a":"1","a":"2"}}'), 3, f'{F}: __metadata__: key "a" appears twice')
    t.case("good")
    for good in ({}, {"format": "pt"}):
        model = t.model()
        model.change_header(lambda header: {"__metadata__": good, **header})
        t.accept(model)


@row("60", "an unknown dtype")
def dtype(t):
    t.refuse(tensors(t, {"a": entry("F8_E4M4", [1], 0, 1)}, b"x"), 4, f'{F}: tensor a: dtype: found "F8_E4M4", expected one of BOOL,')
    t.refuse(tensors(t, {"a": entry(3, [1], 0, 1)}, b"x"), 3, f"{F}: tensor a: dtype: found 3, expected a string")


@row("61", "offsets that are no unsigned integers")
def offset_spelling(t):
    text = '{"a":{"dtype":"U8","shape":[1],"data_offsets":[%s,1]}}'
    for spelling in ("-1", "0.0", "0e0", "-0", "null", '"0"', "true", "18446744073709551616"):
        t.case(spelling)
        t.refuse(tensors(t, text % spelling, b"x"), 3, f"{F}: tensor a: data_offsets: found {spelling}", "expected unsigned integer")
    for spelling in ("00", "0x0", "+0"):
        t.case(spelling)
        t.refuse(tensors(t, text % spelling, b"x"), 3, f"{F}:byte ", "expected")
    t.case("count")
    for offsets, found in (("0", "1 numbers"), ("0,1,1", "more than two numbers")):
        t.refuse(tensors(t, '{"a":{"dtype":"U8","shape":[1],"data_offsets":[%s]}}' % offsets, b"x"), 3,
                 f"{F}: tensor a: data_offsets: found {found}, expected begin and end")
    t.case("shape")
    for spelling in ("-1", "1.0"):
        t.refuse(tensors(t, '{"a":{"dtype":"U8","shape":[%s],"data_offsets":[0,1]}}' % spelling, b"x"), 3,
                 f"{F}: tensor a: shape: found {spelling}, expected unsigned integer")


@row("62", "begin above end, end beyond the data")
def offset_order(t):
    t.refuse(tensors(t, {"a": entry("U8", [1], 2, 1)}, b"xx"), 3,
             f"{F}: tensor a: data_offsets: found [2, 1], expected begin at or before end")
    model = tensors(t, {"a": entry("U8", [16], 0, 16)}, bytes(15))
    size = os.path.getsize(model / F)
    t.refuse(model, 3, f"{F}: size: found {size}, expected {size + 1} by its header")
    t.refuse(tensors(t, {"a": entry("U8", [1], (1 << 64) - 2, (1 << 64) - 1)}, b"x"), 3, f"{F}: ", "found ", "expected ")


@row("63", "two tensors overlap")
def overlap(t):
    t.refuse(tensors(t, {"a": entry("U8", [64], 0, 64), "b": entry("U8", [64], 32, 96)}, bytes(96)), 3,
             f"{F}: tensors a [0,64) and b [32,96) overlap")
    t.refuse(tensors(t, {"a": entry("U8", [64], 0, 64), "b": entry("U8", [64], 0, 64)}, bytes(64)), 3,
             f"{F}: tensors a [0,64) and b [0,64) overlap")
    t.refuse(tensors(t, {"a": entry("U8", [64], 0, 64), "b": entry("U8", [8], 8, 16), "c": entry("U8", [8], 60, 68)},
                     bytes(68)), 3, f"{F}: tensors a [0,64) and c [60,68) overlap")


@row("64", "a hole between tensors")
def hole(t):
    t.refuse(tensors(t, {"a": entry("U8", [64], 0, 64), "b": entry("U8", [16], 80, 96)}, bytes(96)), 3,
             f"{F}: bytes [64,80) of the data belong to no tensor")
    t.refuse(tensors(t, {"a": entry("U8", [16], 80, 96)}, bytes(96)), 3, f"{F}: bytes [0,80) of the data belong to no tensor")


@row("65", "bytes behind the last tensor")
def trailing(t):
    t.refuse(tensors(t, {"a": entry("U8", [16], 0, 16)}, bytes(16 + 4096)), 3, f"{F}: 4096 bytes after last tensor")
    t.refuse(tensors(t, {}, bytes(1)), 3, f"{F}: 1 bytes after last tensor")


@row("66", "a file shorter than its header says")
def truncated(t):
    model = t.model()
    whole = os.path.getsize(model / F)
    for size in (whole - 1, whole // 2):
        os.truncate(model.own(F), size)
        t.refuse(model, 3, f"{F}: size: found {size}, expected {whole} by its header (download incomplete?)")


@row("67", "a shape whose size overflows")
def overflow(t):
    big = 1 << 40
    t.refuse(tensors(t, {"a": entry("U8", [big, big], 0, 1)}, b"x"), 3,
             f"{F}: tensor a: element count overflows: found [{big}, {big}]")
    t.refuse(tensors(t, {"a": entry("F64", [big, 1 << 21], 0, 1)}, b"x"), 3, f"{F}: tensor a: element count overflows")
    t.refuse(tensors(t, {"a": entry("U8", [1 << 63, 2], 0, 1)}, b"x"), 3,
             f"{F}: tensor a: element count overflows: found [{1 << 63}, 2]")


@row("68", "rank above 8, a dimension above 2^40")
def rank(t):
    t.refuse(tensors(t, {"a": entry("U8", [1] * 9, 0, 1)}, b"x"), 6, f"{F}: tensor a: rank: found more dimensions, expected at most 8")
    t.refuse(tensors(t, {"a": entry("U8", [(1 << 40) + 1], 0, 1)}, b"x"), 6,
             f"{F}: tensor a: dimension: found 1099511627777, expected at most 1099511627776")
    t.case("at the limits")
    accepted_extra(t, entry("U8", [1] * 8, 0, 1), b"x")
    accepted_extra(t, entry("U8", [1 << 40, 0], 0, 0), b"")


def accepted_extra(t, fields, data, name="extra"):
    """A good model with one tensor more, behind the others of its first shard."""
    model = t.model()
    header, start = model.header(F)
    old = (model / F).read_bytes()[start:]
    header[name] = {**fields, "data_offsets": [len(old), len(old) + len(data)]}
    model.write(F, safetensors(header, old + data))
    model.index(lambda index: index["weight_map"].update({name: F}))
    t.accept(model, "1 tensors that the model does not have are not used")


@row("69", "declared bytes are not shape times dtype")
def extent(t):
    t.refuse(tensors(t, {"a": entry("F32", [4, 4], 0, 60)}, bytes(60)), 3,
             f"{F}: tensor a: data_offsets span: found 60 bytes, expected 64 for [4, 4] F32")
    t.refuse(tensors(t, {"a": entry("F32", [0], 0, 4)}, bytes(4)), 3, f"{F}: tensor a: data_offsets span: found 4 bytes, expected 0")


@row("70", "a sub-byte tensor that ends within a byte")
def sub_byte(t):
    t.refuse(tensors(t, {"a": entry("F4", [3], 0, 2)}, bytes(2)), 3, f"{F}: tensor a: 12 bits are not a whole number of bytes")
    t.refuse(tensors(t, {"a": entry("F6_E2M3", [2], 0, 2)}, bytes(2)), 3, f"{F}: tensor a: 12 bits are not a whole number of bytes")


@row("71", "data that are not aligned to their elements")
def unaligned(t):
    def answer(model):
        output = t.fresh("out")
        t.check(t.compile(model, "--kernels=reference", output=output), 0)
        run = t.run("dsrun", output, "--ids", "3,5,7", "-n", "4", "--temperature", "0")
        t.check(run, 0, stdout=None)
        return run.stdout

    model = t.model()
    aligned = answer(model)
    for pad in (1, 3):
        t.case(f"{pad} bytes off")
        for name in (FIRST, SECOND):
            header, start = model.header(name)
            data = (model / name).read_bytes()[start:]
            text = json.dumps(header, separators=(",", ":"))
            model.write(name, safetensors(header, data, padding=-len(text) % 8 + pad))
        found = answer(model)
        if found != aligned or not aligned.strip():
            t.fail(f"other tokens: {found}, expected {aligned}")


@row("72", "a dimension of zero, a scalar")
def zero_size(t):
    accepted_extra(t, entry("F32", [0, 7], 0, 0), b"")
    accepted_extra(t, entry("F32", [], 0, 4), bytes(4))


@row("73", "a name that is empty, longer than 1,024 bytes, or has control characters")
def names(t):
    t.refuse(tensors(t, {"": entry("U8", [1], 0, 1)}, b"x"), 3, f"{F}: tensor : name: found nothing, expected printable text")
    for name, shown in (("a\nb", "a\\nb"), ("a\x1b[0mb", "a\\x1b[0mb"), ("a\0b", "a\\x00b"), ("a\u202eb", "a\\xe2\\x80\\xaeb"),
                        ("a\u009bb", "a\\xc2\\x9bb")):
        t.refuse(tensors(t, {name: entry("U8", [1], 0, 1)}, b"x"), 3, f"{F}: tensor {shown}: name: found a control")
    t.refuse(tensors(t, {"a" * 1025: entry("U8", [1], 0, 1)}, b"x"), 6, f"{F}: tensor aaa", "name length: found 1025, expected at most 1024")
    t.case("at the limit")
    accepted_extra(t, entry("U8", [1], 0, 1), b"x", "a" * 1024)


@row("74", "1,300,000 tiny tensors")
def many(t):
    model = t.model()
    for name in (FIRST, SECOND, INDEX):
        model.remove(name)
    first, end = b'{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}', b"}"
    others = (b',"%07d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}' % i for i in range(1_300_000))
    size = len(first) + 1_300_000 * len(b',"0000000":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}') + len(end)
    padding = b" " * (-size % 8)
    model.write_parts("model.safetensors", [length(size + len(padding)), first], others, [end, padding])
    t.refuse(model, 6, "model.safetensors: tensors: found more, expected at most 1000000")


@row("75", "a file changes while dsc compiles")
def changed(t):
    def append(path):
        with open(path, "ab") as file:
            file.write(b"x")

    def touch(path):
        os.utime(path, ns=(1, 1))

    def replace(path):
        other, status = t.fresh("other"), path.stat()
        other.write_bytes(path.read_bytes())
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.replace(other, path)

    cases = [(FIRST, append), (SECOND, touch), (SECOND, replace), ("config.json", append), (INDEX, touch)]
    for name, change in cases:
        t.case(f"{change.__name__} {name}")
        model = t.model()
        path = model.own(name)
        output = t.output()
        change_while_compiling(t, model, output, lambda: change(path), f"{name}: changed while being read")
        t.untouched(output)


def change_while_compiling(t, model, output, change, part):
    """Stops dsc when it has read the headers, changes something, lets it go on."""
    command = [t.tools.bin / "dsc", "compile", model.path, "-o", output, "--kernels=reference"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as child:
        seen = b""
        while b"read config and headers" not in seen and child.poll() is None:
            seen += os.read(child.stderr.fileno(), 4096)
        child.send_signal(signal.SIGSTOP)
        change()
        child.send_signal(signal.SIGCONT)
        out, rest = child.communicate(timeout=60)
    run = Finished(command, child.returncode, out, seen + rest)
    t.check(run, 5, part)


class Finished:
    """What Trial.check looks at, of a process that was not run by Trial.run."""

    def __init__(self, command, exit, stdout, stderr):
        self.command, self.exit, self.stdout = " ".join(map(str, command)), exit, stdout
        self.stderr_bytes, self.stderr = stderr, stderr.decode(errors="surrogateescape")
        self.seconds = self.mib = 0


@row("76", "a ZIP or ELF glued to a shard")
def polyglot(t):
    model = t.model()
    good = (model / F).read_bytes()
    for glued, parts in ((b"PK\x03\x04" + bytes(26), ("header length: found",)), (b"\x7fELF\x02\x01\x01\0", ("header length: found",))):
        t.refuse(shard(t, glued + good), 3, F, *parts)
    t.refuse(shard(t, good + b"PK\x05\x06" + bytes(18)), 3, f"{F}: 22 bytes after last tensor")
