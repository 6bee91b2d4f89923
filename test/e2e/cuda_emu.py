#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""cuda_emu.py BIN CHECKPOINT SM ACTIVATIONS: a model on the emulation of CUDA against its float64 reference values.

The plan's kernels are those of --target=cuda, compiled for the emulation. The
reference's input runs as prompts cut in several ways, and as a prompt whose
rest is decoded token by token. With bf16 activations the greedy tokens are the
reference's while its choice is clear; with fp8 one code that rounds the other
way moves a result too far for a claim on tokens.
"""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import safetensors
from fidelity import compare, compare_positions, decoded, relative_rms, run

# Relative root mean square error of logits and hidden values. Every rounding to
# bf16 gives 1.0e-2; reference values of w8a8 computed in plain f32 differ from
# themselves by 5e-2.
BOUNDS = {"bf16": 1.5e-2, "fp8": 0.12}
CLEAR = 0.02  # greedy_gap


def greedy(dsrun, plan, reference):
    """What is wrong with the generated tokens up to the first unclear choice."""
    ids = reference["input_ids"][1]
    wanted = list(reference["greedy"][1])[len(ids):]
    gaps = list(reference["greedy_gap"][1])
    clear = next((i for i, gap in enumerate(gaps) if gap < CLEAR), len(gaps))
    out = run(dsrun, plan, "--ids", ",".join(map(str, ids)), "-n", clear, "--temperature", 0, "--ignore-eos")
    found = [int(x) for x in out.strip().split(",")]
    print(f"greedy: {clear} clear choices")
    return [] if clear and found == wanted[:clear] else [f"greedy: {found}, expected {wanted[:clear]}"]


def main():
    bin_dir, checkpoint, sm, activations = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), *sys.argv[3:]
    dsc, dsrun, bound = bin_dir / "dsc", bin_dir / "dsrun-emu", BOUNDS[activations]
    reference = safetensors.read(checkpoint / "reference.safetensors" if activations == "bf16" else
                                 checkpoint.parent / "w8a8" / f"{checkpoint.name}.safetensors")
    ids = ",".join(map(str, reference["input_ids"][1]))
    tokens = len(reference["input_ids"][1])
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        run(bin_dir / "make-checkpoint", checkpoint.name, folder / "checkpoint")
        plan, dump, whole = folder / "plan.bin", folder / "dump.safetensors", None
        run(dsc, "compile", folder / "checkpoint", "-o", plan, "--target=cuda-emu", "--sm", sm,
            f"--activations={activations}", "--taps=hidden,experts", "--no-cache", "-q")
        for chunk in (512, 7):
            run(dsrun, plan, "--ids", ids, "--chunk", chunk, "--dump", dump)
            found = safetensors.read(dump)
            wrong, errors = compare(found, reference, bound)
            if activations == "fp8":  # an argmax is a claim on tokens
                wrong = [w for w in wrong if not w.startswith("argmax")]
            print(f"chunk {chunk}: " + ", ".join(f"{n} {e:.2e}" for n, e in errors.items()))
            failures += [f"chunk {chunk}: {w}" for w in wrong]
            # How a prompt is cut changes no bit.
            whole = whole or found["logits"][1]
            if found["logits"][1].tobytes() != whole.tobytes():
                failures.append(f"chunk {chunk}: logits differ from those of one chunk, "
                                f"error {relative_rms(found['logits'][1], whole):.2e}")
        found = decoded(bin_dir / "e2e_decode_logits", plan, f"sm_{sm}", tokens // 2, ids)
        wrong, worst = compare_positions(found, reference, bound)
        error = relative_rms(found, reference["logits"][1])
        print(f"{tokens // 2} prefilled, {tokens - tokens // 2} decoded: logits {error:.2e}, {worst:.2e} at worst")
        if activations == "bf16":
            failures += [f"decoded: {w}" for w in wrong]
            failures += greedy(dsrun, plan, reference)
        elif not error <= bound:  # one position alone says little
            failures.append(f"decoded: error {error:.2e}, at most {bound:.2e}")
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


main()
