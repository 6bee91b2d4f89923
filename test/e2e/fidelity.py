#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""fidelity.py BIN CHECKPOINT KERNELS FORM: a compiled model against its float64 reference values.

Compiles CHECKPOINT with --kernels=KERNELS, --force-mla=FORM (not for `default`:
the form follows the phase) and both taps, then runs the reference's input in
prefill chunks of 1, 7, 16 and all tokens, and once more as a prompt whose rest
is decoded token by token; native kernels at every level of the plan that this
CPU has.
"""
import array
import math
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import safetensors

LEVELS = {"reference": ["avx2"], "native": ["avx2", "avx512", "avx512bf16"]}
UNFIT = 8  # dsrun's exit status where the CPU lacks what a level needs
# Relative root mean square error of the logits and of each layer's hidden
# values; smallest greedy_gap at which tokens must agree. Calibration: the same
# forward pass in f32 gives 1e-6, with every rounding to bf16 1.0e-2.
BOUNDS = {"reference": (1e-5, 0.002), "native": (1.5e-2, 0.02)}
ARGMAX_GAP = 0.05  # of the logits' standard deviation


def relative_rms(found, wanted):
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(found, wanted)) / sum(b * b for b in wanted))


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stderr}")
    return done.stdout


def deviation(row):
    mean = sum(row) / len(row)
    return math.sqrt(sum((x - mean) ** 2 for x in row) / len(row))


def argmax_disagreements(found, wanted, vocab):
    """Positions whose best token differs though the reference's choice is clear."""
    wrong = []
    for t in range(len(wanted) // vocab):
        row = wanted[t * vocab:(t + 1) * vocab]
        second, first = sorted(row)[-2:]
        if first - second >= ARGMAX_GAP * deviation(row):
            mine = found[t * vocab:(t + 1) * vocab]
            if max(range(vocab), key=mine.__getitem__) != max(range(vocab), key=row.__getitem__):
                wrong.append(t)
    return wrong


def compare(dump, reference, bound):
    """Lines that say what is wrong, and the errors measured."""
    wrong, errors = [], {}
    for name in ("logits", "hidden"):
        shape, wanted = reference[name]
        found_shape, found = dump[name]
        if list(found_shape) != list(shape):
            return [f"{name}: shape {found_shape}, expected {shape}"], errors
        slices = 1 if name == "logits" else shape[0]
        size = len(wanted) // slices
        for i in range(slices):
            error = relative_rms(found[i * size:(i + 1) * size], wanted[i * size:(i + 1) * size])
            errors[name] = max(errors.get(name, 0.0), error)
            if not error <= bound:
                wrong.append(f"{name}[{i}]: error {error:.2e}, at most {bound:.2e}")
    shape, wanted = reference["experts"]
    found = dump["experts"][1]
    k = shape[2]
    for at in range(0, len(wanted), k):
        if set(found[at:at + k]) != set(wanted[at:at + k]):
            wrong.append(f"experts: layer {at // k // shape[1]} token {at // k % shape[1]}: "
                         f"{list(found[at:at + k])}, expected {list(wanted[at:at + k])}")
    vocab = reference["logits"][0][1]
    wrong += [f"argmax differs at position {t}"
              for t in argmax_disagreements(dump["logits"][1], reference["logits"][1], vocab)]
    return wrong, errors


def can_run(dsrun, plan, level):
    return subprocess.run([dsrun, plan, "--cpu", level, "--ids", "1", "-n", "1"], capture_output=True).returncode != UNFIT


def greedy(dsrun, plan, level, reference, gap_bound):
    """Generated tokens that differ before the first unclear choice."""
    ids = reference["input_ids"][1]
    wanted = list(reference["greedy"][1])[len(ids):]
    gaps = list(reference["greedy_gap"][1])
    clear = next((i for i, gap in enumerate(gaps) if gap < gap_bound), len(gaps))
    out = run(dsrun, plan, "--cpu", level, "--ids", ",".join(map(str, ids)), "-n", len(wanted), "--temperature", 0, "--ignore-eos")
    found = [int(x) for x in out.strip().split(",")]
    return [] if found[:clear] == wanted[:clear] else [f"greedy: {found}, expected {wanted}, clear up to {clear}"], clear


def decoded(program, plan, level, prefill, ids):
    """Logits of the ids, those behind the first `prefill` from decode runs."""
    done = subprocess.run([program, plan, level, str(prefill), ids], stdout=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"{program.name}: exit {done.returncode}")
    return array.array("f", done.stdout)


def compare_positions(found, reference, bound):
    """Lines that say what is wrong, and the largest error of a position."""
    (tokens, vocab), wanted = reference["logits"]
    if len(found) != len(wanted):
        return [f"{len(found)} logits, expected {len(wanted)}"], math.inf
    errors = [relative_rms(found[t * vocab:(t + 1) * vocab], wanted[t * vocab:(t + 1) * vocab]) for t in range(tokens)]
    return [f"logits of position {t}: error {error:.2e}, at most {bound:.2e}"
            for t, error in enumerate(errors) if not error <= bound], max(errors)


def main():
    bin_dir, checkpoint, kernels, form = sys.argv[1:]
    bound, gap_bound = BOUNDS[kernels]
    dsc, dsrun = pathlib.Path(bin_dir) / "dsc", pathlib.Path(bin_dir) / "dsrun"
    reference = safetensors.read(pathlib.Path(sys.argv[2]) / "reference.safetensors")
    ids = ",".join(map(str, reference["input_ids"][1]))
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        weights = folder / "checkpoint"
        run(pathlib.Path(bin_dir) / "make-checkpoint", pathlib.Path(checkpoint).name, weights)
        plan = folder / "plan.bin"
        forced = [] if form == "default" else [f"--force-mla={form}"]
        run(dsc, "compile", weights, "-o", plan, f"--kernels={kernels}", *forced, "--taps=hidden,experts",
            "--cpu", ",".join(LEVELS[kernels]), "-q")
        for level in LEVELS[kernels]:
            if not can_run(dsrun, plan, level):
                print(f"{level}: not on this CPU")
                continue
            for chunk in (1, 7, 16, 512):
                dump = folder / "dump.safetensors"
                run(dsrun, plan, "--cpu", level, "--ids", ids, "--chunk", chunk, "--dump", dump)
                wrong, errors = compare(safetensors.read(dump), reference, bound)
                print(f"{level} chunk {chunk}: " + ", ".join(f"{n} {e:.2e}" for n, e in errors.items()))
                failures += [f"{level} chunk {chunk}: {w}" for w in wrong]
            tokens = len(reference["input_ids"][1])
            for prefill in (1, 7, tokens // 2):
                wrong, error = compare_positions(decoded(pathlib.Path(bin_dir) / "e2e_decode_logits", plan, level, prefill, ids),
                                                 reference, bound)
                print(f"{level}: {prefill} prefilled, {tokens - prefill} decoded: logits {error:.2e} at worst")
                failures += [f"{level}: {prefill} prefilled: {w}" for w in wrong]
            wrong, clear = greedy(dsrun, plan, level, reference, gap_bound)
            print(f"{level}: greedy, {clear} clear choices")
            failures += wrong
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
