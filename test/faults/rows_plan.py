# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damaged plans. Where a check behind the digests is meant, the digests are made right again."""
import hashlib
import os

from harness import row
from plan_file import ENTRY, HEADER, MUST_UNDERSTAND, Plan

KERNELS = "--kernels=reference"  # the smallest code


def good(t):
    return Plan(t.plan("micro-v3-noqlora", KERNELS))


def refuse_file(t, path, exit, *parts):
    """Both programs refuse the file, and leave it as it is."""
    before = path.read_bytes() if path.is_file() else None
    t.check(t.run("dsrun", path, "--ids", "1"), exit, path.name, *parts)
    t.check(t.run("dsc", "inspect", path), exit, path.name, *parts)
    if before is not None and path.read_bytes() != before:
        t.fail("the plan was changed")


def refuse(t, label, plan, exit, *parts):
    t.case(label)
    refuse_file(t, plan.write(), exit, *parts)


def refuse_bytes(t, label, content, exit, *parts):
    t.case(label)
    path = t.fresh("bytes")
    path.write_bytes(content)
    refuse_file(t, path, exit, *parts)


@row("118", "no plan at all")
def no_plan(t):
    refuse_bytes(t, "empty", b"", 7, "error[E601]", "found an empty file", "expected a dsc plan")
    refuse_bytes(t, "zip", b"PK\x03\x04" + bytes(200), 7, "error[E601]", 'found "PK\\x03\\x04', "expected a dsc plan")
    refuse_bytes(t, "program", b"\x7fELF" + bytes(200), 7, "error[E601]", "expected a dsc plan")
    refuse_bytes(t, "safetensors", b"\x10" + bytes(7) + b'{"__metadata__":', 7, "error[E601]", "expected a dsc plan")
    refuse_bytes(t, "line ends changed", b"\x89DSC\n\x1a\n" + bytes(200), 7, "error[E601]", "expected a dsc plan")
    whole = bytes(good(t).data)
    refuse_bytes(t, "half a magic", whole[:4], 7, "error[E603]", "size in bytes: found 4", "at least 56")
    refuse_bytes(t, "half a header", whole[:55], 7, "error[E603]", "size in bytes: found 55", "at least 56")
    t.case("folder")
    folder = t.fresh("folder")
    folder.mkdir()
    refuse_file(t, folder, 5, "error[E102]", "found a folder", "expected a regular file")
    t.case("FIFO")
    pipe = t.fresh("pipe")
    os.mkfifo(pipe)
    refuse_file(t, pipe, 5, "error[E102]", "found a FIFO", "expected a regular file")
    t.case("absent")
    refuse_file(t, t.fresh("absent"), 5, "error[E102]", "cannot open: No such file or directory")


@row("119", "a newer or older plan format")
def version(t):
    for major, minor in (0, 0), (2, 0), (1, 1), (65535, 65535):
        plan = good(t)
        _, _, sections, size = plan.header()
        plan.set_header(major, minor, sections, size)
        for label in "digest wrong", "digest right":  # another format may have another digest
            refuse(t, f"{major}.{minor}, {label}", plan, 8, "error[E602]", "plan format",
                   f"found {major}.{minor}", "expected 1.0 to 1.0")
            plan.seal_header()


@row("120", "the header's digest is wrong")
def header_digest(t):
    for at in 24, 55, HEADER, HEADER + 8 * ENTRY + 30:
        plan = good(t)
        plan.data[at] ^= 0x10
        refuse(t, f"byte {at}", plan, 7, "error[E604]", "digest of header and section table does not match")


@row("121", "cut off at any byte")
def truncated(t):
    whole = good(t).data
    t.case("every byte")
    sweep(t, "truncate")
    for size in 56, 57, 1279, len(whole) // 2, len(whole) - 1:
        refuse_bytes(t, f"{size} bytes", whole[:size], 7, "error[E603]", "size in bytes", f"found {size}",
                     f"expected {len(whole)}, as its header says")


@row("122", "bytes after the end")
def extra(t):
    whole = good(t).data
    for more in 1, 4096:
        refuse_bytes(t, f"{more} bytes", whole + bytes(more), 7, "error[E603]", f"found {len(whole) + more}",
                     f"expected {len(whole)}")
    plan = good(t)
    plan.data += bytes(64)
    major, minor, sections, size = plan.header()
    plan.set_header(major, minor, sections, size + 64)
    refuse(t, "and the header counts them", plan.seal_header(), 7, "error[E605]", "end of the last section",
           f"found {size}", f"expected {size + 64}")


