# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""decompress.py FILE.gz OUT"""

import gzip
import pathlib
import sys

source, out = map(pathlib.Path, sys.argv[1:])
out.parent.mkdir(parents=True, exist_ok=True)
out.write_bytes(gzip.decompress(source.read_bytes()))
