# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rows 1-18: command line, folder, files."""
import errno
import fcntl
import os
import socket
import threading

import injection
from folder import FIRST, INDEX, SECOND, safetensors
from harness import row, without_root


@row("1", "the folder is absent or no folder")
def no_folder(t):
    t.refuse("/absent/folder", 5, "/absent/folder", "cannot open model folder: No such file or directory")
    model = t.model()
    t.refuse(model / "config.json" / "x", 5, "config.json/x", "cannot open model folder: Not a directory")
    t.case("a file is taken for a config.json")
    model.write("notes.txt", "a model\n")
    t.refuse(model / "notes.txt", 3, "notes.txt:1:1: found a")
    os.mkfifo(model / "fifo")
    t.refuse(model / "fifo", 3, "fifo: found FIFO, expected regular file")


@row("2", "config.json is absent")
def no_config(t):
    model = t.model()
    model.remove("config.json")
    t.refuse(model, 3, f"{model}/config.json: not found, expected in a checkpoint folder")


@row("3", "a FIFO, folder, socket or device in place of a file")
def not_regular(t):
    def make_socket(path):
        here = os.open(path.parent, os.O_DIRECTORY)  # a socket's path must be short
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)

    kinds = {"FIFO": os.mkfifo, "directory": os.mkdir, "socket": make_socket,
             "device": lambda path: os.mknod(path, 0o020666, os.makedev(1, 3))}
    for kind, make in kinds.items():
        for name in ("config.json", INDEX, FIRST):
            t.case(f"{kind} {name}")
            model = t.model()
            model.remove(name)
            try:
                make(model / name)
            except PermissionError:  # devices need a right that containers may lack
                continue
            t.refuse(model, 3, f"{name}: found {kind}, expected regular file")


@row("4", "a link leaves the folder; a hub cache's links do not")
def link(t):
    model = t.model()
    outside = t.folder / "outside.safetensors"
    os.replace(model / FIRST, outside)
    for target in (str(outside), "../outside.safetensors"):
        t.case(target)
        model.remove(FIRST)
        os.symlink(target, model / FIRST)
        t.refuse(model, 3, FIRST, f"link leaves the model folder: target {target}")
    t.case("config.json")
    model = t.model()
    os.replace(model / "config.json", t.folder / "config.json")
    os.symlink(t.folder / "config.json", model / "config.json")
    t.refuse(model, 3, "config.json: link leaves the model folder")
    t.case("hub cache")
    t.accept(hub_cache(t))


def hub_cache(t):
    """models--x/snapshots/r/NAME -> ../../blobs/NUMBER, as the hub's client leaves a download."""
    model = t.model()
    cache = t.fresh("models--x")
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots" / "r").mkdir(parents=True)
    for number, name in enumerate(sorted(os.listdir(model.path))):
        os.replace(model / name, cache / "blobs" / str(number))
        os.symlink(f"../../blobs/{number}", cache / "snapshots" / "r" / name)
    return cache / "snapshots" / "r"


@row("5", "a folder on the way of a link is a planted link")
def planted(t):
    snapshot = hub_cache(t)
    cache = snapshot.parent.parent
    os.replace(cache / "blobs", t.folder / "elsewhere")
    os.symlink(t.folder / "elsewhere", cache / "blobs")
    t.refuse(snapshot, 3, "config.json: link leaves the model folder: target ../../blobs/")
    t.case("within the folder")
    model = t.model()
    (t.folder / "other").mkdir()
    os.replace(model / FIRST, t.folder / "other" / FIRST)
    os.symlink("../other", model / "sub")
    os.symlink(f"sub/{FIRST}", model / FIRST)
    t.refuse(model, 3, FIRST, f"link leaves the model folder: target sub/{FIRST}")


@row("6", "linked files under --strict-files")
def strict_files(t):
    model = t.model()
    for name in os.listdir(model.path):
        model.own(name)
    t.accept(model, options=["--strict-files"])
    for name in (FIRST, "config.json"):
        t.case(f"hard link {name}")
        os.link(model / name, t.folder / "second-name")
        t.refuse(model, 3, f"{name}: link count: found 2, expected 1 (--strict-files)", options=["--strict-files"])
        t.accept(model)
        os.unlink(t.folder / "second-name")
    t.case("symbolic link")
    os.replace(model / FIRST, model / "blob")
    os.symlink("blob", model / FIRST)
    t.refuse(model, 3, f"{FIRST}: found a link, expected a file (--strict-files)", options=["--strict-files"])
    t.accept(model)


@row("7", "no permission to read shards: all are named")
def unreadable(t):
    model = t.model()
    for name in (FIRST, SECOND):
        model.own(name).chmod(0)
    run = t.refuse(model, 5, f"{FIRST}: cannot open: Permission denied", preexec_fn=without_root)
    t.check(run, 5, f"{SECOND}: cannot open: Permission denied")
    t.case("config.json")
    model = t.model()
    model.own("config.json").chmod(0)
    t.refuse(model, 5, "config.json: cannot open: Permission denied", preexec_fn=without_root)


