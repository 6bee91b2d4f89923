# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A checkpoint folder that a test breaks: large files are links to a good one until they are written."""
import json
import os
import shutil
import struct

INDEX = "model.safetensors.index.json"
FIRST, SECOND = "model-00001-of-000002.safetensors", "model-00002-of-000002.safetensors"
ABSENT = object()  # config(key=ABSENT) removes the key


def safetensors(header, data=b"", padding=None):
    """A file of this header (JSON text or an object)."""
    text = header if isinstance(header, (bytes, str)) else json.dumps(header, separators=(",", ":"))
    text = text.encode() if isinstance(text, str) else text
    text += b" " * (-len(text) % 8 if padding is None else padding)
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


class Model:
    def __init__(self, base, path):
        self.path = path
        path.mkdir()
        for file in base.iterdir():
            if file.stat().st_size < 1 << 18:
                shutil.copyfile(file, path / file.name)
            else:
                os.link(file, path / file.name)

    def __truediv__(self, name):
        return self.path / name

    def __str__(self):
        return str(self.path)

    def write(self, name, content):
        """Replaces a file; the good folder's stays."""
        self.remove(name)
        (self / name).write_bytes(content.encode() if isinstance(content, str) else content)

    def write_parts(self, name, *parts):
        """The same of a large file: iterables of bytes, which are never all in memory."""
        self.remove(name)
        with open(self / name, "wb") as file:
            for part in parts:
                file.writelines(part)

    def remove(self, name):
        (self / name).unlink(missing_ok=True)

    def own(self, name):
        """Makes a file this folder's alone, to change its mode or some of its bytes."""
        content = (self / name).read_bytes()
        self.write(name, content)
        return self / name

    # config.json and other small JSON files.

    def json(self, name):
        return json.loads((self / name).read_text())

    def config(self, **changes):
        """Sets keys of config.json; ABSENT removes one."""
        config = self.json("config.json")
        for key, value in changes.items():
            if value is ABSENT:
                config.pop(key, None)
            else:
                config[key] = value
        self.write("config.json", json.dumps(config, indent=1))
        return self

    def config_text(self, old, new):
        """Replaces text in config.json that stands there once."""
        text = (self / "config.json").read_text()
        if text.count(old) != 1:
            raise ValueError(f"config.json holds {old!r} {text.count(old)} times")
        self.write("config.json", text.replace(old, new))
        return self

    # The index: change gets its object and may return another.

    def index(self, change):
        index = self.json(INDEX)
        changed = change(index)
        self.write(INDEX, json.dumps(index if changed is None else changed))
        return self

    # Shards.

    def header(self, shard=FIRST):
        """The tensors of the header as an object, and where the data begins."""
        with open(self / shard, "rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(size))
            header.pop("__metadata__", None)
            return header, 8 + size

    def change_header(self, change, shard=FIRST, data=None):
        """change gets the header's object and may return another object or text; the data stay."""
        header, start = self.header(shard)
        if data is None:
            data = (self / shard).read_bytes()[start:]
        changed = change(header)
        self.write(shard, safetensors(header if changed is None else changed, data))
        return self

    def shard_of(self, tensor):
        return self.json(INDEX)["weight_map"][tensor]

    def tensors(self):
        """Every tensor in both headers with its shard."""
        return {name: (shard, fields) for shard in (FIRST, SECOND) for name, fields in self.header(shard)[0].items()}

    def rebuild(self, change):
        """change gets {name: [shard, dtype, shape, bytes]} and alters it; shards and index are written anew."""
        stored = {}
        for shard in (FIRST, SECOND):
            content = (self / shard).read_bytes()
            header, start = self.header(shard)
            header.pop("__metadata__", None)
            for name, fields in header.items():
                begin, end = fields["data_offsets"]
                stored[name] = [shard, fields["dtype"], fields["shape"], content[start + begin:start + end]]
        change(stored)
        for shard in (FIRST, SECOND):
            header, data = {}, []
            at = 0
            for name, (home, dtype, shape, content) in stored.items():
                if home == shard:
                    header[name] = entry(dtype, shape, at, at + len(content))
                    at += len(content)
                    data.append(content)
            self.write(shard, safetensors(header, b"".join(data)))
        total = sum(len(content) for _, _, _, content in stored.values())
        self.write(INDEX, json.dumps({"metadata": {"total_size": total},
                                      "weight_map": {name: fields[0] for name, fields in stored.items()}}))
        return self

    def patch(self, tensor, at, content):
        """Overwrites bytes of one tensor's data."""
        shard = self.shard_of(tensor)
        header, start = self.header(shard)
        begin, end = header[tensor]["data_offsets"]
        if at + len(content) > end - begin:
            raise ValueError(f"{tensor} has {end - begin} bytes")
        with open(self.own(shard), "r+b") as file:
            file.seek(start + begin + at)
            file.write(content)
        return self
