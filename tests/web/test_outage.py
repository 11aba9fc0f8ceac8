"""Without a database: a page that says so with the right status, whoever asks and wherever it broke."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from intelhub.platform.database import open_engine
from tests.web.conftest import make_app

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2"


@pytest.fixture
def app(house, tmp_path):
    """One of its own: what breaks down here must not do so anywhere else."""
    return make_app(house, tmp_path)


@pytest.fixture
def units(app):
    return app.extensions["intelhub"].units


@pytest.fixture
def away():
    engine = open_engine(NOWHERE)
    yield engine
    engine.dispose()


def says_so(answer):
    page = answer.get_data(as_text=True)
    return answer.status_code == 503 and "Cơ sở dữ liệu không trả lời" in page


def test_machines_and_people_are_told_that_the_database_does_not_answer(client_as, client, units, away, monkeypatch):
    officer = client_as("officer")
    assert officer.get("/records").status_code == 200
    monkeypatch.setattr(units, "engine", away)
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert says_so(officer.get("/records"))


def test_a_database_that_goes_while_a_page_is_made_is_no_bug(app, client_as, units, away, monkeypatch):
    officer = client_as("officer")
    app.before_request(lambda: monkeypatch.setattr(units, "engine", away))
    assert says_so(officer.get("/records"))


class _Deadlock(Exception):
    sqlstate = "40P01"


def test_a_mistake_of_ours_in_a_statement_stays_a_bug(app, client_as):
    officer = client_as("officer")

    def break_down():
        raise OperationalError("SELECT", {}, _Deadlock())

    app.before_request(break_down)
    assert officer.get("/records").status_code == 500
