"""The tables of access: models and migration agree, and the application may do no more than it does."""

from __future__ import annotations

import re

import psycopg
import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.exc import ProgrammingError

from intelhub.access import models
from intelhub.platform.database import Base
from intelhub.platform.migrate import compare, current_revision, downgrade, upgrade
from intelhub.platform.roles import driver_address

TABLES = {
    row.__tablename__
    for row in vars(models).values()
    if isinstance(row, type) and issubclass(row, Base) and row != Base
}


def test_models_say_what_the_migration_made(bare_database):
    upgrade(bare_database.migrator_url)
    own = MetaData(naming_convention=Base.metadata.naming_convention)
    for name in (*TABLES, "units"):
        Base.metadata.tables[name].to_metadata(own)
    differences = compare(bare_database.migrator_url, own)
    ours = re.compile("|".join(rf"Table\('{name}'|<{name}>|None, '{name}'" for name in TABLES))
    assert [one for one in differences if ours.search(one)] == []


def test_the_migration_goes_back(bare_database):
    upgrade(bare_database.migrator_url, "0005")
    downgrade(bare_database.migrator_url, "0004")
    assert current_revision(bare_database.migrator_url) == "0004"
    upgrade(bare_database.migrator_url, "0005")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM users",
        "DELETE FROM posts",
        "DELETE FROM sessions",
        "UPDATE users SET username = 'root.user'",
        "UPDATE posts SET function = 'leader'",
        "UPDATE posts SET user_id = user_id",
        "UPDATE sessions SET user_id = user_id",
        "UPDATE sessions SET expires_at = now() + interval '1 year'",
        "UPDATE sessions SET strength = 'demo'",
        "UPDATE compartment_members SET compartment_id = compartment_id",
        "UPDATE recovery_codes SET code_digest = code_digest",
        "TRUNCATE sign_in_throttle",
    ],
)
def test_the_application_rewrites_no_grant_and_no_session(house, statement):
    with house.app.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(statement))


def test_the_worker_and_the_sequencer_see_no_credentials(database):
    for url in (database.worker_url, database.sequencer_url):
        for table in ("credentials", "recovery_codes"):
            with (
                psycopg.connect(driver_address(url)) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(f"SELECT 1 FROM {table}")