@row("123", "sections that overlap, leave gaps, are out of order or misplaced")
def table(t):
    def change(label, tag, part, **entry):
        plan = good(t)
        old = plan.entry(tag)
        plan.set_entry(tag, **{key: value(old) for key, value in entry.items()})
        refuse(t, label, plan.seal_header(), 7, "error[E605]", f"section {part}")

    change("overlap", "ARGS", "BODY: offset", size=lambda e: e[2] + 64)
    change("gap", "ARGS", "BODY: offset", size=lambda e: e[2] - 64)
    change("moved", "STEP", "STEP: offset", offset=lambda e: e[1] + 64)
    change("misaligned", "CODE", "CODE: offset", offset=lambda e: e[1] + 64)
    change("end overflows", "CODE", "CODE: size", size=lambda e: 2**64 - e[1] + 1)
    change("offset overflows", "CODE", "CODE: offset", offset=lambda e: 2**64 - 4096)
    change("flags", "STEP", "STEP: flags", flags=lambda e: 3)
    change("a required one is optional", "STEP", "STEP: flags", flags=lambda e: 0)
    plan = good(t)
    first, second = plan.entry_at("STEP"), plan.entry_at("ARGS")
    one, two = plan.data[first:first + ENTRY], plan.data[second:second + ENTRY]
    plan.data[first:first + ENTRY], plan.data[second:second + ENTRY] = two, one
    refuse(t, "out of order", plan.seal_header(), 7, "error[E605]", "section ARGS")
    plan = good(t)
    at = plan.entry_at("BODY")
    plan.data[at:at + 4] = b"ARGS"
    refuse(t, "twice", plan.seal_header(), 7, "error[E605]", "section ARGS")
    plan = good(t)
    major, minor, _, size = plan.header()
    for count in 257, 65537, 2**32 - 1:
        plan.set_header(major, minor, count, size)
        refuse(t, f"{count} sections", plan, 7, "error[E605]", f"sections: found {count}", "at most 256")
    plan = good(t)
    at = plan.entry_at("STAT")
    plan.data[at:at + 8] = b"SKIP" + bytes(4)
    refuse(t, "missing", plan.seal_header(), 7, "error[E608]", "section STAT is missing")
    plan = good(t)
    _, offset, size = plan.entry("TARG")
    plan.data[offset + size] = 1
    refuse(t, "a byte between", plan, 7, "error[E606]", "bytes before section MODL are not zero")


@row("124", "an unknown section that must be understood")
def unknown_required(t):
    plan = good(t).add_section("FP4M", MUST_UNDERSTAND, b"what this needs").seal()
    refuse(t, "", plan, 8, "error[E607]", "section FP4M", "not known to this dsrun")


@row("125", "an unknown section that may be skipped")
def unknown_optional(t):
    def answer(path):
        run = t.run("dsrun", path, "--weights", t.tools.base("micro-v3-noqlora"), "--ids", "5,6,7", "-n", 8, "--greedy")
        t.check(run, 0, stdout=None)
        return run.stdout

    wanted = answer(good(t).path)
    plan = good(t).add_section("XTRA", 0, b"whatever").seal()
    if answer(plan.write()) != wanted or not wanted:
        t.fail("the plan gives other tokens")
    run = t.run("dsrun", plan.path, "--weights", t.tools.base("micro-v3-noqlora"), "--ids", "5", "-n", 1, "-v")
    t.check(run, 0, stdout=None)
    if "section XTRA is not known here" not in run.stderr:
        t.fail("dsrun -v does not name the section", run)
    run = t.run("dsc", "inspect", plan.path)
    t.check(run, 0, stdout=None)
    if b"XTRA" not in run.stdout:
        t.fail("dsc inspect does not name the section", run)
    plan.data[plan.entry("XTRA")[1]] ^= 1
    refuse(t, "and it is damaged", plan, 7, "error[E609]", "section XTRA: digest does not match")


def sweep(t, mode):
    """Every byte of a compiled plan, in one process; it prints what it did."""
    plan = good(t)
    if len(plan.data) > 64 << 10:
        t.fail(f"the plan has {len(plan.data)} bytes, the sweep is for 64 KiB")
    run = t.run("plan-sweep", mode, plan.path, timeout=200)
    t.check(run, 0, stdout=f"{len(plan.data)} of {len(plan.data)} refused\n".encode())


