"""The pages of the organisation on a real database, behind the real gate, in a small application of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import Flask, g, request
from flask_babel import Babel
from jinja2 import StrictUndefined
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from intelhub import organisation
from intelhub.access import NOBODY, may, scope_for
from intelhub.organisation import (
    EventKind,
    UnitEvent,
    apply_event,
    event_id,
    forget_people,
    load_template,
    people,
    register_people,
)
from intelhub.platform.actor import Actor, Post
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.platform.web import errors, gate, headers, open_to_all
from intelhub.platform.web.current import WebHouse
from intelhub.platform.web.look import STATIC_FOLDER, TEMPLATE_FOLDER, install_look

NEW_YEAR, SUMMER = date(2031, 1, 1), date(2031, 7, 1)


def _event(unit, kind, on, **facts):
    return UnitEvent(id=event_id(unit.id, kind, on), unit_id=unit.id, kind=kind, on=on, **facts)


def _change_units_to_come(session: Session) -> None:
    """15BE.D2 is renamed and then moved, 15BD is split."""
    tree = organisation.load_directory(session).as_of(NEW_YEAR)
    team, office, heirs = tree.get("15BE.D2"), tree.get("15BD"), (tree.get("15BE").id, tree.get("15BC").id)
    clerk = Actor(user_id=uuid4(), username="clerk")
    named = {"name": "Đội Thủ tục <mới>", "name_en": "New procedures team", "basis": "Quyết định 9 (2030)"}
    apply_event(clerk, session, _event(team, EventKind.RENAMED, NEW_YEAR, **named))
    apply_event(clerk, session, _event(team, EventKind.MOVED, SUMMER, parent_id=heirs[1]))
    apply_event(clerk, session, _event(office, EventKind.SPLIT, NEW_YEAR, successors=heirs))


@pytest.fixture(scope="module")
def units_of_work(cluster, migrated_template, run_vault):
    with cluster.copy_of(migrated_template) as database:
        migrator, app = create_engine(database.migrator_url), create_engine(database.app_url)
        with Session(migrator, info={"vault": run_vault}) as session:
            load_template(session)
            _change_units_to_come(session)
            session.commit()
        yield UnitsOfWork(app, {"vault": run_vault})
        migrator.dispose()
        app.dispose()


@pytest.fixture(scope="module")
def directory(units_of_work):
    with units_of_work.begin(NOBODY, scope_for(NOBODY)) as session:
        return organisation.load_directory(session)


@pytest.fixture(scope="module")
def actors(directory):
    """Who may sign in: an officer of the team 15BE.D2, and somebody without any post."""
    unit = directory.as_of(organisation.today()).get("15BE.D2").id
    department = directory.as_of(organisation.today()).department_of(unit).id
    post = Post(function="group_officer", tier=3, unit_id=unit, unit_ids=frozenset({unit}), department_id=department)
    return {
        "officer": Actor(user_id=uuid4(), username="officer", posts=(post,)),
        "nobody": Actor(user_id=uuid4(), username="nobody"),
    }


def _frame() -> SimpleNamespace:
    return SimpleNamespace(
        actor_name="Nguyễn Thị Vân",
        unit_name="Đội 2",
        place="onsite",
        place_label="Tại trụ sở",
        ceiling=0,
        locale=request.args.get("language", "vi"),
        locale_url=lambda language: f"?language={language}",
        demo=False,
        navigation=(),
        search_url="/search",
        sign_out_url="/out",
        session_ends_at=None,
        stay_url="/stay",
        csrf_token="token",
        now=datetime(2026, 11, 21, 5, 3, tzinfo=UTC),
    )


@pytest.fixture(scope="module")
def app(units_of_work, actors):
    app = Flask("organisation_pages", template_folder=str(TEMPLATE_FOLDER), static_folder=None)
    app.secret_key = "invented"
    app.jinja_env.undefined = StrictUndefined
    Babel(app, locale_selector=lambda: request.args.get("language", "vi"), default_locale="vi")
    install_look(app)
    for part in (gate, headers, errors):
        part.install(app)
    app.context_processor(lambda: {"frame": _frame()})
    app.extensions["intelhub"] = WebHouse(
        units=units_of_work,
        nobody=NOBODY,
        actor_of=lambda incoming: actors.get(incoming.headers.get("X-Test-User", "")),
        scope_of=scope_for,
        permits=may,
        on_refusal=lambda refusal: g.setdefault("refusal", refusal),
        own_origins=frozenset(),
        sign_in_endpoint="sign_in",
    )

    def open_page() -> str:
        return ""

    open_page.access = open_to_all("a test's own page")
    app.add_url_rule("/sign-in", "sign_in", open_page)
    app.add_url_rule("/static/<path:filename>", "static", lambda filename: (STATIC_FOLDER / filename).read_text())
    app.register_blueprint(organisation.blueprint)
    return app


@pytest.fixture
def client_as(app):
    def open_client(username: str):
        client = app.test_client()
        client.environ_base["HTTP_X_TEST_USER"] = username
        return client

    # Who names people is registered once a process, and the application of other tests did so before.
    former = people._registered[0]
    forget_people()
    yield open_client
    register_people(former)
