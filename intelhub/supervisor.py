"""Starts, watches and stops the processes of one machine: PostgreSQL, the web server and the worker, in that order."""

from __future__ import annotations

import errno
import http.client
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import FrameType

from sqlalchemy import make_url

from intelhub.child_process import ChildProcess, Program
from intelhub.platform.embedded_postgres import EmbeddedPostgres
from intelhub.platform.errors import Unavailable
from intelhub.platform.folder_lock import FolderLock
from intelhub.platform.messages import Message
from intelhub.platform.roles import LOGIN_ROLES, initialise_database
from intelhub.settings import Settings, read_env_file, write_env_file
from intelhub.upgrading import upgrade_tables

DATABASE = "intelhub"
LOOPBACK = "127.0.0.1"
_READY_SECONDS = 90.0
_LEFTOVER_SECONDS = 8.0
_GRACE_SECONDS = 10
_DATABASE_FAILURES = 5
_DATABASE_STEADY_SECONDS = 600.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


def say_aloud(sentence: str) -> None:
    """Print a line at once, so that whoever waits for it sees it."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSteps:
    """What the demo does besides running processes, brought by the command line.

    `prepare_keys(var)` makes or checks the key files and runs before anything is started; `load(settings, progress)`
    fills an empty database and does nothing to a full one; `programs(settings, descriptor)` names what to run, the
    web server on the listening descriptor it is given.
    """

    prepare_keys: Callable[[Path], None]
    load: Callable[[Settings, Progress], None]
    migrate: Callable[[Settings], None] = upgrade_tables
    programs: Callable[[Settings, int], Sequence[Program]] = lambda settings, descriptor: (
        web_program(settings, descriptor),
        worker_program(settings),
    )


class _StopRequested(BaseException):
    """Ctrl-C or SIGTERM, wherever it hits."""


def run_demo(var: Path, port: int, steps: DemoSteps, *, say: Say = say_aloud) -> int:
    """Run the whole product on one folder until Ctrl-C or SIGTERM; returns 0 then.

    Raises `IntelhubError` with one sentence when something is wrong, after stopping what it had started. Everything
    that can be checked is checked before the first process starts.
    """
    var = var.resolve()
    os.umask(0o077)
    with _stop_on_signals(), ExitStack() as stack:
        try:
            _open_folder(var)
            stack.enter_context(FolderLock(var))
            crashed = _stop_leftovers(var)
            listener = stack.enter_context(listen_on(port, patience=_LEFTOVER_SECONDS if crashed else 0.0))
            read_env_file(var)
            steps.prepare_keys(var)
            say("starting the database")
            database = EmbeddedPostgres(var / "postgres")
            stack.callback(_undisturbed, database.stop)
            database.start()
            settings = _prepare_database(var, listener.getsockname()[1], database)
            say("bringing the tables up to date")
            steps.migrate(settings)
            steps.load(settings, _progress_to(say))
            children = [ChildProcess(one, var) for one in steps.programs(settings, listener.fileno())]
            for child in reversed(children):
                stack.callback(_undisturbed, child.stop)
            Supervisor(children, database=database, port=settings.port, say=say).run()
        except _StopRequested:
            say("stopping")
    say("stopped")
    return 0


class Supervisor:
    """Keeps children (and the database under them) alive and tells when the product answers."""

    def __init__(
        self, children: Sequence[ChildProcess], *, database: EmbeddedPostgres | None, port: int, say: Say
    ) -> None:
        self._children = children
        self._database = database
        self._database_failures = 0
        self._database_ended_at = 0.0
        self._port = port
        self._say = say

    def run(self) -> None:
        """Start the children, wait for /readyz, and watch until a signal ends it; raises `Unavailable`."""
        for child in self._children:
            child.start()
        deadline = time.monotonic() + _READY_SECONDS
        while not _answers(self._port):
            self._watch()
            if time.monotonic() > deadline:
                raise Unavailable(
                    Message(
                        "The server did not become ready within %(seconds)d seconds. The logs are in %(folder)s",
                        {"seconds": int(_READY_SECONDS), "folder": self._children[0].log.parent},
                    )
                )
            time.sleep(0.1)
        self._say(f"intelhub ready at http://{LOOPBACK}:{self._port}")
        while True:
            self._watch()
            time.sleep(0.5)

    def _watch(self) -> None:
        if self._database is not None and not self._database.is_running():
            now = time.monotonic()
            steady = now - self._database_ended_at > _DATABASE_STEADY_SECONDS
            self._database_failures = 1 if steady else self._database_failures + 1
            self._database_ended_at = now
            if self._database_failures > _DATABASE_FAILURES:
                raise Unavailable(
                    Message(
                        "PostgreSQL ended %(count)d times within a short while. Its log is %(log)s",
                        {"count": self._database_failures, "log": self._database.log},
                    )
                )
            self._say("the database ended; starting it again")
            self._database.start()
        for child in self._children:
            news = child.keep_alive()
            if news:
                self._say(news)


def web_program(settings: Settings, descriptor: int) -> Program:
    """Gunicorn with the product's processes and threads, on a socket that is already ours."""
    return Program(
        name="web",
        command=(
            sys.executable,
            "-m",
            "gunicorn",
            f"--bind=fd://{descriptor}",
            f"--workers={settings.web_processes}",
            "--worker-class=gthread",
            f"--threads={settings.web_threads}",
            f"--graceful-timeout={_GRACE_SECONDS}",
            "--no-control-socket",
            "--log-level=warning",
            "intelhub.app:create_app()",
        ),
        environ=_environ(settings),
        descriptors=(descriptor,),
    )


