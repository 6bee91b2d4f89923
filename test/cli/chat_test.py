# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""dsrun --chat: commands, the editor, its history, colours."""
import os
import pathlib
import re
import signal
import stat
import subprocess
import tempfile
import termios
import unittest

from tools import BIN, PLAN, TIMEOUT, Terminal, main, run

GREEDY = [PLAN, "--chat", "--greedy"]
ASK = "Add 59 and 65."


class Chat(unittest.TestCase):
    # /exit ends it: what follows is not read. Replies are no data.
    def test_exit(self):
        status, out, err = run("dsrun", *GREEDY, stdin=f"/exit\n{ASK}\n")
        self.assertEqual((status, out, err), (0, "", ""))

    # A command that is not known is an error line and no turn: the next answer is that of a fresh chat.
    def test_unknown_command(self):
        fresh = run("dsrun", *GREEDY, stdin=f"{ASK}\n")
        status, out, err = run("dsrun", *GREEDY, stdin=f"/claer\n{ASK}\n")
        self.assertEqual((status, out), (0, fresh[1]))
        self.assertTrue(err.startswith("dsrun: error[E100]: /claer: unknown command of --chat\n"
                                       "help: did you mean /clear?\n"), err)

    # /clear forgets: the same question has the same, first answer, and as many tokens before it.
    def test_clear(self):
        once, tokens = run("dsrun", *GREEDY, stdin=f"{ASK}\n")[1:]
        _, out, err = run("dsrun", *GREEDY, stdin=f"{ASK}\n/clear\n{ASK}\n")
        self.assertEqual(out, once * 2)
        first = re.match(r"prefill (\d+) tokens", tokens).group(1)
        self.assertEqual(re.findall(r"prefill (\d+) tokens", err), [first, first])
        _, _, err = run("dsrun", *GREEDY, stdin=f"{ASK}\n{ASK}\n")
        counts = re.findall(r"prefill (\d+) tokens", err)
        self.assertGreater(int(counts[1]), int(counts[0]))

    # /system does what --system does, survives /clear, and goes without a text.
    def test_system(self):
        given = run("dsrun", *GREEDY, "--system", "Be brief.", "-n", "4", stdin=f"{ASK}\n")
        count = re.match(r"prefill (\d+) tokens", given[2]).group(1)
        plain = re.match(r"prefill (\d+) tokens", run("dsrun", *GREEDY, "-n", "4", stdin=f"{ASK}\n")[2]).group(1)
        _, out, err = run("dsrun", *GREEDY, "-n", "4",
                          stdin=f"/system Be brief.\n{ASK}\n/clear\n{ASK}\n/system\n/clear\n{ASK}\n")
        self.assertEqual(re.findall(r"prefill (\d+) tokens", err), [count, count, plain])
        self.assertTrue(out.startswith(given[1]))

    # A turn beyond the context is an error line and no turn: the next answer is that of a fresh chat.
    def test_turn_beyond_the_context(self):
        fresh = run("dsrun", *GREEDY, stdin=f"{ASK}\n")
        status, out, err = run("dsrun", *GREEDY, stdin=f"{'7 ' * 3000}\n{ASK}\n")
        self.assertEqual((status, out), (0, fresh[1]))
        self.assertRegex(err, r"^dsrun: error\[E820\]: prompt: context length exceeded: found \d+ tokens, expected at most 1024\n"
                              r"help: /clear forgets the conversation so far\n")

    # So does a turn that is no UTF-8.
    def test_turn_of_other_bytes(self):
        turns = ASK.encode() + b"\n\xff\n" + ASK.encode() + b"\n"
        done = subprocess.run([os.path.join(BIN, "dsrun"), *GREEDY], input=turns, capture_output=True, timeout=TIMEOUT)
        self.assertEqual((done.returncode, done.stdout.decode()), run("dsrun", *GREEDY, stdin=f"{ASK}\n{ASK}\n")[:2])
        self.assertIn(b"dsrun: error[E800]: prompt: ", done.stderr)

    # /help lists every command of the table.
    def test_help(self):
        table = (pathlib.Path(__file__).parents[2] / "tools/dsrun/ChatCommands.def").read_text()
        _, out, err = run("dsrun", *GREEDY, stdin="/help\n")
        self.assertEqual(out, "")
        names = re.findall(r'^CHAT_COMMAND\("(/\w+)"', table, re.M)
        self.assertEqual(len(names), 4)
        for name in names:
            self.assertRegex(err, rf"(?m)^{name} ")

    # Two slashes say one: the line is a turn.
    def test_slash_as_text(self):
        status, out, err = run("dsrun", *GREEDY, "-n", "3", stdin="//exit\n")
        self.assertEqual(status, 0)
        self.assertTrue(out.strip())
        self.assertIn("prefill", err)


