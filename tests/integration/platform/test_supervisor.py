"""The supervisor as a person meets it: one line when ready, one sentence when not, and nothing left behind."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, time
from dataclasses import replace
from pathlib import Path
from intelhub.child_process import Program
from intelhub.crypto import create_key_file
from intelhub.platform.errors import IntelhubError, Unavailable
from intelhub.supervisor import DemoSteps, run_demo, web_program

var, port, mode = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

def prepare_keys(var):
    if mode == "bad-key":
        raise Unavailable("The passphrase does not open the key file.")
    if not (var / "keys").exists():
        (var / "keys").mkdir(mode=0o700)
        create_key_file(var / "keys" / "root.key", "demo", demo=True)
        (var / "keys" / "passphrase").write_text("demo")

def load(settings, progress):
    for done in range(0, 101, 20):
        progress("loading records", done, 100)
        if mode == "slow-load":
            time.sleep(1)
    if mode == "bad-load":
        raise Unavailable("The example file is damaged.")

def programs(settings, descriptor):
    web = web_program(settings, descriptor)
    app = "broken" if mode == "bad-web" else "tiny"
    return (
        replace(web, command=(*web.command[:-1], app + ":app")),
        Program(name="worker", command=(sys.executable, "-c", "import time; time.sleep(600)"), environ=web.environ),
    )

steps = DemoSteps(prepare_keys=prepare_keys, load=load, migrate=lambda settings: None, programs=programs)

try:
    sys.exit(run_demo(var, port, steps))
except IntelhubError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
"""
TINY = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.environ['INTELHUB_VAR']} {os.getpid()}".encode()]
"""


class Demo:
    """A supervisor in a process of its own, with every line it said."""

    def __init__(self, var, port=0, mode="good"):
        folder = var.parent / "code"
        folder.mkdir(exist_ok=True)
        (folder / "tiny.py").write_text(TINY)
        (folder / "program.py").write_text(PROGRAM)
        self.var, self.lines = var, []
        self.process = subprocess.Popen(
            [sys.executable, folder / "program.py", var, str(port), mode],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(folder), "INTELHUB_HOST": "0.0.0.0"},  # noqa: S104 - must not count
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        self.lines.extend(line.rstrip() for line in self.process.stdout)

    def wait_for(self, start, seconds=40):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in list(self.lines):
                if line.startswith(start):
                    return line
            assert self.process.poll() is None, self.lines
            time.sleep(0.02)
        raise AssertionError(self.lines)

    def ready(self):
        self.port = int(self.wait_for("intelhub ready at http://127.0.0.1:").rsplit(":", 1)[1])
        return self

    def get(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/readyz")
            return connection.getresponse().read().decode()

    def children(self):
        """Every process that works for this folder, by what it is."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                about = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if os.fsencode(self.var) in about and int(entry.name) != self.process.pid:
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def count(self, what):
        return sum(what in command for command in self.children().values())

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        code = self.process.wait(40)
        self._reader.join()
        self.process.stdout.close()
        return code


@pytest.fixture
def start():
    with tempfile.TemporaryDirectory(prefix="intelhub-demo-") as parent:
        demos = []

        def start(port=0, mode="good"):
            demos.append(Demo(Path(parent, "var"), port, mode))
            return demos[-1]

        yield start
        for demo in demos:
            if demo.process.poll() is None:
                demo.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_stops_cleanly_and_starts_again_with_the_same_passwords(start, number):
    demo = start().ready()
    assert demo.get().startswith(str(demo.var))
    assert [line for line in demo.lines if line.startswith("loading")][-1] == "loading records: 100 of 100"
    first = (demo.var / "intelhub.env").read_text()
    for private in (demo.var / "intelhub.env", demo.var / "keys" / "root.key", demo.var / "log" / "web.log"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600, private
    assert demo.end(number) == 0
    assert demo.lines[-2:] == ["stopping", "stopped"]
    assert demo.children() == {}
    assert list((demo.var / "run").iterdir()) == []
    again = start(demo.port).ready()
    assert (again.var / "intelhub.env").read_text() == first


def test_a_killed_supervisor_takes_its_children_along_and_the_next_start_works(start):
    demo = start().ready()
    assert len(demo.children()) > 3
    assert demo.end(signal.SIGKILL) == -signal.SIGKILL
    again = start(demo.port).ready()
    assert again.get().startswith(str(again.var))
    deadline = time.monotonic() + 20
    while again.count("gunicorn") < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert again.count("gunicorn") == 3, "one master and two workers, none of them left over"
    assert again.count("time.sleep(600)") == 1


def test_a_taken_port_is_one_sentence_before_anything_starts(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        demo = start(port)
        assert demo.wait() == 1
    assert demo.lines == [
        f"Port {port} cannot be used (Address already in use). Choose another one: make demo PORT={port + 1}"
    ]
    assert sorted(path.name for path in demo.var.iterdir()) == ["lock"]


def test_a_second_start_on_the_same_folder_is_one_sentence(start):
    demo = start().ready()
    second = start()
    assert second.wait() == 1
    assert second.lines == [
        f"{demo.var} is in use by process {demo.process.pid}. Stop that one first, or choose another folder."
    ]
    assert demo.get()


@pytest.mark.parametrize(
    ("mode", "says"), [("bad-key", "The passphrase does not open"), ("bad-load", "The example file is damaged")]
)
def test_a_step_that_fails_leaves_nothing_running(start, mode, says):
    demo = start(mode=mode)
    assert demo.wait() == 1
    assert demo.lines[-1].startswith(says)
    assert demo.children() == {}
    assert (demo.var / "postgres").exists() is (mode == "bad-load"), "keys are looked at before anything starts"


def test_a_bad_line_in_the_settings_stops_the_start_before_the_database(start):
    demo = start()
    demo.ready()
    demo.end()
    with (demo.var / "intelhub.env").open("a") as settings:
        settings.write("INTELHUB_TYPO=1\n")
    again = start()
    assert again.wait() == 1
    assert again.lines[0].startswith("Line ")


def test_a_file_in_the_place_of_the_folder_is_one_sentence(start):
    demo = start(mode="bad-key")
    demo.wait()
    for path in demo.var.iterdir():
        path.unlink()
    demo.var.rmdir()
    demo.var.touch()
    again = start()
    assert again.wait() == 1
    assert again.lines[0].startswith(f"The folder {demo.var} cannot be used")
    assert len(again.lines) == 1


def test_ctrl_c_while_loading_stops_everything(start):
    demo = start(mode="slow-load")
    demo.wait_for("loading records: 20")
    assert demo.end(signal.SIGINT) == 0
    assert demo.children() == {}


@pytest.mark.parametrize("victim", ["gunicorn", "time.sleep", "bin/postgres -D"])
def test_a_crashed_child_is_started_again(start, victim):
    demo = start().ready()
    pid = min(pid for pid, command in demo.children().items() if victim in command)
    os.kill(pid, signal.SIGKILL)
    demo.wait_for(
        "the database ended" if "postgres" in victim else ("web ended" if "gun" in victim else "worker ended")
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if any(victim in command for other, command in demo.children().items() if other != pid):
            break
        time.sleep(0.1)
    assert demo.get().startswith(str(demo.var)), "the socket stayed open meanwhile"
    assert demo.end() == 0
    assert demo.children() == {}


def test_a_server_that_never_starts_is_given_up_after_some_tries(start):
    demo = start(mode="bad-web")
    assert demo.wait() == 1
    assert demo.lines[-1].startswith("The web process ended 5 times in a row")
    assert str(demo.var / "log" / "web.log") in demo.lines[-1]
    assert demo.children() == {}