@row("126", "a flipped bit anywhere before the weights")
def flipped(t):
    t.case("every byte")
    sweep(t, "flip")
    for tag in good(t).tags():
        plan = good(t)
        _, offset, size = plan.entry(tag)
        plan.data[offset + size // 2] ^= 1
        refuse(t, tag, plan, 7, "error[E609]", f"section {tag}: digest does not match")
    plan = Plan(t.plan("tiny-r1", KERNELS))
    for tag in "TOKN", "CHAT":
        changed = Plan(plan.path)
        changed.data[changed.entry(tag)[1] + 3] ^= 1
        t.case(tag)
        path = t.fresh("flipped")
        path.write_bytes(changed.data)
        refuse_file(t, path, 7, "error[E609]", f"section {tag}: digest does not match")


@row("128", "an entry point outside the code")
def entry_point(t):
    text = good(t).get("IMGS", 0, "text_size")
    for field in "run", "tiles":
        for value in text, 2**32 - 1:
            refuse(t, f"{field} {value}", good(t).set("KERN", 3, field, value).seal(), 7, "error[E621]",
                   "kernel 3: entry", f"found {value}", f"below {text}, inside the image's text")
    refuse(t, "text beyond its image", good(t).set("IMGS", 0, "text_size", 2**31).seal(), 7, "error[E620]", "image 0")
    plan = good(t)
    code = plan.entry("CODE")[1]
    plan.data[code + 5] ^= 1
    at = plan.place("IMGS", 0, "digest")[0]
    digest = bytes(plan.data[at:at + 32])
    plan.seal()
    plan.data[at:at + 32] = digest
    section = plan.entry_at("IMGS")
    _, offset, size = plan.entry("IMGS")
    plan.data[section + 24:section + 56] = hashlib.sha256(plan.data[offset:offset + size]).digest()
    refuse(t, "an image's own digest", plan.seal_header(), 7, "error[E620]", "image 0: digest does not match")


@row("129", "a schedule that names what is not there, leaves its arena or races")
def schedule(t):
    plan = good(t)
    buffers, steps = plan.count("BUFS"), plan.count("STEP")
    kernels = plan.count("KERN") // plan.count("TARG")
    argument = next(i for i in range(plan.count("ARGS")) if plan.get("ARGS", i, "kind") == 0)
    slot = next(i for i in range(plan.count("ARGS")) if plan.get("ARGS", i, "kind") == 3)
    scratch = plan.get("BDGT", 0, "scratch")

    def change(label, tag, record, field, value, *parts):
        refuse(t, label, good(t).set(tag, record, field, value).seal(), 7, *parts)

    change("buffer", "ARGS", argument, "index", 9001, "error[E623]", "index: found 9001", f"below {buffers}")
    change("slot", "ARGS", slot, "index", 9001, "error[E623]", "slot: found 9001")
    change("kind", "ARGS", argument, "kind", 6, "error[E623]", "kind: found 6")
    change("kernel", "STEP", 1, "kernel", kernels, "error[E622]", "step 1: kernel", f"found {kernels}")
    change("arguments", "STEP", 1, "arguments", plan.get("STEP", 1, "arguments") + 1, "error[E622]", "step 2: arguments")
    change("last step's arguments", "STEP", steps - 1, "arguments", 99, "error[E622]", f"step {steps - 1}: arguments")
    change("arena", "BUFS", 0, "offset", scratch // 64 * 64 + 64, "error[E619]", "buffer 0", "an end within")
    change("size", "BUFS", 0, "size", 2**64 - 64, "error[E619]", "buffer 0", "an end within")
    change("body", "CALL", 0, "body", 77, "error[E625]", "call 0: body", "found 77")
    change("row", "CALL", 0, "row", 77, "error[E625]", "call 0: row", "found 77")
    change("layer", "CALL", 0, "layer", 77, "error[E625]", "call 0: layer", "found 77")
    change("entry", "ENTR", 0, "calls", 77, "error[E626]", "entry 0: calls")
    # Workers meet where a body starts in any case.
    starts = {plan.get("BODY", i, "first_step") for i in range(plan.count("BODY"))}
    barriers = [step for step in range(steps) if plan.get("STEP", step, "flags") and step not in starts]
    changed = good(t)
    for step in barriers:
        changed.set("STEP", step, "flags", 0)
    refuse(t, "no barrier", changed.seal(), 7, "error[E629]", "step")
    for step in barriers[:10]:
        refuse(t, f"no barrier before step {step}", good(t).set("STEP", step, "flags", 0).seal(), 7, "error[E629]", "step")


@row("130", "stored shapes contradict stored sizes")
def sizes(t):
    plan = good(t)
    rows, size = plan.get("WGHT", 7, "shape"), plan.get("WGHT", 7, "size")
    refuse(t, "more rows", good(t).set("WGHT", 7, "shape", rows + 1).seal(), 7, "error[E615]", "weight 7 of",
           f"size: found {size}")
    refuse(t, "fewer bytes", good(t).set("WGHT", 7, "size", size - 2).seal(), 7, "error[E615]", "weight 7 of",
           f"size: found {size - 2}", f"expected {size}")
    refuse(t, "overflow", good(t).set("WGHT", 7, "shape", 2**63).seal(), 7, "error[E615]", "weight 7 of")
    refuse(t, "encoding", good(t).set("WGHT", 7, "encoding", 0).seal(), 7, "error[E615]", "weight 7 of")
    refuse(t, "beyond its shard", good(t).set("WGHT", 7, "offset", 2**62).seal(), 7, "error[E615]", "weight 7: offset",
           f"found {2**62}")
    refuse(t, "inside the header", good(t).set("WGHT", 7, "offset", 8).seal(), 7, "error[E615]", "weight 7: offset")
    refuse(t, "a section of half a record", resized(good(t), "BUFS", -4), 7, "error[E610]", "section BUFS: size")


def resized(plan, tag, change):
    plan.set_entry(tag, size=plan.entry(tag)[2] + change)
    return plan.seal()