class Editor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.env = {"XDG_STATE_HOME": self.folder.name}
        self.history = os.path.join(self.folder.name, "ds", "history")

    def tearDown(self):
        self.folder.cleanup()

    def start(self, *arguments, env=None):
        return Terminal("dsrun", *GREEDY, *arguments, env=self.env | (env or {}))

    # A line is edited before it is sent: cursor left, delete, type.
    def test_editing(self):
        terminal = self.start("--color=never")
        terminal.wait_for("> ")
        terminal.send("/hexp\x1b[D\x7fl\n")
        end = terminal.wait_for("//TEXT")
        terminal.wait_for("> ", end)
        terminal.send("/exit\n")
        self.assertEqual(terminal.finish(), 0)

    # Lines are kept from one chat to the next, where XDG says, for nobody else to read.
    def test_history(self):
        terminal = self.start()
        terminal.wait_for("> ")
        terminal.send("/system zażółć\n")
        end = terminal.wait_for("the system message is set")
        terminal.wait_for("> ", end)
        terminal.send("/exit\n")
        self.assertEqual(terminal.finish(), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.history).st_mode), 0o600)
        terminal = self.start()
        terminal.wait_for("> ")
        terminal.send("\x1b[A\x1b[A")  # /exit, then the line before
        end = terminal.wait_for("/system zażółć")
        terminal.send("\n")
        end = terminal.wait_for("the system message is set", end)
        terminal.wait_for("> ", end)
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)

    # Without XDG_STATE_HOME it is ~/.local/state; a place that cannot be written is no error.
    def test_history_places(self):
        for env, place in (({"XDG_STATE_HOME": "", "HOME": self.folder.name}, ".local/state/ds/history"),
                           ({"XDG_STATE_HOME": "/proc/nowhere"}, None)):
            terminal = self.start(env=env)
            terminal.wait_for("> ")
            terminal.send("/clear\n")
            end = terminal.wait_for("is forgotten")
            terminal.wait_for("> ", end)
            terminal.send("/exit\n")
            self.assertEqual(terminal.finish(), 0)
            if place:
                self.assertTrue(os.path.exists(os.path.join(self.folder.name, place)))

    # Ctrl-C at the prompt ends it with 130, Ctrl-D with 0; the editor's modes of the terminal go with it.
    def test_ends(self):
        for key, status in (("\x03", 128 + signal.SIGINT), ("\x04", 0)):
            terminal = self.start()
            terminal.wait_for("> ")
            self.assertNotEqual(termios.tcgetattr(terminal.master), terminal.modes)
            terminal.send(key)
            self.assertEqual(terminal.finish(), status)
            self.assertTrue(terminal.is_restored)

    # Reasoning is dim on a terminal that shows colours, and plain where none are wanted.
    def test_dim_reasoning(self):
        for arguments, env, dim in (([], {}, True), ([], {"NO_COLOR": "1"}, False), (["--color=never"], {}, False)):
            terminal = self.start(*arguments, env=env)
            terminal.wait_for("> ")
            terminal.send(ASK + "\n")
            end = terminal.wait_for("first token after")
            terminal.wait_for("> ", end)
            terminal.send("\x04")
            self.assertEqual(terminal.finish(), 0)
            self.assertEqual("\x1b[2m" in terminal.text, dim)

    # A terminal without cursor movement gets plain reads, and no history.
    def test_dumb_terminal(self):
        terminal = self.start(env={"TERM": "dumb"})
        terminal.wait_for("> ")
        terminal.send("/clear\n")
        end = terminal.wait_for("is forgotten")
        terminal.wait_for("> ", end)
        terminal.send("\x04")
        self.assertEqual(terminal.finish(), 0)
        self.assertFalse(os.path.exists(self.history))


main()
