"""The life of the embedded server: folders, crashes, leftovers and refusals."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from intelhub.platform.embedded_postgres import EmbeddedPostgres, find_programs
from intelhub.platform.errors import Unavailable
from intelhub.platform.folder_lock import FolderInUse
from intelhub.platform.roles import driver_address
from intelhub.platform.server_account import ServerAccount


@pytest.fixture
def folder():
    # Not pytest's own folder: other runs shut that one while this server works in it.
    with tempfile.TemporaryDirectory(prefix="intelhub-life-") as parent:
        server = EmbeddedPostgres(Path(parent, "postgres"), throwaway=True)
        yield server.folder
        server.stop()


def select_one(server):
    with psycopg.connect(driver_address(server.superuser_url)) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def kill(pid):
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/cwd").exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_it_starts_stops_and_keeps_what_it_was_told(folder):
    with (
        EmbeddedPostgres(folder, throwaway=True) as server,
        psycopg.connect(driver_address(server.superuser_url), autocommit=True) as connection,
    ):
        connection.execute("create table kept (word text)")
        connection.execute("insert into kept values ('still here')")
    password = (folder / "superuser-password").read_text()
    assert server.postmaster() is None
    with (
        EmbeddedPostgres(folder, throwaway=True) as server,
        psycopg.connect(driver_address(server.superuser_url)) as connection,
    ):
        assert connection.execute("select word from kept").fetchone() == ("still here",)
    assert (folder / "superuser-password").read_text() == password


def test_nobody_else_may_look_in(folder):
    with EmbeddedPostgres(folder, throwaway=True) as server:
        for private in (folder, server.data, server.socket_folder, server.data / "pg_wal"):
            assert mode(private) == 0o700, private
        for secret in (folder / "superuser-password", folder / "lock", server.log, server.data / "pg_hba.conf"):
            assert mode(secret) == 0o600, secret
        assert stat.S_IMODE((server.socket_folder / ".s.PGSQL.5432").stat().st_mode) == 0o700
        assert "trust" not in (server.data / "pg_hba.conf").read_text().replace("trusted", "")


def test_a_loosened_folder_and_a_trusting_rule_are_put_right_at_the_next_start(folder):
    with EmbeddedPostgres(folder, throwaway=True) as server:
        rules = server.data / "pg_hba.conf"
    folder.chmod(0o755)
    rules.write_text("local all all trust\n")
    with EmbeddedPostgres(folder, throwaway=True) as server:
        assert mode(folder) == 0o700
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(server.socket_folder), port=5432, user="postgres", dbname="postgres")


def test_the_parents_are_not_opened_to_others(folder):
    parent = folder.parent
    assert mode(parent) == 0o700
    with EmbeddedPostgres(folder, throwaway=True):
        assert mode(parent) & 0o067 == 0, "at most the one access line that lets the server's account pass"


def test_a_killed_server_starts_again_with_its_committed_rows(folder):
    server = EmbeddedPostgres(folder, throwaway=True)
    server.start()
    with psycopg.connect(driver_address(server.superuser_url), autocommit=True) as connection:
        connection.execute("set synchronous_commit = on")
        connection.execute("create table kept as select 7 as number")
        kill(server.postmaster())
    assert not server.is_running()
    with server, psycopg.connect(driver_address(server.superuser_url)) as connection:
        assert connection.execute("select number from kept").fetchone() == (7,)


def test_a_server_that_outlived_its_killed_parent_is_taken_over(folder):
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from intelhub.platform.embedded_postgres import EmbeddedPostgres;"
        "EmbeddedPostgres(Path(sys.argv[1]), throwaway=True).start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    server = EmbeddedPostgres(folder, throwaway=True)
    orphan = server.postmaster()
    assert orphan is not None
    with server:
        assert server.postmaster() not in {None, orphan}
        assert select_one(server)


@pytest.mark.parametrize("pid", ["ours", "1", "999999999", "", "rubbish"])
def test_a_stale_pid_file_neither_stops_the_start_nor_harms_its_number(folder, pid):
    pid = str(os.getpid()) if pid == "ours" else pid
    with EmbeddedPostgres(folder, throwaway=True) as server:
        pass
    (server.data / "postmaster.pid").write_text(f"{pid}\n{server.data}\n0\n5432\n\n\n\nready\n")
    (server.socket_folder / ".s.PGSQL.5432.lock").write_text(f"{pid}\n{server.data}\n0\n5432\n\n")
    assert server.postmaster() is None
    with EmbeddedPostgres(folder, throwaway=True) as server:
        assert select_one(server)


def test_an_interrupted_first_start_leaves_no_half_cluster(folder):
    half = folder / "data.unfinished"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder, throwaway=True) as server:
        assert select_one(server)
        assert not half.exists()


def test_a_second_start_is_refused_and_the_first_goes_on(folder):
    with EmbeddedPostgres(folder, throwaway=True) as server:
        second = EmbeddedPostgres(folder, throwaway=True)
        with pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
            second.start()
        with pytest.raises(FolderInUse):
            second.stop()
        assert select_one(server)


def test_a_long_path_gets_a_short_private_socket_folder_that_goes_again(folder):
    deep = folder.parent / ("d" * 60) / ("e" * 60)
    with EmbeddedPostgres(deep, throwaway=True) as server:
        short = server.socket_folder
        assert not short.is_relative_to(deep)
        assert mode(short) == 0o700
        assert select_one(server)
    assert not short.exists()


def test_a_short_socket_folder_that_a_crash_left_is_removed(folder):
    deep = folder.parent / ("d" * 60) / ("e" * 60)
    server = EmbeddedPostgres(deep, throwaway=True)
    server.start()
    left = server.socket_folder
    kill(server.postmaster())
    server.start()
    assert server.socket_folder != left
    assert not left.exists()
    server.stop()


def test_a_file_in_the_place_of_the_folder_is_one_sentence(folder):
    folder.write_text("a file")
    with pytest.raises(Unavailable, match="cannot be used"):
        EmbeddedPostgres(folder).start()
    folder.unlink()


def test_a_damaged_cluster_is_one_sentence_and_the_folder_is_free_again(folder):
    with EmbeddedPostgres(folder, throwaway=True) as server:
        pass
    control = server.data / "global" / "pg_control"
    content = control.read_bytes()
    control.write_bytes(b"x" * len(content))
    broken = EmbeddedPostgres(folder, throwaway=True)
    with pytest.raises(Unavailable, match="pg_ctl failed"):
        broken.start()
    control.write_bytes(content)
    with EmbeddedPostgres(folder, throwaway=True) as server:
        assert select_one(server)


def test_the_log_tells_no_values(folder):
    with EmbeddedPostgres(folder, throwaway=True) as server:
        with psycopg.connect(driver_address(server.superuser_url), autocommit=True) as connection:
            connection.execute("create table once (word text primary key)")
            connection.execute("insert into once values ('Kowalczyk')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("insert into once values ('Kowalczyk')")
            with pytest.raises(psycopg.errors.SyntaxError):
                connection.execute("select Kowalczyk frm once where once")
        assert "duplicate key" in server.log.read_text()
        assert "Kowalczyk" not in server.log.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give the server another account")
def test_as_root_the_server_runs_without_rights_and_without_a_shared_account(folder):
    with EmbeddedPostgres(folder, throwaway=True) as server:
        status = Path(f"/proc/{server.postmaster()}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    uids = {int(number) for number in fields["Uid"].split()}
    assert uids == {ServerAccount.for_folder(server.data).uid}
    assert 61184 <= uids.pop() <= 65519
    assert int(fields["CapEff"], 16) == 0
    assert fields["Groups"].split() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test runs as an ordinary user then")
def test_an_ordinary_user_runs_it_as_themselves_and_another_is_turned_away(folder):
    parent = folder.parent
    parent.chmod(0o711)
    home = parent / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    code = (
        "import encodings.ascii, os, sys; from pathlib import Path;"
        "from intelhub.platform.embedded_postgres import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1]), throwaway=True);"
        "os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2])); server.start();"
        "print(os.stat(server.data).st_uid, server.postmaster() is not None); server.stop()"
    )

    def run_as(uid):
        command = [sys.executable, "-c", code, str(home / "postgres"), str(uid)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={"TMPDIR": str(home)})

    first, other = run_as(65534), run_as(65533)
    assert (first.stdout, first.returncode) == ("65534 True\n", 0), first.stderr
    assert other.returncode == 1
    assert "cannot be used (Permission denied)" in other.stderr


def test_the_programs_are_those_of_the_wheel():
    assert (
        "18"
        in subprocess.run(
            [find_programs() / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    )