def worker_program(settings: Settings) -> Program:
    """Jobs, the merger and the audit sequencer."""
    return Program(name="worker", command=(sys.executable, "-m", "intelhub.worker"), environ=_environ(settings))


def _environ(settings: Settings) -> dict[str, str]:
    """Our own environment without its INTELHUB_*, which `settings` has settled already."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("INTELHUB_")},
        "INTELHUB_VAR": str(settings.var),
        "INTELHUB_HOST": settings.host,
        "INTELHUB_PORT": str(settings.port),
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def listen_on(port: int, *, patience: float = 0.0) -> Iterator[socket.socket]:
    """Take the port on the loopback address (0: any free one) and hold it, or raise `Unavailable` at once.

    The socket outlives a crashed web server: requests wait for the next one instead of being turned away.
    """
    deadline = time.monotonic() + patience
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            try:
                listener.bind((LOOPBACK, port))
                listener.listen(256)
            except OSError as error:
                if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                    time.sleep(0.1)
                    continue
                raise Unavailable(
                    Message(
                        "Port %(port)d cannot be used (%(reason)s). Choose another one: make demo PORT=%(other)d",
                        {"port": port, "reason": error.strerror, "other": port + 1 if port < 65535 else 8080},  # noqa: PLR2004 - the last port
                    )
                ) from error
            else:
                break
        yield listener


def _open_folder(var: Path) -> None:
    """Make the data folder (0700) or refuse one that cannot be used."""
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(var, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise Unavailable(
            Message(
                "The folder %(folder)s cannot be used (%(reason)s). Give it to the user who runs intelhub, or choose"
                " another one: make demo VAR=…",
                {"folder": var, "reason": error.strerror},
            )
        ) from error


def _stop_leftovers(var: Path) -> bool:
    """End what a killed supervisor left; true if there was a sign of one."""
    found = sorted((var / "run").glob("*.pid"))
    for pid_file in found:
        ChildProcess(Program(name=pid_file.stem, command=()), var).stop_leftover()
    return bool(found)


def _prepare_database(var: Path, port: int, database: EmbeddedPostgres) -> Settings:
    """Roles, the database and the addresses the processes read; passwords are kept from start to start."""
    known = read_env_file(var)
    variables = {role: f"INTELHUB_{role.removeprefix('intelhub_').upper()}_URL" for role in LOGIN_ROLES}
    passwords = {
        role: (make_url(known[variable]).password if variable in known else None) or secrets.token_urlsafe(24)
        for role, variable in variables.items()
    }
    initialise_database(database.superuser_url, DATABASE, passwords)
    addresses = {variables[role]: database.url(role, passwords[role], DATABASE) for role in LOGIN_ROLES}
    write_env_file(
        var,
        addresses
        | {
            "INTELHUB_DEMO": "yes",
            "INTELHUB_COOKIE_SECURE": "no",
            "INTELHUB_HOST": LOOPBACK,
            "INTELHUB_PORT": str(port),
        },
    )
    # Only the folder speaks here: a variable left in the shell must not turn the demo into something else.
    return Settings.load(var, {})


def _progress_to(say: Say) -> Progress:
    """Tell of a long step every tenth of it."""
    told: dict[str, int] = {}

    def progress(step: str, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 10
        if told.get(step) != tenth:
            told[step] = tenth
            say(f"{step}: {done} of {total}")

    return progress


def _answers(port: int) -> bool:
    """Whether /readyz says that everything is there."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def _stop_on_signals() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a closed terminal interrupt whatever is being done."""

    def request_stop(_number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise _StopRequested

    before = {number: signal.signal(number, request_stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    """A second Ctrl-C must not leave a stop half done; every stop has its own limit of time."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _undisturbed(stop: Callable[[], None]) -> None:
    _ignore_signals()
    stop()
