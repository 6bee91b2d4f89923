#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""w8a8.py BIN CHECKPOINT KERNELS: --activations=fp8 against the float64 reference that quantises the same inputs.

Quantising is a staircase: where a value lies next to a step, the least rounding before it picks the other of two codes, and
that code, 6 percent of its value, moves everything behind it. Reference kernels round to f32 only, so up to the first such
place they agree with the reference to f32's precision; EXACT is how many positions that is. From there on, and with bf16
between the quantised projections, agreement is what the staircase leaves.
"""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import fidelity
import safetensors

# Leading positions that agree, and the smallest gap between router scores at which expert sets must be the same. tiny-r1 was
# trained: its router has near ties. Rounded to bf16, values are off by 2^-9 before they meet the staircase.
EXACT = {"micro-v3-fp8": 15, "micro-v31-ue8m0": 48, "tiny-r1": 39}
MARGIN = {"reference": {"micro-v3-fp8": 0, "micro-v31-ue8m0": 0, "tiny-r1": 0.03},
          "native": {"micro-v3-fp8": 0.1, "micro-v31-ue8m0": 0.1, "tiny-r1": 0.03}}
EXACT_BOUND, BOUND = 1e-5, 0.12


def compare(dump, reference, exact, margin):
    """Lines that say what is wrong, and the worst errors: of the leading positions, of all."""
    wrong, worst = [], [0.0, 0.0]
    for name in ("logits", "hidden"):
        shape, wanted = reference[name]
        found_shape, found = dump[name]
        if list(found_shape) != list(shape):
            return [f"{name}: shape {found_shape}, expected {shape}"], worst
        layers = 1 if name == "logits" else shape[0]
        size, width = len(wanted) // layers, shape[-1]
        for layer in range(layers):
            for which, count, bound in (0, exact * width, EXACT_BOUND), (1, size, BOUND):
                if not count:
                    continue
                part = slice(layer * size, layer * size + count)
                error = fidelity.relative_rms(found[part], wanted[part])
                worst[which] = max(worst[which], error)
                if not error <= bound:
                    wrong.append(f"{name}[{layer}], first {count // width} positions: error {error:.2e}, at most {bound:.2e}")
    (layers, tokens, k), wanted = reference["experts"]
    found = dump["experts"][1]
    for at, gap in enumerate(reference["margin"][1]):
        mine, theirs = (set(list_[at * k:at * k + k]) for list_ in (found, wanted))
        if gap >= margin and mine != theirs:
            wrong.append(f"experts: layer {at // tokens} token {at % tokens}: {mine}, expected {theirs}, margin {gap:.3f}")
    return wrong, worst


def main():
    bin_dir, checkpoint, kernels = sys.argv[1:]
    bin_dir, checkpoint = pathlib.Path(bin_dir), pathlib.Path(checkpoint)
    name, level = checkpoint.name, fidelity.LEVELS[kernels][0]
    reference = safetensors.read(checkpoint.parent / "w8a8" / f"{name}.safetensors")
    ids = ",".join(map(str, reference["input_ids"][1]))
    tokens = len(reference["input_ids"][1])
    exact = EXACT[name] if kernels == "reference" else 0
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        weights, plan, dump = checkpoint, folder / "plan.bin", folder / "dump.safetensors"
        if name.startswith("micro"):
            weights = folder / "checkpoint"
            fidelity.run(bin_dir / "make-checkpoint", name, weights)
        fidelity.run(bin_dir / "dsc", "compile", weights, "-o", plan, f"--kernels={kernels}", "--activations=fp8",
                     "--taps=hidden,experts", "--cpu", level, "-q")
        for chunk in (1, 7, 512):
            fidelity.run(bin_dir / "dsrun", plan, "--ids", ids, "--chunk", chunk, "--dump", dump)
            wrong, worst = compare(safetensors.read(dump), reference, exact, MARGIN[kernels][name])
            print(f"chunk {chunk}: first {exact} positions {worst[0]:.2e}, all {worst[1]:.2e}")
            failures += [f"chunk {chunk}: {w}" for w in wrong]
        found = fidelity.decoded(bin_dir / "e2e_decode_logits", plan, level, tokens // 2, ids)
        wanted = reference["logits"][1]
        error = fidelity.relative_rms(found, wanted) if len(found) == len(wanted) else float("inf")
        print(f"{tokens // 2} prefilled, {tokens - tokens // 2} decoded: all {error:.2e}")
        if not error <= BOUND:
            failures.append(f"decoded: error {error:.2e}, at most {BOUND:.2e}")
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


main()
