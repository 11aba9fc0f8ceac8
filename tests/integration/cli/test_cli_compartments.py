"""Compartments from the console: made, filled and emptied with clear sentences, and nobody lets themselves in."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from sqlalchemy import select

from intelhub.access import NOBODY, scope_for
from intelhub.access.models import CompartmentMemberRow
from intelhub.cli.opening import open_installation

from .conftest import ANALYST, LEADER, OFFICER

NAME = "Chuyên án Sông Kỳ Cùng"


@pytest.fixture
def river(installation):
    installation.done("compartment", "create", NAME)
    return installation


def members(installation) -> set[str]:
    return {
        name
        for (name,) in installation.sql(
            "select username from compartment_members join users on users.id = user_id"
            " where ends_at is null or ends_at > now()"
        )
    }


def test_a_compartment_is_made_filled_listed_and_emptied(river):
    assert "nobody is in it" in river.done("compartment", "create", "Đêm trắng").stdout
    for username in (OFFICER, LEADER):
        assert f"{username} is in the compartment “{NAME}”." in river.done("compartment", "add", NAME, username).stdout
    listed = river.done("compartment", "list").stdout
    assert re.search(rf"{NAME} +2 ", listed)
    assert re.search(r"Đêm trắng +0 ", listed)
    assert listed.index(NAME) < listed.index("Đêm trắng")
    assert "no longer in the compartment" in river.done("compartment", "remove", NAME, OFFICER).stdout
    assert members(river) == {LEADER}
    assert re.search(rf"{NAME} +1 ", river.done("compartment", "list").stdout)
    river.done("compartment", "add", NAME, OFFICER)
    assert members(river) == {OFFICER, LEADER}


def test_its_name_is_found_in_any_writing(river):
    river.done("compartment", "add", f"  {NAME.upper()}  ".replace(" ", "  "), OFFICER)
    assert members(river) == {OFFICER}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("create", NAME), "There is a compartment of this name already."),
        (("create", f" {NAME.lower()} "), "There is a compartment of this name already."),
        (("create", "  "), "Give the compartment a name."),
        (("create", "x" * 81), "at most 80 letters"),
        (("create", "a\x1b[2Jb"), "no control characters"),
        (("add", "Không có", OFFICER), "There is no compartment “Không có”. See “intelhub compartment list”."),
        (("remove", "Không có", OFFICER), "There is no compartment “Không có”."),
        (("add", NAME, "ghost"), "There is no account “ghost”."),
        (("remove", NAME, OFFICER), f"{OFFICER} is not in the compartment “{NAME}”."),
        (("add", NAME, LEADER), "This person is in the compartment already."),
    ],
)
def test_what_cannot_be_done_is_a_sentence(river, arguments, reason):
    river.done("compartment", "add", NAME, LEADER)
    result = river.run("compartment", *arguments)
    assert result.exit_code == 1
    assert reason in result.stderr
    assert "\x1b" not in result.stderr
    assert members(river) == {LEADER}


def test_nobody_lets_themselves_in_or_manages_without_the_duty(river):
    for act in ("add", "remove"):
        own = river.run("compartment", act, NAME, "admin", "--as", "admin")
        assert own.exit_code == 1
        assert "Nobody changes their own rights." in own.stderr
    for arguments in (("create", "Khác"), ("list",), ("add", NAME, ANALYST), ("remove", NAME, ANALYST)):
        refused = river.run("compartment", *arguments, "--as", OFFICER)
        assert refused.exit_code == 1
        assert "Only an operator manages accounts." in refused.stderr
        assert NAME not in refused.stdout
    assert members(river) == set()
    assert river.sql("select count(*) from compartments") == [(1,)]


def test_each_act_stands_in_the_log_and_no_name_does(river):
    river.done("compartment", "add", NAME, OFFICER, "--as", "admin")
    river.done("compartment", "list", "--as", "admin")
    river.done("compartment", "remove", NAME, OFFICER, "--as", "admin")
    (admin,) = river.sql("select id from users where username = 'admin'")
    for action in ("compartment:member-added", "compartment:listed", "compartment:member-removed"):
        (entry,) = river.entries(action)
        assert entry.actor_id == admin[0]
    assert river.entries("compartment:created")
    written = str(river.sql("select * from audit_pending") + river.sql("select * from audit_entries"))
    assert "Sông" not in written
    assert "Sông".encode().hex() not in written


def test_a_name_given_twice_at_once_is_one_membership_after_all(river):
    """Whatever put a second row there: taking somebody out takes them out."""
    river.done("compartment", "add", NAME, OFFICER)
    with open_installation(river.var) as house, house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        one = session.scalars(select(CompartmentMemberRow)).one()
        names = ("compartment_id", "user_id", "starts_at", "ends_at", "granted_by")
        session.add(CompartmentMemberRow(id=uuid4(), **{name: getattr(one, name) for name in names}))
    assert re.search(rf"{NAME} +1 ", river.done("compartment", "list").stdout)
    river.done("compartment", "remove", NAME, OFFICER)
    assert members(river) == set()


def test_an_import_names_compartments_and_learns_of_no_other(river, fields, write_lines):
    river.done("compartment", "create", "Đêm trắng")
    river.done("compartment", "add", NAME, OFFICER)
    river.done("compartment", "add", "Đêm trắng", LEADER)
    ids = {str(one) for (one,) in river.sql("select id from compartments")}
    lines = [
        fields | {"compartments": [NAME.lower()]},
        fields | {"compartments": []},
        fields | {"compartments": None},
        *(fields | {"compartments": [name]} for name in ("Đêm trắng", "Chưa từng có", "", *sorted(ids))),
        fields | {"compartments": [NAME, "Đêm trắng"]},
        fields | {"compartments": NAME},
        fields | {"compartments": [7]},
        fields | {"compartments": {NAME: True}},
    ]
    path = write_lines(*lines)
    for more in (("--check",), ()):
        result = river.run("records", "import", path, "--as", OFFICER, *more)
        assert result.exit_code == 1
        assert result.stdout.startswith("3 records"), result.output
        said = {line.split(": ", 1)[1] for line in result.stderr.splitlines() if re.match(r"line ([4-9]):", line)}
        assert said == {"compartments: There is no such compartment that you are in. Choose among yours."}
        assert result.stderr.count("compartments: Compartments are a list of names.") == 3
    kept = river.sql("select compartments from records order by cardinality(compartments)")
    (river_id,) = river.sql("select compartment_id from compartment_members m join users u on u.id = m.user_id"
                            " where username = :name", name=OFFICER)  # fmt: skip
    assert [one for (one,) in kept] == [[], [], [river_id[0]]]


def test_what_nobody_could_send_on_is_a_refused_line(river, fields, write_lines):
    river.done("compartment", "add", NAME, OFFICER)
    path = write_lines(fields | {"compartments": [NAME]})
    result = river.run("records", "import", path, "--as", OFFICER, "--submit")
    assert result.exit_code == 1
    assert "line 1: compartments: Nobody who could forward this record" in result.stderr
    assert river.sql("select count(*) from records") == [(0,)]
    river.done("compartment", "add", NAME, LEADER)
    assert "1 records are submitted" in river.done("records", "import", path, "--as", OFFICER, "--submit").stdout
