"""A throwaway installation under the product's own supervisor, with the bare pages served beside it the same way."""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url

from intelhub.app import open_house
from intelhub.child_process import Program
from intelhub.demo.run import prepare_keys
from intelhub.platform.embedded_postgres import EmbeddedPostgres
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.settings import Settings
from intelhub.supervisor import DATABASE, LOOPBACK, DemoSteps, Progress, run_demo, web_program, worker_program

READY = "intelhub ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A running product: its folder, its port and that of the bare pages."""

    var: Path
    port: int
    clear_port: int

    @property
    def settings(self) -> Settings:
        """What its processes run with."""
        return Settings.load(self.var, {})

    def units(self) -> UnitsOfWork:
        """Its database and keys for this process; whoever opens them disposes of the engine."""
        return open_house(self.settings).units

    def superuser(self) -> Engine:
        """Its database without walls, for filling it and for looking at sizes."""
        return superuser_engine(self.var)


def superuser_engine(var: Path) -> Engine:
    """The database of a folder without walls."""
    return create_engine(make_url(EmbeddedPostgres(var / "postgres").superuser_url).set(database=DATABASE))


@contextmanager
def new_installation() -> Iterator[Installation]:
    """A folder and ports for an installation, removed when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="intelhub-bench-"))
    port, clear_port = free_ports(2)
    try:
        yield Installation(var=folder / "var", port=port, clear_port=clear_port)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def served(installation: Installation) -> Iterator[float]:
    """Serve it until the block ends; gives the seconds until it was ready."""
    given = (str(installation.var), str(installation.port), str(installation.clear_port))
    with started([sys.executable, "-m", "benchmarks.serving", *given]) as seconds:
        wait_for(installation.clear_port)
        yield seconds


@contextmanager
def started(command: Sequence[str], seconds: float = 300.0) -> Iterator[float]:
    """Run something that says when it is ready; gives the seconds until then and stops it with SIGINT."""
    begin = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own commands
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(READY):
                break
            if time.perf_counter() - begin > seconds:
                raise TimeoutError(command)
        else:
            raise RuntimeError(f"{command} ended before it was ready")
        yield time.perf_counter() - begin
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listens on."""
    listeners = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in listeners]
    for one in listeners:
        one.close()
    return ports


def wait_for(port: int, seconds: float = 60.0) -> None:
    """Return when something answers on a port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
            connection.request("GET", "/static/logo.svg")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


def _clear_program(settings: Settings, port: int) -> Program:
    like = web_program(settings, 0)
    command = [f"--bind={LOOPBACK}:{port}" if part.startswith("--bind=") else part for part in like.command]
    command[-1] = "benchmarks.clear_pages:create_clear_app()"
    return Program(name="clear", command=tuple(command), environ=like.environ)


def _load(settings: Settings, _progress: Progress) -> None:
    from benchmarks.filling import create_clear_table
    from benchmarks.people import load_organisation, load_people

    house = open_house(settings)
    load_organisation(house)
    load_people(house.units)
    house.units.engine.dispose()
    create_clear_table(settings.var)


def main(var: str, port: str, clear_port: str) -> int:
    """Serve until a signal comes."""
    steps = DemoSteps(
        prepare_keys=prepare_keys,
        load=_load,
        programs=lambda settings, descriptor: (
            web_program(settings, descriptor),
            worker_program(settings),
            _clear_program(settings, int(clear_port)),
        ),
    )
    return run_demo(Path(var), int(port), steps)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
