"""Making an installation, bringing its tables up to date, and every way in which a folder can be wrong."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from intelhub.cli import cli
from intelhub.platform.roles import LOGIN_ROLES
from intelhub.settings import Settings, read_env_file

SERVER, AUDITORS = "a passphrase of the server", "a passphrase of the auditors"


def invoke(*arguments, typed=None, env=None):
    return CliRunner().invoke(cli, list(map(str, arguments)), input=typed, env=env)


@pytest.fixture
def fresh(bare_database, tmp_path):
    """A folder that knows the passwords of the roles, as after a first run that failed: they belong to all tests."""
    var = tmp_path / "installation"
    var.mkdir(mode=0o700)
    (var / "intelhub.env").touch(mode=0o600)
    names = [role.removeprefix("intelhub_") for role in LOGIN_ROLES]
    lines = [f"INTELHUB_{name.upper()}_URL={getattr(bare_database, f'{name}_url')}" for name in names]
    (var / "intelhub.env").write_text("\n".join(lines) + "\n")
    return var


def init(var, database, *more, typed=None):
    url = database.superuser_url.replace("postgresql+psycopg://", "postgresql://").replace(database.name, "postgres")
    return invoke("init", "--var", var, "--superuser-url", url, "--database", database.name, *more, typed=typed)


def test_a_new_installation_serves_and_says_what_comes_next(fresh, bare_database):
    typed = f"short\nshort\n{SERVER}\n{SERVER}\n{AUDITORS}\n{AUDITORS}\n"
    made = init(fresh, bare_database, typed=typed)
    assert made.exit_code == 0, (made.output, made.exception)
    assert "Use at least 15 characters" in made.stderr
    assert "intelhub user create-first" in made.stdout
    assert SERVER not in made.output
    assert (fresh.stat().st_mode & 0o777, (fresh / "keys").stat().st_mode & 0o777) == (0o700, 0o700)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (*(fresh / "keys").iterdir(), fresh / "intelhub.env")}
    assert set(modes.values()) == {0o600}
    assert {"root.key", "auditors.key", "passphrase"} < set(modes)
    settings = Settings.load(fresh, {})
    assert not settings.demo
    assert invoke("db", "check", "--var", fresh).exit_code == 0
    first = invoke("user", "create-first", "admin", "--name", "Quản trị", "--var", fresh)
    assert first.exit_code == 0, first.output
    assert "15BB" in invoke("org", "list", "--var", fresh).stdout


def test_made_twice_is_made_once(fresh, bare_database, tmp_path):
    files = []
    for name, words in (("server", SERVER), ("auditors", AUDITORS)):
        path = tmp_path / name
        path.touch(mode=0o600)
        path.write_text(f"{words}\n")
        files += ["--passphrase-file" if name == "server" else "--auditors-passphrase-file", path]
    assert init(fresh, bare_database, *files, "--organisation", "GENERIC").exit_code == 0
    before, key = read_env_file(fresh), (fresh / "keys" / "root.key").read_bytes()
    again = init(fresh, bare_database, *files, "--organisation", "GENERIC")
    assert again.exit_code == 0, again.output
    assert read_env_file(fresh) == before
    assert (fresh / "keys" / "root.key").read_bytes() == key
    assert before["INTELHUB_PASSPHRASE_FILE"] == str(tmp_path / "server")
    assert not (fresh / "keys" / "passphrase").exists()


def test_roles_of_somebody_else_keep_their_passwords(bare_database, tmp_path):
    result = init(tmp_path / "new", bare_database, typed=f"{SERVER}\n{SERVER}\n{AUDITORS}\n{AUDITORS}\n")
    assert result.exit_code == 1
    assert "another installation may be using it" in result.stderr
    assert not (tmp_path / "new" / "keys").exists()
    assert not (tmp_path / "new" / "intelhub.env").exists()


@pytest.mark.parametrize(
    ("more", "typed", "reason"),
    [
        (("--organisation", "XX"), None, "There is no organisation XX"),
        ((), f"{SERVER}\n{SERVER}\n{SERVER}\n{SERVER}\n", "needs a passphrase of its own"),
    ],
)
def test_what_init_refuses(fresh, bare_database, more, typed, reason):
    result = init(fresh, bare_database, *more, typed=typed)
    assert result.exit_code == 1
    assert reason in result.stderr
    assert not (fresh / "keys" / "root.key").exists()


def test_a_folder_that_others_may_enter_is_refused(fresh, bare_database):
    fresh.chmod(0o755)
    assert "chmod 700" in init(fresh, bare_database).stderr


@pytest.mark.parametrize("url", ["http://db", "nonsense", "postgresql://postgres:hush@127.0.0.1:1/postgres"])
def test_a_server_that_is_none(tmp_path, url):
    result = invoke("init", "--var", tmp_path / "new", "--superuser-url", url)
    assert result.exit_code == 1
    assert re.search(r"cannot be read|does not answer", result.stderr)
    assert "hush" not in result.output


def test_a_folder_that_is_not_there(tmp_path):
    for command in (["user", "list"], ["db", "check"], ["reindex"], ["keys", "status"]):
        result = invoke(*command, "--var", tmp_path / "nowhere")
        assert result.exit_code == 1
        assert "There is no folder" in result.stderr


def test_the_folder_may_stand_in_the_environment(installation):
    result = invoke("user", "list", env={"INTELHUB_VAR": str(installation.var)})
    assert result.exit_code == 0, result.output


def test_a_wrong_passphrase_is_a_sentence(installation):
    (installation.var / "keys" / "passphrase").write_text("not the one\n")
    result = installation.run("user", "list")
    assert result.exit_code == 1
    assert "The passphrase does not open" in result.stderr
    assert "Traceback" not in result.output


def test_a_missing_key_file_is_a_sentence(installation):
    (installation.var / "keys" / "root.key").unlink()
    result = installation.run("user", "list")
    assert result.exit_code == 1
    assert "There is no file" in result.stderr


def test_a_database_that_does_not_answer_is_a_sentence(installation):
    env = installation.var / "intelhub.env"
    env.write_text(re.sub(r"host=[^&\n]*", "host=/nowhere", env.read_text()))
    for command in (["user", "list"], ["db", "upgrade"], ["reindex"]):
        result = installation.run(*command)
        assert result.exit_code == 1
        assert "The database does not answer" in result.stderr


def test_a_database_without_tables_is_a_sentence(bare, bare_database):
    env = bare.var / "intelhub.env"
    env.write_text(env.read_text().replace(bare.database.name, bare_database.name))
    listed = bare.run("user", "list")
    assert (listed.exit_code, "intelhub db upgrade" in listed.stderr) == (1, True)
    checked = bare.run("db", "check")
    assert (checked.exit_code, "intelhub db upgrade" in checked.stderr) == (1, True)
    assert "from nothing to" in bare.done("db", "upgrade").stdout
    assert "up to date" in bare.done("db", "upgrade").stdout
    bare.done("db", "check")


def test_a_table_that_somebody_changed_is_noticed(bare):
    bare.sql("alter table users add column note text")
    result = bare.run("db", "check")
    assert result.exit_code == 1
    assert "note" in result.stdout


def test_the_tree_is_listed_and_changed_by_events(installation):
    assert installation.done("org", "list", "--templates").stdout.split() == ["GENERIC", "VN-2006-2024", "VN-2025"]
    assert "0 units and 0 events are new" in installation.done("org", "load").stdout
    installation.done("org", "event", "renamed", "15BC", "--on", "2030-01-01", "--name", "Chi cục Chi Ma mới")
    installation.done(
        "org", "event", "founded", "15BX", "--on", "2030-01-01", "--name", "Chi cục mới", "--parent", "15ZZ",
        "--tier", 3, "--unit-kind", "border_gate",
    )  # fmt: skip
    today = installation.done("org", "list", "--under", "15ZZ").stdout
    later = installation.done("org", "list", "--under", "15ZZ", "--day", "2030-01-01").stdout
    assert ("Chi Ma mới" in today, "Chi Ma mới" in later, "15BX" in today, "15BX" in later) == (0, 1, 0, 1)
    assert {entry.rule for entry in installation.entries("organisation:changed")} == {"renamed", "founded"}
    assert len(installation.entries("organisation:loaded")) == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("load", "GENERIC"), "The organisation VN-2006-2024 is loaded already"),
        (("load", "XX"), "There is no organisation XX"),
        (("event", "closed", "99XX", "--on", "2030-01-01"), "There is no unit “99XX”"),
        (("event", "founded", "15BY", "--on", "2030-01-01"), "--unit-kind"),
        (("event", "closed", "15ZZ", "--on", "2030-01-01"), "move or close what lies below first"),
        (("list", "--under", "99XX"), "There is no unit “99XX”"),
    ],
)
def test_what_the_organisation_refuses(installation, arguments, reason):
    result = installation.run("org", *arguments)
    assert result.exit_code == 1
    assert reason in result.stderr


def test_a_tier_is_given_another_name_and_every_sentence_uses_it(installation):
    said = installation.done(
        "org", "tier", 2, "--name", "  Chi cục   khu vực ", "--name-en", "Regional Sub-department", "--reason", "QĐ 382"
    )  # fmt: skip
    assert said.stdout == "Tier 2 is called “Chi cục khu vực”, in English “Regional Sub-department”.\n"
    assert "There is no Regional Sub-department “15BB”" in installation.run("keys", "rotate", 1, "15BB").stderr
    installation.done("org", "tier", 2, "--name-en", "Region", "--reason", "ngắn hơn")
    assert installation.sql("select name, name_en from tiers where tier = 2") == [("Chi cục khu vực", "Region")]
    assert "0 units and 0 events are new" in installation.done("org", "load").stdout
    assert installation.sql("select name_en from tiers where tier = 2") == [("Region",)]
    assert [entry.rule for entry in installation.entries("organisation:tier-named")] == ["tier 2", "tier 2"]


@pytest.mark.parametrize(
    ("number", "arguments", "reason"),
    [
        (2, (), "The tier is called that already"),
        (2, ("--name", "Cục"), "The tier is called that already"),
        (2, ("--name", "tong cuc"), "Tier 1 is called “General Department” already"),
        (3, ("--name-en", "department"), "Tier 2 is called “Department” already"),
        (2, ("--name", "  "), "A tier is called by 1 to 60"),
        (2, ("--name", "…"), "A tier is called by 1 to 60"),
        (2, ("--name", "Vùng\x1b[31m"), "A tier is called by 1 to 60"),
        (2, ("--name", "Vùng" * 16), "A tier is called by 1 to 60"),
        (2, ("--name", "Vùng", "--reason", " "), "Say why"),
    ],
)
def test_what_is_no_name_for_a_tier(installation, number, arguments, reason):
    result = installation.run("org", "tier", number, "--reason", "thử", *arguments)
    assert result.exit_code == 1
    assert reason in result.stderr
    assert installation.sql("select name, name_en from tiers order by tier") == [
        ("Tổng cục", "General Department"), ("Cục", "Department"), ("Chi cục", "Sub-department"),
    ]  # fmt: skip
    assert installation.entries("organisation:tier-named") == []


def test_every_setting_is_in_the_reference():
    result = invoke("settings", "reference")
    assert result.exit_code == 0
    assert result.stdout.count("| `INTELHUB_") > 10


def test_the_console_script_refuses_without_a_traceback(tmp_path):
    command = [sys.executable, "-m", "intelhub.cli", "user", "list", "--var", str(tmp_path / "nowhere")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: There is no folder")
    assert len(result.stderr.splitlines()) == 1
