"""A process the supervisor keeps: started, watched, started again with patience, and ended with everything under it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from intelhub.platform.errors import Unavailable
from intelhub.platform.messages import Message

_PR_SET_PDEATHSIG = 1
_LARGEST_LOG = 5_000_000
_MOST_FAILURES = 5
_LONGEST_PAUSE = 15.0
_STEADY_SECONDS = 60.0
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run, with its whole environment; `name` is for people and logs, `descriptors` stay open in it."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    descriptors: tuple[int, ...] = ()


class ChildProcess:
    """One program, at most once at a time; its log and its pid file stand in `<var>/log` and `<var>/run`."""

    def __init__(self, program: Program, var: Path, *, first_pause: float = 0.5) -> None:
        self.program = program
        self.log = var / "log" / f"{program.name}.log"
        self._pid_file = var / "run" / f"{program.name}.pid"
        self._first_pause = first_pause
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._next_start = 0.0
        self._failures = 0

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        for folder in (self.log.parent, self._pid_file.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        parent = os.getpid()
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                list(self.program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.program.environ),
                pass_fds=self.program.descriptors,
                start_new_session=True,
                umask=0o077,
                preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 - the supervisor has one thread
            )
        self._started_at = time.monotonic()
        self._pid_file.write_text(f"{self._process.pid} {_birth_of(self._process.pid)}\n", encoding="ascii")

    def keep_alive(self) -> str | None:
        """Start it again if it ended, after a pause that doubles; tells what happened, if anything did.

        Raises `Unavailable` when it ended five times in a row without a minute of steady work between.
        """
        now = time.monotonic()
        if self._process is None:
            if now < self._next_start:
                return None
            self.start()
            return f"{self.program.name} started again"
        code = self._process.poll()
        if code is None:
            return None
        self._end_group(signal.SIGKILL)  # what it left behind would work beside its successor
        self._process = None
        self._failures = 1 if now - self._started_at > _STEADY_SECONDS else self._failures + 1
        if self._failures >= _MOST_FAILURES:
            raise Unavailable(
                Message(
                    "The %(name)s process ended %(count)d times in a row (last with %(code)d). Its log is %(log)s",
                    {"name": self.program.name, "count": self._failures, "code": code, "log": self.log},
                )
            )
        pause = min(self._first_pause * 2 ** (self._failures - 1), _LONGEST_PAUSE)
        self._next_start = now + pause
        return f"{self.program.name} ended with {code}; starting it again in {pause:.1f} s"

    def stop(self, patience: float = 15.0) -> None:
        """End it: a request first, and after `patience` seconds by force, with every process it started."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                pass
            finally:
                self._end_group(signal.SIGKILL)
                self._process.wait()
                self._process = None
        self._pid_file.unlink(missing_ok=True)

    def stop_leftover(self) -> None:
        """End what a killed supervisor may have left, recognised by number and hour of birth."""
        try:
            pid_text, birth = self._pid_file.read_text("ascii").split()
            pid = int(pid_text)
        except (OSError, ValueError):
            self._pid_file.unlink(missing_ok=True)
            return
        deadline = time.monotonic() + 5
        while birth == _birth_of(pid) and time.monotonic() < deadline:
            try:
                os.killpg(pid, signal.SIGKILL)  # it led a session and with it a group of its own
            except ProcessLookupError:
                break
            time.sleep(0.05)
        self._pid_file.unlink(missing_ok=True)

    def _end_group(self, number: signal.Signals) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, number)
            except (ProcessLookupError, PermissionError):  # all gone already
                return


def _die_with(parent: int) -> None:
    """In the child: end when the supervisor is gone, even if it was killed and could tell nobody."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went in between
            os._exit(1)


def _birth_of(pid: int) -> str:
    """When a process began, to tell it from a later one with the same number; empty when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
        command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program, a number
        return "_".join(listed.stdout.split())
    fields = text.rsplit(")", 1)[1].split()  # after the name, which may hold anything: proc_pid_stat(5)
    return "" if fields[0] in {"Z", "X"} else fields[19]
