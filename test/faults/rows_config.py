# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""config.json."""
import json

from folder import ABSENT
from harness import row


@row("22", "a key appears twice in config.json")
def twice(t):
    model = t.model().config_text('"hidden_size": 192', '"hidden_size": 192, "hidden_size": 4096')
    t.refuse(model, 3, "config.json", 'key "hidden_size"', "appears twice (192, then 4096)")
