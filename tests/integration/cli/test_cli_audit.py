"""The log from the command line: green, red, exported, verified elsewhere, and opened by the auditors alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from intelhub.cli import cli

from .conftest import OFFICER, PASSPHRASE


@pytest.fixture
def logged(installation, fields, write_lines):
    installation.done("records", "import", write_lines(fields), "--as", OFFICER, "--submit")
    installation.sequence()
    return installation


def test_an_untouched_log_is_green_and_the_look_at_it_an_entry(logged):
    result = logged.done("audit", "verify")
    assert result.stdout.startswith("The chain holds: ")
    ((_, _, rule, _, _),) = logged.entries("audit:verified")
    assert rule == "holds"


def test_a_changed_entry_is_red_and_named(logged):
    logged.sql("update audit_entries set entry = replace(convert_from(entry, 'utf8'), 'onsite', 'remote')::bytea"
               " where seq = 3")  # fmt: skip
    result = logged.run("audit", "verify")
    assert result.exit_code == 1
    assert "BROKEN: Entry 3 does not fit its hash: it was changed." in result.stdout
    assert "the first at entry 3" in result.stdout


def test_a_cut_off_end_is_red_against_a_kept_checkpoint(logged, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text(logged.sql("select note from audit_checkpoints order by size desc limit 1")[0][0])
    logged.sql("delete from audit_checkpoints")
    logged.sql("delete from audit_entries where seq >= 2")
    assert logged.run("audit", "verify", "--seen", kept).exit_code == 1


def test_a_log_that_cannot_be_looked_at_is_neither_green_nor_red(logged):
    (logged.var / "keys" / "passphrase").write_text("another one altogether")
    result = logged.run("audit", "verify")
    assert result.exit_code == 2
    assert "The passphrase does not open" in result.stderr


def test_a_database_that_does_not_answer_says_nothing_of_the_chain(logged):
    env = logged.var / "intelhub.env"
    env.write_text(re.sub(r"host=[^&\n]*", "host=/nowhere", env.read_text()))
    result = logged.run("audit", "verify")
    assert result.exit_code == 2
    assert "The database does not answer" in result.stderr


def test_an_export_is_verified_without_keys_database_or_settings(logged, tmp_path):
    folder = tmp_path / "export"
    exported = logged.done("audit", "export", folder)
    key = exported.stdout.splitlines()[-1].strip()
    alone = {"PATH": "/usr/bin:/bin", "INTELHUB_VAR": str(tmp_path / "nowhere")}
    command = [sys.executable, "-m", "intelhub.cli", "audit", "verify", str(folder), "--key", key]
    result = subprocess.run(command, env=alone, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "The chain holds" in result.stdout
    tile = next(path for path in (folder / "tile" / "entries").rglob("*") if path.is_file())
    tile.write_bytes(tile.read_bytes().replace(b"onsite", b"remote", 1))
    broken = CliRunner().invoke(cli, ["audit", "verify", str(folder)])
    assert broken.exit_code == 1
    assert "BROKEN" in broken.stdout
    missing = CliRunner().invoke(cli, ["audit", "verify", str(tmp_path / "nothing")])
    assert missing.exit_code == 2


def test_an_export_never_overwrites(logged):
    result = logged.run("audit", "export", logged.var)
    assert result.exit_code == 1
    assert "is not empty" in result.stderr


def seq_of(installation, action):
    return installation.sql("select seq from audit_entries where action = :action", action=action)[0][0]


@pytest.fixture
def passphrase_file(tmp_path):
    path = tmp_path / "auditors-passphrase"
    path.write_text(PASSPHRASE)
    return path


def test_the_auditors_key_opens_what_an_entry_seals(logged, passphrase_file):
    seq = seq_of(logged, "console:acted-as")
    result = logged.done("audit", "unseal", seq, "--passphrase-file", passphrase_file)
    opened = json.loads(result.stdout)
    assert opened["action"] == "console:acted-as"
    assert opened["operating_account"]
    ((_, _, rule, _, _),) = logged.entries("audit:unsealed")
    assert rule == f"entry {seq}"


def test_an_export_is_unsealed_on_the_auditors_machine(logged, passphrase_file, tmp_path):
    folder = tmp_path / "export"
    logged.done("audit", "export", folder)
    seq = seq_of(logged, "console:acted-as")
    elsewhere = tmp_path / "elsewhere"
    command = ["audit", "unseal", str(seq), "--var", str(elsewhere), "--export", str(folder), "--passphrase-file",
               str(passphrase_file), "--auditors-key", str(logged.var / "keys" / "auditors.key")]  # fmt: skip
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["operating_account"]


def test_what_cannot_be_unsealed_is_a_sentence(logged, passphrase_file, tmp_path):
    beyond = logged.run("audit", "unseal", 10_000, "--passphrase-file", passphrase_file)
    assert (beyond.exit_code, beyond.stderr) == (1, "Error: There is no entry 10000.\n")
    wrong = logged.run("audit", "unseal", 0, typed="no idea at all\n")
    assert wrong.exit_code == 1
    assert "The passphrase does not open" in wrong.stderr
    missing = logged.run("audit", "unseal", 0, "--auditors-key", tmp_path / "nothing")
    assert missing.exit_code == 2