@row("8", "the output is a folder, device, FIFO or -")
def output_kind(t):
    model = t.model()
    folder = t.fresh("folder")
    folder.mkdir()
    fifo = t.fresh("fifo")
    os.mkfifo(fifo)
    for path, kind in ((folder, "a folder"), ("/dev/null", "a device or FIFO"), (fifo, "a device or FIFO")):
        t.case(kind)
        run = t.compile(model, output=path)
        t.check(run, 2, f"{path}: output: found {kind}, expected the path of a regular file")
        if "machine code" in run.stderr:
            t.fail("the output was looked at too late", run)
    if os.listdir(folder):
        t.fail("something was written into the folder")
    t.case("-")
    t.check(t.compile(model, output="-"), 2, "-o: found -, expected a file")


def dump_is_input(t):
    model, plan = t.model(), t.plan("micro-v3-noqlora", "--kernels=reference")
    prompt = t.fresh("prompt")
    prompt.write_text("x")
    other = t.fresh("link")
    os.symlink(plan, other)
    for output, name in (plan, plan), (other, plan), (model / FIRST, model / FIRST), (prompt, prompt):
        t.case(f"--dump onto {name.name}")
        before = output.read_bytes()
        run = t.run("dsrun", plan, "--weights", model.path, "--raw", "-f", prompt, "--dump", output)
        t.check(run, 2, "error[E112]", f"--dump {output}: would replace input file {name}")
        if output.read_bytes() != before or sorted(output.parent.glob("*.dsc-tmp")):
            t.fail("the input was replaced")


@row("9", "the output is one of the inputs")
def output_is_input(t):
    tiny = t.model("tiny-r1")
    model = t.model()
    cases = [(model, FIRST), (model, "config.json"), (model, INDEX), (tiny, "tokenizer.json"),
             (tiny, "generation_config.json")]
    for folder, name in cases:
        t.case(name)
        before = (folder / name).read_bytes()
        t.check(t.compile(folder, output=folder / name), 2, f"-o {folder}/{name}: would replace input file {folder}/{name}")
        if (folder / name).read_bytes() != before:
            t.fail("the input was replaced")
    t.case("another name of a shard")
    os.link(model / FIRST, t.folder / "plan")
    t.check(t.compile(model, output=t.folder / "plan"), 2, "would replace input file", FIRST)
    dump_is_input(t)
    t.case("a plan beside the inputs")
    run = t.compile(model, "--kernels=reference", output=model / "model.plan")
    t.check(run, 0)


@row("10", "the output's folder is missing or not writable")
def output_folder(t):
    model = t.model()
    locked = t.fresh("locked")
    locked.mkdir()
    locked.chmod(0o555)
    missing = t.folder / "missing"
    for path, reason, how in ((missing / "x.plan", "No such file or directory", {}),
                              (locked / "x.plan", "Permission denied", {"preexec_fn": without_root})):
        t.case(reason)
        run = t.compile(model, output=path, **how)
        t.check(run, 5, f"{path}: cannot create temporary file in {path.parent}", reason)
        if "machine code" in run.stderr:
            t.fail("the output was looked at too late", run)
    if os.listdir(locked):
        t.fail("something was written into the folder")


@row("11", "file names with control, bidi and invalid bytes")
def names(t):
    for name, shown in (("a\nb", "a\\nb"), ("a\x1b[31mb", "a\\x1b[31mb"), ("a\u202eb", "a\\xe2\\x80\\xaeb")):
        t.case(shown)
        model = t.model()
        os.replace(model / FIRST, model / name)
        model.index(lambda index: index["weight_map"].update(
            {k: name for k, v in index["weight_map"].items() if v == FIRST}))
        t.refuse(model, 3, INDEX, f'file name: found "{shown}"', "expected a name in this folder")
    t.case("not referenced")
    model = t.model()
    for name in (b"a\nb.safetensors", b"a\x1b[31mb.safetensors", b"a\xffb.safetensors"):
        with open(bytes(model.path) + b"/" + name, "wb") as file:
            file.write(safetensors({}))
    t.accept(model, "a\\nb.safetensors is not used", "a\\x1b[31mb.safetensors", "a\\xffb.safetensors")
    t.case("the folder's own name")
    model = t.model()
    strange = t.folder / "x\x1b[31my"
    os.replace(model.path, strange)
    os.unlink(strange / "config.json")
    t.refuse(strange, 3, "x\\x1b[31my/config.json: not found")


