# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A plan whose fields a test changes by the names that runtime/plan/README.md gives them.

The offsets come from the tables of that specification, so nothing of the
reader under test is used. After a change `seal` makes the digests right again:
what is then refused is refused for what it says.
"""
import hashlib
import pathlib
import re
import struct

README = pathlib.Path(__file__).resolve().parents[2] / "runtime" / "plan" / "README.md"
HEADER, ENTRY = 56, 56
MUST_UNDERSTAND = 1


def layouts():
    """tag -> (record size, {field: (offset, bytes)}) of every table of the specification."""
    found = {}
    for tag, size, table in re.findall(r"\*\*(\w{4}), (\d+) bytes\*\*[^|]*\n((?:\|.*\n)+)", README.read_text()):
        rows = re.findall(r"\| (\d+) \| (\d+) \| `(\w+)` \|", table)
        found[tag] = int(size), {field: (int(at), int(width)) for at, width, field in rows}
    return found


LAYOUTS = layouts()


class Plan:
    def __init__(self, path):
        self.path = path
        self.data = bytearray(path.read_bytes())

    def header(self):
        """major, minor, sections, file size."""
        return struct.unpack_from("<HHIQ", self.data, 8)

    def set_header(self, major, minor, sections, size):
        struct.pack_into("<HHIQ", self.data, 8, major, minor, sections, size)

    def entry_at(self, tag):
        """Where the table's entry of a section is."""
        for i in range(self.header()[2]):
            at = HEADER + i * ENTRY
            if self.data[at:at + 4] == tag.encode():
                return at
        raise KeyError(tag)

    def entry(self, tag):
        """flags, offset, size."""
        return struct.unpack_from("<IQQ", self.data, self.entry_at(tag) + 4)

    def set_entry(self, tag, flags=None, offset=None, size=None):
        old = self.entry(tag)
        new = [o if n is None else n for o, n in zip(old, (flags, offset, size))]
        struct.pack_into("<IQQ", self.data, self.entry_at(tag) + 4, *new)

    def tags(self):
        return [self.data[HEADER + i * ENTRY:][:4].decode() for i in range(self.header()[2])]

    def count(self, tag):
        return self.entry(tag)[2] // LAYOUTS[tag][0]

    def place(self, tag, record, field):
        size, fields = LAYOUTS[tag]
        at, width = fields[field]
        return self.entry(tag)[1] + record * size + at, {2: "<H", 4: "<I", 8: "<Q"}[min(width, 8)]

    def get(self, tag, record, field):
        at, form = self.place(tag, record, field)
        return struct.unpack_from(form, self.data, at)[0]

    def set(self, tag, record, field, value):
        at, form = self.place(tag, record, field)
        struct.pack_into(form, self.data, at, value)
        return self

    def string(self, offset):
        start = self.entry("STRS")[1] + offset
        return self.data[start:self.data.index(0, start)].decode()

    def replace_string(self, offset, text):
        """A text of the same length in the place of another."""
        if len(text) != len(self.string(offset)):
            raise ValueError(f"{text!r} is not as long as {self.string(offset)!r}")
        start = self.entry("STRS")[1] + offset
        self.data[start:start + len(text)] = text.encode()
        return self

    def add_section(self, tag, flags, content):
        """Puts a section before CODE."""
        entries = [(t, *self.entry(t)) for t in self.tags()]
        contents = {t: bytes(self.data[o:o + s]) for t, _, o, s in entries}
        contents[tag] = content
        at = [t for t, _, _, _ in entries].index("CODE")
        entries.insert(at, (tag, flags, 0, len(content)))
        out, table = bytearray(HEADER + ENTRY * len(entries)), []
        out[:HEADER] = self.data[:HEADER]
        for name, flag, _, _ in entries:
            align = 4096 if name in ("CODE", "DATA") else 64
            out += bytes(-len(out) % align)
            table.append((name, flag, len(out), len(contents[name])))
            out += contents[name]
        for i, (name, flag, offset, size) in enumerate(table):
            struct.pack_into("<4sIQQ", out, HEADER + i * ENTRY, name.encode(), flag, offset, size)
        self.data = out
        major, minor, _, _ = struct.unpack_from("<HHIQ", self.data, 8)
        self.set_header(major, minor, len(entries), len(out))
        return self

    def seal_header(self):
        """Makes the digest of header and table right."""
        self.data[24:56] = bytes(32)
        end = HEADER + self.header()[2] * ENTRY
        self.data[24:56] = hashlib.sha256(self.data[:end]).digest()
        return self

    def seal(self):
        """Makes every digest right: images, sections, header."""
        code = self.entry("CODE")[1]
        for i in range(self.count("IMGS")):
            begin = code + self.get("IMGS", i, "offset")
            at, _ = self.place("IMGS", i, "digest")
            size = self.get("IMGS", i, "size")
            self.data[at:at + 32] = hashlib.sha256(self.data[begin:begin + size]).digest()
        for tag in self.tags():
            _, offset, size = self.entry(tag)
            if tag != "DATA":
                at = self.entry_at(tag) + 24
                self.data[at:at + 32] = hashlib.sha256(self.data[offset:offset + size]).digest()
        return self.seal_header()

    def write(self):
        self.path.write_bytes(self.data)
        return self.path
