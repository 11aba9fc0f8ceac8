"""One embedded PostgreSQL for the whole run, and a database of its own for every test that asks for one."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings

from intelhub.access import factors
from intelhub.crypto import Vault
from intelhub.platform.embedded_postgres import EmbeddedPostgres
from intelhub.platform.migrate import upgrade
from intelhub.platform.roles import LOGIN_ROLES, driver_address, initialise_database
from tests.databases import Cluster, Database
from tests.factories.outages import outage  # noqa: F401 - a fixture
from tests.house import TestHouse, borrowed_engine, ids_of_people, make_test_keys, open_test_house, people_database
from tests.search_server import house_server, search_server, two_nodes  # noqa: F401 - fixtures

_PREFIX = "intelhub-tests-"
_BARE, _MIGRATED, _PEOPLED = "template_bare", "template_migrated", "template_peopled"
_FOLDER = pytest.StashKey[Path]()
_SERVER = pytest.StashKey[EmbeddedPostgres]()

# How long something takes is the benchmark's question; here a busy machine would decide it.
settings.register_profile("intelhub", deadline=None)
settings.load_profile("intelhub")


# Enough to be Argon2id. What a guess costs is asked in tests/unit/access, with what the product uses.
_LIGHT = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
_HASH_OF_NOTHING = _LIGHT.hash("nothing")


@pytest.fixture(autouse=True)
def _light_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "unit" not in request.path.parts:
        monkeypatch.setattr(factors, "_HASHER", _LIGHT)
        monkeypatch.setattr(factors, "_HASH_OF_NOTHING", _HASH_OF_NOTHING)


def pytest_configure(config: pytest.Config) -> None:
    """The process that runs the whole session names the folder; workers are told it."""
    if not hasattr(config, "workerinput"):
        # Not in pytest's own folder: as root, the server's account must be let through the folders above it,
        # and every other run of pytest shuts that one again.
        config.stash[_FOLDER] = Path(tempfile.gettempdir(), f"{_PREFIX}{os.getpid()}-{secrets.token_hex(3)}")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["intelhub_cluster"] = str(node.config.stash[_FOLDER])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The very end: all workers have left, the server goes with its folder."""
    if hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("INTELHUB_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    folder = session.config.stash[_FOLDER]
    if folder.exists():
        (session.config.stash.get(_SERVER, None) or EmbeddedPostgres(folder / "postgres", throwaway=True)).stop()
        shutil.rmtree(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where everything is installed, a skipped test is a test that silently does not run: the run fails."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("INTELHUB_NO_SKIPS"):
        terminalreporter.write_line(f"{len(skipped)} tests were skipped, and none may be here", red=True)


def _folder(config: pytest.Config) -> Path:
    """The folder of this run's server."""
    worker = getattr(config, "workerinput", None)
    return Path(worker["intelhub_cluster"]) if worker else config.stash[_FOLDER]


def _sweep(parent: Path) -> None:
    """Remove what runs that were killed left behind."""
    for folder in parent.glob(f"{_PREFIX}*"):
        pid = int(folder.name.removeprefix(_PREFIX).split("-")[0])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            EmbeddedPostgres(folder / "postgres", throwaway=True).stop()
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:  # another user's run
            continue


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The server of this run, started by whoever asks first."""
    config = request.config
    folder = _folder(config)
    folder.mkdir(mode=0o700, exist_ok=True)
    ready = folder / "ready.json"
    with (folder / "starting").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if not ready.exists():
            _sweep(folder.parent)
            server = EmbeddedPostgres(folder / "postgres", throwaway=True)
            config.stash[_SERVER] = server
            server.start()
            passwords = {role: secrets.token_urlsafe(12) for role in LOGIN_ROLES}
            for template in (_BARE, _MIGRATED):
                initialise_database(server.superuser_url, template, passwords)
            ready.write_text(json.dumps({"superuser_url": server.superuser_url, "passwords": passwords}))
        known = json.loads(ready.read_text())
    with psycopg.connect(driver_address(known["superuser_url"]), autocommit=True) as superuser:
        cluster = Cluster(**known, superuser=superuser)
        yield cluster
        cluster.close()


@pytest.fixture(scope="session")
def migrated_template(cluster: Cluster) -> str:
    """The database every test's own is copied from, migrated once."""
    upgrade(cluster.database(_MIGRATED).migrator_url)
    return _MIGRATED


@pytest.fixture
def database(cluster: Cluster, migrated_template: str) -> Iterator[Database]:
    """A fresh database with every migration applied, gone after the test."""
    with cluster.copy_of(migrated_template) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def run_vault(request: pytest.FixtureRequest, cluster: Cluster) -> Vault:  # noqa: ARG001 - its folder must stand
    """The keys of this run; every worker opens the same ones."""
    folder = _folder(request.config)
    with (folder / "starting").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        return Vault(make_test_keys(folder))


@pytest.fixture(scope="session")
def peopled_template(request: pytest.FixtureRequest, cluster: Cluster, migrated_template: str, run_vault: Vault) -> str:
    """A database with the tree of units and one person for every duty, from which houses are copied."""
    ready = _folder(request.config) / "peopled"
    with (_folder(request.config) / "starting").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if not ready.exists():
            cluster.copy_to(migrated_template, _PEOPLED)
            people_database(cluster.database(_PEOPLED), run_vault)
            ready.touch()
    return _PEOPLED


@pytest.fixture
def house(cluster: Cluster, peopled_template: str, run_vault: Vault) -> Iterator[TestHouse]:
    """One process of an installation with people, on a database of its own."""
    with cluster.copy_of(peopled_template) as fresh, borrowed_engine(fresh) as engine:
        yield open_test_house(fresh, run_vault, ids_of_people(fresh, run_vault), engine)


@pytest.fixture
def bare_database(cluster: Cluster) -> Iterator[Database]:
    """A fresh database with roles and no table yet, for tests of the migrations themselves."""
    with cluster.copy_of(_BARE) as fresh:
        yield fresh
