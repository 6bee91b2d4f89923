#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""second_reader.py BIN CHECKPOINT: a reader of plans made from runtime/plan/README.md alone.

Layouts, strings, enumerations, floats, arrays and names in JSON come from the
tables of that document; places and digests are checked as its text says. What
it reads of a plan, field by field, is what `dsc inspect --json` says, for a plan
that refers to its weights, for one that carries them, and for plans for GPUs.
"""
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

README = pathlib.Path(__file__).resolve().parents[2] / "runtime" / "plan" / "README.md"
NUMBERS = {2: "<H", 4: "<I", 8: "<Q"}


class Format:
    """The tables of the specification."""

    def __init__(self, text):
        self.records = {}  # title -> (bytes, [(field, offset, bytes, meaning)])
        for title, size, rows in re.findall(r"\*\*([\w ]+), (\d+) bytes\*\*\n\n\| at .*\n\|-.*\n((?:\|.*\n)+)", text):
            fields = re.findall(r"\| (\d+) \| (\d+) \| `(\w+)` \| (.*) \|", rows)
            self.records[title] = int(size), [(name, int(at), int(width), meaning) for at, width, name, meaning in fields]
        rows = re.findall(r"^\| `(\w{4})` \| `(\w+)` \| (?:yes|no) \| (\d+) \|", text, re.M)
        self.sections = {tag: int(size) for tag, _, size in rows}
        self.members = {tag: member for tag, member, _ in rows}  # names in JSON


def choices(meaning):
    """The names of an enumeration, "0 f32, 1 bf16 (a note); …"; empty for another meaning."""
    items = [re.fullmatch(r"(\d+) ([\w ]+)", item) for item in re.sub(r" \(.*?\)", "", meaning.split(";")[0]).split(", ")]
    if not all(items) or [int(item[1]) for item in items] != list(range(len(items))):
        return []
    return [item[2].replace(" ", "_") for item in items]


def value(data, at, width, meaning, strings):
    """A field as JSON shows it."""
    raw = data[at:at + width]
    if "SHA-256" in meaning:
        return raw.hex()
    if meaning.startswith("string"):
        return strings(struct.unpack("<I", raw)[0])
    if meaning.startswith("f32"):
        return struct.unpack("<f", raw)[0]
    if meaning.startswith("u64 "):
        return list(struct.unpack(f"<{width // 8}Q", raw))
    if width not in NUMBERS:
        return list(struct.unpack(f"<{width // 4}I", raw))
    number = struct.unpack(NUMBERS[width], raw)[0]
    names = choices(meaning)
    return names[number] if names else number


class Plan:
    def __init__(self, path, form):
        self.data, self.form = path.read_bytes(), form
        self.header = self.record("Header", 0)
        size, _ = form.records["Header"]
        step, _ = form.records["Section entry"]
        entries = [self.record("Section entry", size + i * step) for i in range(self.header["sections"])]
        self.table = {entry["tag"]: entry for entry in entries}

    def string(self, offset):
        begin = self.table["STRS"]["offset"] + offset
        return self.data[begin:self.data.index(0, begin)].decode()

    def record(self, title, at):
        fields = {}
        for name, offset, width, meaning in self.form.records[title][1]:
            if name in ("magic", "tag"):
                fields[name] = self.data[at + offset:at + offset + width].decode("latin-1")
            elif name != "reserved":
                fields[name] = value(self.data, at + offset, width, meaning, self.string)
        return fields

    def section(self, tag):
        """Records, the bytes' number, or the numbers."""
        if tag not in self.table:
            return None
        offset, size = self.table[tag]["offset"], self.table[tag]["size"]
        if tag in self.form.records:
            step = self.form.records[tag][0]
            return [self.record(tag, at) for at in range(offset, offset + size, step)]
        if self.form.sections[tag] == 4:
            return list(struct.unpack_from(f"<{size // 4}I", self.data, offset))
        return {"bytes": size}

    def check_places(self):
        """Sections lie in the order of the document, at their boundaries, with zeros between and nothing behind."""
        wrong = [] if sorted(self.table, key=list(self.form.sections).index) == list(self.table) else ["order of sections"]
        end = self.form.records["Header"][0] + len(self.table) * self.form.records["Section entry"][0]
        for tag, entry in self.table.items():
            boundary = 4096 if tag in ("CODE", "DATA") else 64
            if entry["offset"] != -(-end // boundary) * boundary or any(self.data[end:entry["offset"]]):
                wrong.append(f"place of {tag}")
            end = entry["offset"] + entry["size"]
        return wrong + ([] if end == len(self.data) == self.header["file_size"] else ["size of the file"])

    def check_tokenizer(self):
        """TOKN is its header and, without holes, what that counts: 256 ids of bytes, three kinds of records, text."""
        entry, sizes = self.table["TOKN"], {title: size for title, (size, _) in self.form.records.items()}
        header = self.record("Tokenizer header", entry["offset"])
        size = (sizes["Tokenizer header"] + 256 * 4 + header["real_tokens"] * sizes["Token record"]
                + header["merges"] * sizes["Merge record"] + header["controls"] * sizes["Control record"] + header["text_bytes"])
        chat = self.record("Chat record", self.table["CHAT"]["offset"])
        wrong = [] if size == entry["size"] else [f"TOKN has {entry['size']} bytes, expected {size}"]
        return wrong + [f"CHAT.{name} is {chat[name]}, TOKN says {header[name]}" for name in ("bos", "eos") if chat[name] != header[name]]

    def check_digests(self):
        """Header and table, every section but DATA, and weights that are carried."""
        wrong = []
        end = self.form.records["Header"][0] + len(self.table) * self.form.records["Section entry"][0]
        at, width = next((at, width) for name, at, width, _ in self.form.records["Header"][1] if name == "digest")
        blank = self.data[:at] + bytes(width) + self.data[at + width:end]
        if hashlib.sha256(blank).hexdigest() != self.header["digest"]:
            wrong.append("header")
        for tag, entry in self.table.items():
            content = self.data[entry["offset"]:entry["offset"] + entry["size"]]
            if tag != "DATA" and hashlib.sha256(content).hexdigest() != entry["digest"]:
                wrong.append(tag)
        for weight, digest in zip(self.section("WGHT"), self.section("WDIG") or []):
            if weight["source"] == "data":
                begin = self.table["DATA"]["offset"] + weight["offset"]
                if hashlib.sha256(self.data[begin:begin + weight["size"]]).hexdigest() != digest["digest"]:
                    wrong.append(weight["name"])
        return [f"digest of {name} does not match" for name in wrong]


def compare(where, mine, theirs, wrong):
    if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for i, (a, b) in enumerate(zip(mine, theirs)):
            compare(f"{where}[{i}]", a, b, wrong)
    elif isinstance(mine, dict) and isinstance(theirs, dict) and mine.keys() == theirs.keys():
        for key in mine:
            compare(f"{where}.{key}", mine[key], theirs[key], wrong)
    elif isinstance(mine, float):
        if abs(mine - theirs) > 1e-6 * abs(mine):
            wrong.append(f"{where}: {mine}, inspect says {theirs}")
    elif mine != theirs:
        wrong.append(f"{where}: {mine!r}, inspect says {theirs!r}")


def main():
    bin_dir, checkpoint = map(pathlib.Path, sys.argv[1:])
    form = Format(README.read_text())
    wrong, fields = [], 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.plan"
        compiled = [bin_dir / "dsc", "compile", checkpoint, "-o", path, "-q"]
        for command in (compiled, [*compiled, "--bundle", "--cpu=avx2,avx512bf16", "--taps=hidden,experts"],
                        [bin_dir / "gpu-plan", "cuda", folder], [bin_dir / "gpu-plan", "cuda-emu", folder]):
            subprocess.run(command, check=True)
            theirs = json.loads(subprocess.run([bin_dir / "dsc", "inspect", path, "--json"], check=True,
                                               capture_output=True, text=True).stdout)
            plan = Plan(path, form)
            wrong += plan.check_places() + plan.check_digests()
            if "TOKN" in plan.table:
                wrong += plan.check_tokenizer()
            for key, number in plan.header.items():
                if key != "magic":
                    compare(f"header.{key}", number, theirs["header"][key], wrong)
            compare("table", list(plan.table.values()), theirs["table"], wrong)
            for tag, member in form.members.items():
                mine = plan.section(tag)
                if mine is not None and tag != "DATA":
                    compare(tag, mine, theirs[member], wrong)
                    fields += len(mine)
    # Control: a field that is told otherwise shows.
    told, found = plan.section("STEP"), []
    compare("STEP", [dict(step, kernel=step["kernel"] ^ 1) for step in told], told, found)
    if len(found) != len(told):
        wrong.append("the comparison does not see a changed field")
    print("\n".join(wrong[:20]))
    print(f"{fields} records compared, {len(wrong)} differ")
    sys.exit(1 if wrong or not fields else 0)


main()
