# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads a safetensors file with the standard library alone."""
import array
import json
import struct

CODES = {"F32": "f", "I64": "q", "I32": "i"}


def read(path):
    """name -> (shape, array of values in row-major order)."""
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = array.array(CODES[entry["dtype"]])
        values.frombytes(data[begin:end])
        tensors[name] = (entry["shape"], values)
    return tensors
