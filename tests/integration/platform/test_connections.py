"""A connection that the server has ended is replaced before anybody works on it."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from intelhub.platform import database as connections
from intelhub.platform.database import open_engine


@pytest.fixture
def engine(database):
    opened = open_engine(database.app_url, pool_size=1)
    yield opened
    opened.dispose()


def backend_of(engine) -> int:
    with engine.connect() as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()


def end(database, backend: int) -> None:
    superuser = open_engine(database.superuser_url, pool_size=1)
    with superuser.connect() as connection:
        assert connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend}).scalar_one()
    superuser.dispose()


def test_a_living_connection_is_used_again(engine):
    assert backend_of(engine) == backend_of(engine)


def test_an_ended_connection_is_replaced_at_once(engine, database):
    before = backend_of(engine)
    end(database, before)
    assert backend_of(engine) != before


def test_a_connection_that_was_quiet_for_long_is_asked_and_kept_when_it_answers(engine, monkeypatch):
    before = backend_of(engine)
    monkeypatch.setattr(connections, "_QUIET_SECONDS", 0.0)
    time.sleep(0.01)
    assert backend_of(engine) == before
