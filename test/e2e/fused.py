#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""fused.py BIN CHECKPOINT ACTIVATIONS: calls that are merged give the bits of the calls they stand for.

Compiles CHECKPOINT with reference kernels, with --fuse=off and on, for ACTIVATIONS (`default`: what reference kernels have),
and compares every byte of hidden values, experts and logits of a prefilled and of a decoded prompt.
"""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import fidelity

IDS = ",".join(str(7 * i % 500) for i in range(24))


def main():
    bin_dir, checkpoint, activations = sys.argv[1:]
    bin_dir = pathlib.Path(bin_dir)
    level, options = fidelity.LEVELS["reference"][0], []
    if activations != "default":
        options = [f"--activations={activations}"]
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        weights, plan, dump = folder / "checkpoint", folder / "plan.bin", folder / "dump.safetensors"
        fidelity.run(bin_dir / "make-checkpoint", pathlib.Path(checkpoint).name, weights)
        for fuse in ("off", "on"):
            fidelity.run(bin_dir / "dsc", "compile", weights, "-o", plan, "--kernels=reference", f"--fuse={fuse}", *options,
                         "--taps=hidden,experts", "--cpu", level, "-q")
            fidelity.run(bin_dir / "dsrun", plan, "--ids", IDS, "--chunk", 7, "--dump", dump)
            decoded = fidelity.decoded(bin_dir / "e2e_decode_logits", plan, level, 5, IDS)
            results[fuse] = {"prefilled": dump.read_bytes(), "decoded": decoded.tobytes()}
    for name, bits in results["off"].items():
        print(f"{name}: {len(bits)} bytes, {'the same' if results['on'][name] == bits else 'NOT the same'}")
    sys.exit(results["on"] != results["off"])


main()
