# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the character classes of the pre-tokenizer as a two-stage table.

UnicodeTables.py UnicodeData.txt OUT

kUnicodeBlockOf[code point / 256] is a block, kUnicodeBlocks[block][code point
% 256] is a CharClass (runtime/text/CharClass.h).
"""

import sys

OTHER, LETTER, MARK, NUMBER, PUNCTUATION, SYMBOL, SPACE = range(7)
BY_CATEGORY = {"L": LETTER, "M": MARK, "N": NUMBER, "P": PUNCTUATION,
               "S": SYMBOL, "Z": SPACE}
# The controls that regular expressions count as white space.
SPACE_CONTROLS = {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85}


def classes(path):
    table = bytearray(0x110000)
    first = None
    for line in open(path, encoding="ascii"):
        code, name, category = line.split(";")[:3]
        last = int(code, 16)
        if name.endswith(", First>"):
            first = last
            continue
        start = first if name.endswith(", Last>") else last
        value = BY_CATEGORY.get(category[0], OTHER)
        if last in SPACE_CONTROLS:
            value = SPACE
        for point in range(start, last + 1):
            table[point] = value
    return table


def rows(values):
    for i in range(0, len(values), 32):
        yield "  " + ",".join(str(v) for v in values[i:i + 32]) + ","


def main():
    source, out = sys.argv[1:]
    table = classes(source)
    blocks, index = {}, []
    for start in range(0, len(table), 256):
        index.append(blocks.setdefault(bytes(table[start:start + 256]),
                                       len(blocks)))
    assert len(blocks) <= 256
    with open(out, "w", encoding="ascii") as file:
        print(f"constexpr uint8_t kUnicodeBlockOf[{len(index)}] = {{",
              *rows(index), "};", sep="\n", file=file)
        print(f"constexpr uint8_t kUnicodeBlocks[{len(blocks)}][256] = {{",
              *("  {\n" + "\n".join(rows(block)) + "\n  }," for block in blocks),
              "};", sep="\n", file=file)


main()
