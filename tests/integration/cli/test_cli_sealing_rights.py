"""An installation from before rights were sealed: believed once, by the command that brings the tables up to date."""

from __future__ import annotations

import pytest

from intelhub.access import NOBODY, open_session_for_persona, resolve_session, scope_for
from intelhub.cli.opening import open_installation
from intelhub.platform.errors import Unavailable
from intelhub.platform.migrate import current_revision, downgrade, upgrade

from .conftest import LEADER, OFFICER

BEFORE = "0013"


@pytest.fixture
def older(installation):
    """People with posts, clearances, a compartment, a password and an open session, and no seal anywhere."""
    installation.done("compartment", "create", "Sông")
    installation.done("compartment", "add", "Sông", LEADER)
    installation.done("user", "setup-code", OFFICER)
    with open_installation(installation.var) as house, house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        token = open_session_for_persona(session, username=LEADER).token
    downgrade(installation.database.migrator_url, BEFORE)
    installation.sql("delete from audit_pending where action = 'organisation:sealed'")
    return installation, token


def revision(installation) -> str | None:
    return current_revision(installation.database.migrator_url)


def rights_of(installation, token: str):
    with open_installation(installation.var) as house, house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        return resolve_session(session, token).actor


def refuses_a_rearranged_organisation(installation) -> None:
    """Somebody takes the seal away, moves a unit and sets the revision back; then the operator upgrades."""
    downgrade(installation.database.migrator_url, "0017")
    installation.sql("update unit_events set parent_id = (select id from units where code = '20ZZ')"
                     " where unit_id = (select id from units where code = '15BB')")  # fmt: skip
    again = installation.run("db", "upgrade")
    assert again.exit_code == 1
    assert "was sealed before" in again.stderr
    assert revision(installation) == "0017"


def test_what_was_granted_before_holds_after_the_upgrade(older):
    installation, token = older
    assert f"brought from {BEFORE}" in installation.done("db", "upgrade").stdout
    actor = rights_of(installation, token)
    assert (actor.username, actor.clearance, len(actor.posts), len(actor.compartments)) == (LEADER, 2, 1, 1)
    assert OFFICER in installation.done("user", "list").stdout
    [entry] = installation.entries("user:rights-sealed")
    assert entry.rule.endswith(" rows")
    assert installation.done("db", "check")
    for table in ("users", "posts", "compartment_members", "credentials", "sessions"):
        assert installation.sql(f"select min(octet_length(seal)) from {table}") == [(32,)], table


def test_without_keys_the_tables_stay_as_they_were(older):
    installation, _ = older
    with pytest.raises(Unavailable, match="needs the keys"):
        upgrade(installation.database.migrator_url)
    assert revision(installation) == BEFORE
    (installation.var / "keys" / "passphrase").write_text("not the passphrase of these keys")
    assert installation.run("db", "upgrade").exit_code == 1
    assert revision(installation) == BEFORE


def test_rights_are_believed_once_and_never_again(older):
    installation, _ = older
    installation.done("db", "upgrade")
    downgrade(installation.database.migrator_url, BEFORE)
    installation.sql("update users set clearance = 3 where username = :name", name=OFFICER)
    again = installation.run("db", "upgrade")
    assert again.exit_code == 1
    assert "was sealed before" in again.stderr
    assert revision(installation) == BEFORE


def test_the_organisation_is_believed_once_as_well(older):
    installation, _ = older
    installation.done("db", "upgrade")
    [entry] = installation.entries("organisation:sealed")
    assert (entry.rule, entry.decision) == ("1 rows", "allow")
    assert "15BB" in installation.done("org", "list").stdout
    refuses_a_rearranged_organisation(installation)


def test_a_new_installation_is_never_believed(bare):
    """Whoever takes the seals away and sets the revision back gains nothing by the upgrade that follows."""
    bare.done("org", "load", "VN-2006-2024")
    refuses_a_rearranged_organisation(bare)


def test_a_seal_that_is_taken_away_later_is_not_put_back(older):
    installation, token = older
    installation.done("db", "upgrade")
    installation.sql("update posts set seal = ''")
    assert "up to date" in installation.done("db", "upgrade").stdout
    refused = installation.run("access", "explain", LEADER, "read", "00000000-0000-4000-8000-000000000000")
    assert refused.exit_code == 1
    assert "do not fit their seal" in refused.stderr
    assert {(entry.rule, entry.decision) for entry in installation.entries("user:tamper-found")} == {("posts", "deny")}
    del token
