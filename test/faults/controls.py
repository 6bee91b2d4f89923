# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs that misbehave in one way each: the harness must find every one of them.

Each stands in for dsc; it is given what refuse() and accept() give. `plan` is
the path of the older plan.
"""
import sys

from harness import MAGIC, Tools, Trial

MESSAGE = "print('dsc: error[E999]: config.json: key: found 1, expected 2', file=sys.stderr)"
GOOD = f"{MESSAGE}; sys.exit(3)"
REFUSALS = {
    "wrong exit status": f"{MESSAGE}; sys.exit(4)",
    "success": f"{MESSAGE}; sys.exit(0)",
    "a signal": f"{MESSAGE}; os.kill(os.getpid(), 11)",
    "no message": "sys.exit(3)",
    "a message without its number": "print('dsc: key: found 1, expected 2', file=sys.stderr); sys.exit(3)",
    "another finding": GOOD.replace("found 1", "found 3"),
    "parts on two lines": GOOD.replace(": found", "\\ndsc: error[E999]: x: found"),
    "text on stdout": f"print('x'); {GOOD}",
    "a control character": GOOD.replace("key:", "key\\x1b[31m:"),
    "other bytes in the older plan": f"os.truncate(plan, 5); os.utime(plan, ns=(10**18, 10**18)); {GOOD}",
    "another time of the older plan": f"os.utime(plan); {GOOD}",
    "another mode of the older plan": f"os.chmod(plan, 0o600); {GOOD}",
    "no older plan": f"os.unlink(plan); {GOOD}",
    "a file beside the plan": f"open(plan + '.dsc-tmp', 'w'); {GOOD}",
    "too much time": f"[0 for _ in iter(lambda: time.process_time() < 2.2, False)]; {GOOD}",
    "too much memory": f"bytearray(600 << 20); {GOOD}",
}
WRITE = f"open(plan, 'wb').write({MAGIC!r}); print('note: a', file=sys.stderr)"
SUCCESSES = {
    "the older plan is still there": "print('note: a', file=sys.stderr)",
    "no note": f"open(plan, 'wb').write({MAGIC!r})",
    "a file beside the plan": f"{WRITE}; open(plan + '.dsc-tmp', 'w')",
    "failure": f"{WRITE}; sys.exit(3)",
}


def run_controls(folder):
    """Names of the misbehaviours that the harness does not see; how many it was shown."""
    unseen = []

    def failures(number, behaviour, check):
        tools = folder / f"control-{number}"
        tools.mkdir()
        (tools / "dsc").write_text(f"#!{sys.executable} -S\nimport os, sys, time\n"
                                   f"plan = sys.argv[sys.argv.index('-o') + 1]\n{behaviour}\n")
        (tools / "dsc").chmod(0o755)
        trial = Trial(Tools(tools, tools), tools)
        check(trial)
        return trial.failures

    refuse = lambda trial: trial.refuse("model", 3, "config.json: key: found 1", "expected 2")
    accept = lambda trial: trial.accept("model", "note: a")
    cases = [(refuse, name, what) for name, what in REFUSALS.items()]
    cases += [(accept, name, what) for name, what in SUCCESSES.items()]
    for number, (check, name, behaviour) in enumerate(cases):
        if not failures(number, behaviour, check):
            unseen.append(name)
    for number, (check, behaviour) in enumerate(((refuse, GOOD), (accept, WRITE)), len(cases)):
        wrong = failures(number, behaviour, check)
        if wrong:
            unseen.append(f"a good program is blamed: {wrong[0]}")
    return unseen, len(cases)
