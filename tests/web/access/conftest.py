"""People with passwords and one-time codes, and what the log holds of them."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from sqlalchemy import create_engine

from intelhub import access
from intelhub.access import NOBODY, scope_for

PASSWORD = "bốn con ngựa trắng"


@pytest.fixture
def give_password(house):
    """Let somebody sign in with a password: `give_password("officer")`."""

    def give(username: str, password: str = PASSWORD) -> str:
        with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
            access.set_first_password(session, house.people[username], password)
        return password

    return give


@pytest.fixture
def give_codes(house, give_password):
    """Let somebody sign in with a password and one-time codes; the codes of their telephone, and recovery codes."""

    def give(username: str) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        password = give_password(username)
        with house.acting(username) as (actor, session):
            telephone = pyotp.TOTP(access.enrol_totp(actor, session, password=password).secret)
            return telephone, access.confirm_totp(actor, session, code=telephone.now())

    return give


@pytest.fixture
def entries(house):
    """The log that still waits, as (action, decision, rule) or the columns that are asked for."""
    superuser = create_engine(house.database.superuser_url)

    def read(columns: str = "action, decision, rule") -> list[tuple[Any, ...]]:
        with superuser.connect() as connection:
            found = connection.exec_driver_sql(f"SELECT {columns} FROM audit_pending ORDER BY pos")
            return [tuple(row) for row in found]

    yield read
    superuser.dispose()