@row("12", "two compilers with one output")
def two_writers(t):
    model = t.model()
    output = t.output()
    lock = output.with_name(output.name + ".dsc-tmp")
    with open(lock, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # Some file systems show another device in /proc/locks than in stat.
        status = os.stat(lock)
        place = f" {os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino} "
        known = os.path.exists("/proc/locks") and place in open("/proc/locks").read()
        t.check(t.compile(model, "--kernels=reference", output=output), 5,
                f"{output}: locked" + (f" by process {os.getpid()}" if known else ""), limits=False)
    lock.unlink()
    t.untouched(output)
    t.case("at the same moment")
    runs = []
    threads = [threading.Thread(target=lambda: runs.append(t.compile(model, "--kernels=reference", output=output)))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for run in runs:
        if run.exit:
            t.check(run, 5, f"{output}: locked", limits=False)
    if all(run.exit for run in runs):
        t.fail("neither wrote the plan", runs[0])
    t.check(t.run("dsc", "inspect", output), 0, stdout=None)
    for code in errno.ENOLCK, errno.EOPNOTSUPP:
        t.case(f"a file system without locks: {os.strerror(code)}")
        t.refuse(model, 5, "old.plan", "error[E642]", "cannot lock temporary file", os.strerror(code),
                 options=["--kernels=reference"], env=injection.environment(t, f"flock 0 {code}"))


@row("13", "unknown and contradictory options")
def options(t):
    model = t.model()
    t.refuse(model, 2, "--no-such-flag", options=["--no-such-flag"])
    t.refuse(model, 2, "-q: conflicts with -v", options=["-q", "-v"])
    t.refuse(model, 2, "--allow-nonfinite: needs --check-weights or --bundle", options=["--allow-nonfinite"])
    t.refuse(model, 2, "--kernels: found fast, expected one of native, reference", options=["--kernels=fast"])
    t.refuse(model, 2, "--ctx: found -1", options=["--ctx=-1"])
    t.refuse(model, 2, "--ctx: found 513, expected at most 512", options=["--ctx=513"])
    t.check(t.run("dsc"), 2)
    t.check(t.run("dsc", "decompile"), 2)
    t.check(t.run("dsc", "compile", model), 2, "-o: found nothing, expected the plan to write")
    t.check(t.run("dsrun", "--no-such-flag"), 2)


@row("14", "a read fails in the middle of a file")
def read_error(t):
    model = t.model()

    def failing(call, number):
        return injection.environment(t, f"pread {call} {number}")

    # Reads: config.json, index, length and header of each shard, then values.
    for call, name, number in ((0, "config.json", errno.EIO), (1, INDEX, errno.EIO), (2, FIRST, errno.EIO),
                               (3, FIRST, errno.EIO), (4, SECOND, errno.ESTALE), (5, SECOND, errno.EIO)):
        t.case(f"read {call} of {name}")
        t.refuse(model, 5, f"{name}: read failed at byte {8 if call in (3, 5) else 0}: {os.strerror(number)}",
                 env=failing(call, number))
    t.case("weights")
    t.refuse(model, 5, ".safetensors: read failed at byte", os.strerror(errno.EIO), options=["--check-weights"],
             env=failing(20, errno.EIO))


@row("15", "only pickle weights")
def pickle(t):
    for name in ("pytorch_model.bin", "consolidated.00.pth", "model.pt"):
        t.case(name)
        model = t.model()
        for gone in (FIRST, SECOND, INDEX):
            model.remove(gone)
        model.write(name, b"\x80\x02}q\x00.")
        t.refuse(model, 4, f"{model}: found pickle checkpoint {name}, expected .safetensors",
                 notes=["pickle is never read"])


@row("16", "a Git LFS pointer in place of a shard")
def lfs_pointer(t):
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 4294967296\n"
    for name, expected in ((FIRST, "weights"), (INDEX, "JSON")):
        model = t.model()
        model.write(name, text)
        t.refuse(model, 3, f"{name}: found a Git LFS pointer ({len(text)} bytes), expected {expected}",
                 notes=["help: download the file"])


@row("17", "an error page in place of a shard")
def error_page(t):
    for text, start in (("<!DOCTYPE html>\n<html><body>404</body></html>", "<!DOCTYP"),
                        ('{"error": "Invalid username or password."}', '{"error"'),
                        ("Not Found, sorry", "Not Foun")):
        t.case(start)
        model = t.model()
        model.write(SECOND, text)
        t.refuse(model, 3, f'{SECOND}: found text starting "{start}", expected safetensors header')


@row("18", "Python files, auto_map and trust_remote_code")
def code(t):
    note = "code in the checkpoint is never run"
    trap = "open('ran', 'w')\nraise SystemExit(3)\n"
    auto_map = t.model().config(auto_map={"AutoModel": "modeling.Model"})
    trust = t.model().config(trust_remote_code=True)
    python = t.model()
    both = t.model().config(auto_map={"AutoModel": "modeling.Model"}, trust_remote_code=True)
    for model in (python, both):
        for name in ("modeling.py", "configuration.py"):
            model.write(name, trap)
    for label, model in (("auto_map", auto_map), ("trust", trust), ("python", python), ("both", both)):
        t.case(label)
        run = t.accept(model, note)
        if run.stderr.count(note) != 1:
            t.fail("the note is not printed once", run)
    t.accept(t.model(), absent=[note])
