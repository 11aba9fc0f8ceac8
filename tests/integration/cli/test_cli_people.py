"""Accounts from the console: the first administrator once, and everybody else as the services allow."""

from __future__ import annotations

import re

import pytest

from .conftest import ANALYST, OFFICER

CODE = re.compile(r"Setup code: (\S+)")


def test_the_first_administrator_is_made_once_and_never_again(bare):
    bare.done("org", "load")
    first = bare.done("user", "create-first", "admin", "--name", "Quản trị")
    assert CODE.search(first.stdout)
    again = bare.run("user", "create-first", "other", "--name", "Người khác")
    assert again.exit_code == 1
    assert "There is an administrator already" in again.stderr
    bare.sql("update users set is_active = false")
    assert bare.run("user", "create-first", "other", "--name", "Người khác").exit_code == 1
    assert bare.sql("select username from users") == [("admin",)]
    assert bare.sql("select function from posts") == [("operator",)]


def test_without_an_organisation_there_is_no_top_to_stand_at(bare):
    result = bare.run("user", "create-first", "admin", "--name", "Quản trị")
    assert result.exit_code == 1
    assert "intelhub org load" in result.stderr


def test_a_missing_name_is_asked_for(bare):
    bare.done("org", "load")
    bare.done("user", "create-first", "admin", typed="Quản trị viên\n")
    assert bare.sql("select display_name from users") == [("Quản trị viên",)]


def test_a_username_is_taken_once(installation):
    result = installation.run("user", "create", OFFICER, "--name", "Ai đó")
    assert result.exit_code == 1
    assert "Somebody has this username already." in result.stderr


def test_an_operator_is_named_in_the_log_and_gets_no_rights_from_the_console(installation):
    installation.done("user", "create", "hai.do", "--name", "Đỗ Hải", "--as", "admin")
    (admin,) = installation.sql("select id from users where username = 'admin'")
    created = {entry.actor_id for entry in installation.entries("user:created")}
    assert admin[0] in created
    refused = installation.run("user", "create", "x.y", "--name", "X", "--as", OFFICER)
    assert refused.exit_code == 1
    assert "Only an operator manages accounts." in refused.stderr
    own = installation.run("user", "clearance", "admin", 3, "--as", "admin")
    assert "Nobody changes their own rights." in own.stderr


def test_a_function_is_given_and_ended(installation):
    installation.done("user", "post", ANALYST, "unit_head", "15ZZ", "--until", "2999-12-31", "--deputy")
    held = (
        "select function, is_deputy from posts join users on users.id = user_id"
        " where username = :name and ends_at > now()"
    )
    assert ("unit_head", True) in installation.sql(held, name=ANALYST)
    installation.done("user", "post", ANALYST, "unit_head", "15ZZ", "--end")
    assert installation.sql(held, name=ANALYST) == [("analyst", False)]
    assert "does not hold" in installation.run("user", "post", ANALYST, "unit_head", "15ZZ", "--end").stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("post", ANALYST, "leader", "15BB"), "not held at a unit of this tier"),
        (("post", ANALYST, "analyst", "99XX"), "no unit “99XX” today"),
        (("post", "ghost", "analyst", "15ZZ"), "no account “ghost”"),
        (("clearance", ANALYST, "2", "--until", "2001-01-01"), "lies ahead"),
        (("deactivate", "ghost"), "no account “ghost”"),
        (("setup-code", "ghost"), "no account “ghost”"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(installation, arguments, reason):
    result = installation.run("user", *arguments)
    assert result.exit_code == 1
    assert reason in result.stderr


def test_a_closed_account_acts_no_more_and_can_be_opened_again(installation, fields, write_lines):
    installation.done("user", "deactivate", OFFICER)
    path = write_lines(fields)
    assert "no open account" in installation.run("records", "import", path, "--as", OFFICER).stderr
    assert OFFICER not in installation.done("user", "list").stdout
    assert re.search(rf"{OFFICER}.*closed", installation.done("user", "list", "--all").stdout)
    installation.done("user", "activate", OFFICER)
    installation.done("records", "import", path, "--as", OFFICER)


def test_the_list_narrows_by_unit_and_function(installation):
    everybody = installation.done("user", "list").stdout
    assert "group_officer at 15BB" in everybody
    assert "Tối mật" in everybody
    here = installation.done("user", "list", "--unit", "15ZZ", "--function", "analyst").stdout
    assert ANALYST in here
    assert OFFICER not in here


def test_a_code_to_choose_a_password_is_printed_and_not_stored(installation):
    code = CODE.search(installation.done("user", "setup-code", OFFICER).stdout)[1]
    assert installation.sql("select count(*) from credentials where encode(setup_code_digest, 'escape') like :code",
                            code=f"%{code}%") == [(0,)]  # fmt: skip
