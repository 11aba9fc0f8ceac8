"""Keys from the command line: rotated while records stay readable, backed up or warned of."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from intelhub.crypto import create_key_file
from intelhub.key_backups import backup_warning, find_backup

from .conftest import LEADER, OFFICER, PASSPHRASE


@pytest.fixture
def sealed(installation, fields, write_lines):
    installation.done("records", "import", write_lines(fields, fields), "--as", OFFICER, "--submit")
    return installation


def keks(installation):
    return {row[0] for row in installation.sql("select kek_id from records union select kek_id from record_steps")}


def still_explains(installation):
    (number,) = installation.sql("select max(year) from record_series")
    result = installation.done("access", "explain", LEADER, "read", f"15BB-TT-{number[0]}-0001")
    return "ALLOWED" in result.stdout  # the number stands in a sealed head: it was opened


def test_a_scope_gets_a_new_key_and_everything_under_it_a_new_wrap(sealed):
    before = keks(sealed)
    digests = sealed.sql("select id, digest, row_version, content_version from records order by id")
    result = sealed.done("keys", "rotate", 1, "15ZZ")
    assert "4 data keys of level 1" in result.stdout  # two records and their steps
    assert not keks(sealed) & before
    assert sealed.sql("select id, digest, row_version, content_version from records order by id") == digests
    assert still_explains(sealed)
    assert "0 data keys" in sealed.done("keys", "rotate", 1, "15ZZ", "--resume").stdout
    assert len(sealed.entries("keys:rotated")) == 1


def test_a_key_belongs_to_a_department(sealed):
    result = sealed.run("keys", "rotate", 1, "15BB")
    assert result.exit_code == 1
    assert "There is no Department “15BB”: keys belong to one, or to the General Department." in result.stderr


def test_the_root_is_rotated_in_three_steps_and_no_other_order(sealed):
    roots = sealed.sql("select distinct root_id from key_encryption_keys")
    assert "no former root" in sealed.run("keys", "rotate-root", "--drop-former").stderr
    sealed.done("keys", "rotate-root")
    assert "finish that rotation first" in sealed.run("keys", "rotate-root").stderr
    assert "still rest on the former root" in sealed.run("keys", "rotate-root", "--drop-former").stderr
    assert still_explains(sealed)
    sealed.done("keys", "rotate-root", "--restarted")
    assert not set(sealed.sql("select distinct root_id from key_encryption_keys")) & set(roots)
    sealed.done("keys", "rotate-root", "--drop-former")
    assert still_explains(sealed)


def test_keys_that_open_nothing_here_start_nothing(sealed, installation):
    key_file = installation.var / "keys" / "root.key"
    key_file.unlink()
    create_key_file(key_file, PASSPHRASE, demo=True)
    result = sealed.run("search", "phụ tùng", "--as", LEADER)
    assert result.exit_code == 1
    assert "belongs to another installation" in result.stderr
    environment = {**os.environ, "INTELHUB_VAR": str(installation.var)}
    for program in (["-m", "intelhub.worker"], ["-c", "import intelhub.app as a; a.create_app()"]):
        ended = subprocess.run(
            [sys.executable, *program], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode != 0
        assert "belongs to another installation" in ended.stderr


def test_a_new_passphrase_replaces_the_old_one(sealed, tmp_path):
    path = tmp_path / "new"
    path.write_text("quite another passphrase\n")
    sealed.done("keys", "passphrase", "--new-passphrase-file", path)
    assert (sealed.var / "keys" / "passphrase").read_text() == "quite another passphrase\n"
    assert (sealed.var / "keys" / "passphrase").stat().st_mode & 0o777 == 0o600
    assert still_explains(sealed)
    (sealed.var / "keys" / "passphrase").write_text(PASSPHRASE)
    assert "The passphrase does not open" in sealed.run("keys", "status").stderr


def test_a_backup_is_true_of_the_file_that_was_backed_up(sealed):
    key_file = sealed.var / "keys" / "root.key"
    assert "No backup of the keys is recorded" in backup_warning(key_file)
    assert "none recorded" in sealed.done("keys", "status").stdout
    sealed.done("keys", "backup-recorded")
    assert backup_warning(key_file) is None
    assert " UTC by " in sealed.done("keys", "status").stdout
    sealed.done("keys", "rotate-root")
    assert "changed since their backup" in backup_warning(key_file)
    assert len(sealed.entries("keys:backup-recorded")) == 1


def test_a_note_that_somebody_damaged_is_no_backup(sealed):
    sealed.done("keys", "backup-recorded")
    (sealed.var / "keys" / "root.key.backup.json").write_text("[]")
    assert find_backup(sealed.var / "keys" / "root.key") is None


@pytest.mark.parametrize("content", [b"", b"two\nlines", b"\xff\xfe", b"x" * 5000])
def test_a_passphrase_file_holds_one_line(sealed, tmp_path, content):
    path = tmp_path / "new"
    path.write_bytes(content)
    result = sealed.run("keys", "passphrase", "--new-passphrase-file", path)
    assert result.exit_code == 1
    assert "must hold one line" in result.stderr
    sealed.done("keys", "status")
