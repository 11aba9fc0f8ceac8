"""The organisation in a real database: loaded once, changed by events, read by the application alone."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import chain
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from intelhub.organisation import (
    EventKind,
    Identity,
    UnitEvent,
    UnitKind,
    apply_event,
    event_id,
    find_unit,
    get_unit,
    list_units,
    load_directory,
    load_template,
    load_tree,
    name_tier,
    read_template,
    search_units,
    today,
)
from intelhub.organisation.models import OrganisationRow, UnitEventRow, UnitRow
from intelhub.organisation.queries import read_rows
from intelhub.organisation.sealing import seal_of
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Conflict, NotFound, RuleRefused, Unavailable

ACTOR = Actor(user_id=uuid4(), username="anybody")


@pytest.fixture
def migrator(database, run_vault):
    engine = create_engine(database.migrator_url)
    with Session(engine, info={"vault": run_vault}) as session:
        yield session
    engine.dispose()


@pytest.fixture
def app(database, run_vault):
    engine = create_engine(database.app_url)
    with Session(engine, info={"vault": run_vault}) as session:
        yield session
    engine.dispose()


@pytest.fixture
def loaded(migrator):
    load_template(migrator)
    migrator.commit()
    return migrator


def seal_what_stands(session):
    """As an older release would have left it that knew less."""
    organisation = session.scalars(select(OrganisationRow)).one()
    session.expire_all()
    organisation.seal = seal_of(session, organisation.template, organisation.stamp, chain(*read_rows(session)))
    session.flush()


def renamed(unit, on, name="Tên mới"):
    return UnitEvent(
        id=event_id(unit.id, EventKind.RENAMED, on), unit_id=unit.id, kind=EventKind.RENAMED, on=on, name=name
    )


def test_before_anything_is_loaded_the_application_says_so(app):
    with pytest.raises(Unavailable):
        load_directory(app)


@pytest.mark.usefixtures("loaded")
def test_a_template_comes_back_from_the_database_as_it_was_shipped(app):
    shipped, stored = read_template("VN-2006-2024"), load_directory(app)
    assert stored.ever.units == shipped.ever.units
    assert stored.events == shipped.events
    assert stored.tiers == shipped.tiers


def test_loading_twice_adds_nothing_and_keeps_the_stamp(loaded, app):
    before = load_directory(app)
    again = load_template(loaded)
    loaded.commit()
    assert (again.units, again.events) == (0, 0)
    assert load_directory(app) is before


def test_a_newer_template_adds_what_is_missing_and_leaves_local_events(loaded):
    unit = get_unit(ACTOR, loaded, "15BB")
    apply_event(ACTOR, loaded, renamed(unit, today()))
    gone = find_unit(ACTOR, loaded, "15BE.D3")
    loaded.execute(text("DELETE FROM unit_events WHERE unit_id = :unit"), {"unit": gone.id})
    loaded.execute(text("DELETE FROM units WHERE id = :unit"), {"unit": gone.id})
    seal_what_stands(loaded)
    added = load_template(loaded)
    assert (added.units, added.events) == (1, 1)
    assert get_unit(ACTOR, loaded, "15BB").name == "Tên mới"
    assert get_unit(ACTOR, loaded, "15BE.D3").id == gone.id


def test_another_organisation_is_not_mixed_in(loaded):
    with pytest.raises(Conflict):
        load_template(loaded, "VN-2025")
    assert load_directory(loaded).template == "VN-2006-2024"


@pytest.mark.usefixtures("loaded")
def test_the_application_may_read_and_not_write(app):
    assert app.scalar(select(func.count()).select_from(UnitRow)) == len(read_template("VN-2006-2024").identities)
    with pytest.raises(ProgrammingError, match="permission denied"):
        app.execute(text("UPDATE units SET specialised = true"))


def test_the_name_of_a_tier_is_seen_by_the_next_reader(loaded, app):
    assert load_directory(app).tier(2).label("vi") == "Cục"
    app.rollback()
    before, after = name_tier(ACTOR, loaded, 2, name="Chi cục khu vực")
    assert (before.name, after.name, after.name_en) == ("Cục", "Chi cục khu vực", "Department")
    loaded.commit()
    assert load_directory(app).tier(2) == after
    assert load_directory(app).tier(1).name == "Tổng cục"


@pytest.mark.usefixtures("loaded")
def test_the_application_names_no_tier(app):
    with pytest.raises(ProgrammingError, match="permission denied"):
        name_tier(ACTOR, app, 2, name="Chi cục khu vực")


def test_an_event_is_seen_by_the_next_reader(loaded, app):
    unit = get_unit(ACTOR, app, "15BB")
    app.rollback()
    apply_event(ACTOR, loaded, renamed(unit, today()))
    loaded.commit()
    assert get_unit(ACTOR, app, "15BB").name == "Tên mới"
    assert load_tree(ACTOR, app, day=today() - timedelta(days=1)).get("15BB").name != "Tên mới"


def test_an_event_of_the_future_does_not_change_today(loaded):
    unit = get_unit(ACTOR, loaded, "15BB")
    apply_event(ACTOR, loaded, renamed(unit, today() + timedelta(days=30)))
    assert get_unit(ACTOR, loaded, "15BB").name == unit.name


def test_the_same_event_twice_is_a_conflict_and_a_broken_one_leaves_nothing(loaded):
    unit = get_unit(ACTOR, loaded, "15ZZ")
    apply_event(ACTOR, loaded, renamed(unit, today()))
    with pytest.raises(Conflict):
        apply_event(ACTOR, loaded, renamed(unit, today()))
    before = loaded.scalar(select(func.count()).select_from(UnitEventRow))
    closed = UnitEvent(
        id=event_id(unit.id, EventKind.CLOSED, today()), unit_id=unit.id, kind=EventKind.CLOSED, on=today()
    )
    with pytest.raises(RuleRefused):
        apply_event(ACTOR, loaded, closed)
    assert loaded.scalar(select(func.count()).select_from(UnitEventRow)) == before


def test_a_new_unit_is_founded_under_a_code_of_its_own(loaded):
    def found(code):
        unit = Identity(id=uuid4(), code=code, tier=3, kind=UnitKind.INLAND)
        event = UnitEvent(
            id=event_id(unit.id, EventKind.FOUNDED, today()),
            unit_id=unit.id,
            kind=EventKind.FOUNDED,
            on=today(),
            name="Chi cục mới",
            parent_id=get_unit(ACTOR, loaded, "15ZZ").id,
        )
        return apply_event(ACTOR, loaded, event, founded=unit)

    found("15XX")
    assert load_tree(ACTOR, loaded).department_of("15XX").code == "15ZZ"
    with pytest.raises(RuleRefused):
        found("01B6")


def test_a_closed_unit_is_still_known_but_no_longer_listed(loaded):
    assert get_unit(ACTOR, loaded, "10BD").valid_to == date(2019, 9, 19)
    assert "10BD" not in {unit.code for unit in list_units(ACTOR, loaded, kind=UnitKind.BORDER_GATE)}
    assert "10BD" in {unit.code for unit in list_units(ACTOR, loaded, day=date(2018, 1, 1))}
    with pytest.raises(NotFound):
        get_unit(ACTOR, loaded, "NOWHERE")


def test_names_are_searched_without_diacritics(loaded):
    assert [unit.code for unit in search_units(ACTOR, loaded, "huu nghi")] == ["15BB"]
