"""Need to know: whoever is not in a compartment learns neither its name nor of one record in it, by no way at all.

The people here have every other right: clearance, unit, department and function would let them read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from intelhub import access, records
from intelhub.access import scope_for
from intelhub.platform.errors import NotFound, NotPermitted
from intelhub.platform.roles import driver_address
from intelhub.records import ListFilter, queries
from intelhub.search import SearchRequest
from tests.attacks.test_mass_assignment import row_of
from tests.factories.compartments import NAME, compartment, console, let_in, take_out
from tests.factories.record_world import act, submitted, travelled
from tests.house import TestHouse, content
from tests.noise import without_noise
from tests.web.records.test_record_pages import _ID, form_of, page, write

MEMBERS = ("officer", "leader", "analyst", "head", "hq")
# In the record's department with every right but one: its compartment.
OUTSIDERS = ("officer2", "analyst2", "neighbour")
WORDS = "Xe 29C-678.90 giấu kính ngắm trong hòm dụng cụ, lái xe hẹn giao ở bãi đá."


@pytest.fixture
def river(house) -> UUID:
    return compartment(house, *MEMBERS)


def choices(river: UUID) -> Iterator[object]:
    """What an outsider may try as a compartment: one there is, one there is not, and what is no id."""
    yield from (str(river), str(uuid4()), "river", NAME, [str(river), str(uuid4())], f"{{{river}}}", "\x00")


def test_no_form_tells_a_compartment_that_is_not_held_from_one_that_is_not_there(house, client_as, river):
    outsider = client_as("officer2")
    saved = outsider.submit("/records/new", {**form_of(content()), "do": "save"})
    record_id = _ID.search(saved.location).group(1)
    outsider.get(saved.location)  # where “saved” is said, once
    answers: dict[str, set[str]] = {}
    for url in ("/records/new", f"/records/{record_id}/edit"):
        for do in ("save", "check", "autosave"):
            for tried in choices(river):
                form = {**form_of(content()), "compartments": tried, "row_version": "1", "do": do}
                answer = outsider.submit(url, form)
                assert answer.status_code == 422, (url, do, tried)
                text = answer.get_data(as_text=True)
                assert NAME not in text
                assert str(river) not in text
                shown = re.sub(r'(csrf_token|draft_key)" value="[^"]*"', "", text.partition("<main")[2] or text)
                shown = shown.partition("</main>")[0]
                answers.setdefault(f"{url} {do}", set()).add(shown)
    assert {len(texts) for texts in answers.values()} == {1}
    row = row_of(house, record_id)
    assert (row.compartments, row.row_version) == ([], 1)
    with house.acting("officer2") as (actor, session):
        assert records.count_records(actor, session, ListFilter(author_id=actor.user_id)) == 1


def test_an_extra_field_of_the_submission_moves_no_record_into_or_out_of_a_compartment(house, client_as, river):
    officer = client_as("officer")
    inside = write(officer, compartments=str(river))
    saved = officer.submit("/records/new", {**form_of(content()), "do": "save"})
    plain = _ID.search(saved.location).group(1)
    officer.submit(f"/records/{plain}/submit", {"row_version": "1", "compartments": str(river)})
    assert row_of(house, plain).compartments == []
    leader = client_as("leader")
    version = row_of(house, inside).row_version
    leader.submit(f"/records/{inside}/forward", {"row_version": str(version), "compartments": ""})
    assert row_of(house, inside).compartments == [river]


def surfaces(house: TestHouse, username: str) -> set[UUID]:
    """Every record that lists, counts and searches tell this person of."""
    with house.acting(username) as (actor, session):
        listed = {line.id for line in records.show_list(actor, session, ListFilter()).lines}
        assert records.count_records(actor, session, ListFilter()) == len(listed)
        for asked in ("", "kinh ngam", "29C-678.90", '"giấu kính"', "level:1", "topic:false_origin", "NOT tem"):
            result = records.search_records(actor, session, SearchRequest(text=asked))
            assert {one.line.id for one in result.found} <= listed, asked
            assert result.counted.count <= len(listed), asked
            assert sum(count for _, count in result.counted.facets.get("level", ())) <= len(listed), asked
            assert sum(count for _, count in result.counted.months) <= len(listed), asked
    return listed


def test_lists_counts_facets_and_searches_know_nothing_of_it(house, river):
    subject = [{"kind": "vehicle", "name": "", "identifier": "29C-678.90"}]
    plain = travelled(house, 2)
    before = {username: surfaces(house, username) for username in OUTSIDERS}
    inside = travelled(house, 2, text=WORDS, abstract="Kính ngắm", subjects=subject, compartments=[str(river)])
    assert {username: surfaces(house, username) for username in OUTSIDERS} == before
    for username in ("leader", "analyst", "head"):
        assert surfaces(house, username) == {plain, inside}


def test_the_numbers_outside_have_no_gap_where_one_lies_inside(house, river):
    numbers = []
    for inside in (False, True, False, True, True, False):
        record_id = submitted(house, compartments=[str(river)] if inside else [])
        with house.acting("leader") as (actor, session):
            numbers.append((inside, records.read_record(actor, session, record_id).summary.head.number[-4:]))
    assert [number for inside, number in numbers if not inside] == ["0001", "0002", "0003"]
    assert [number for inside, number in numbers if inside] == ["0001", "0002", "0003"]
    for username, seen in (("officer", 2), ("officer2", 1)):
        actor = house.actor(username)
        with psycopg.connect(driver_address(house.database.app_url)) as connection:
            for name, value in scope_for(actor).context().items():
                connection.execute("select set_config(%s, %s, true)", (name, value))
            (count,) = connection.execute("select count(*) from record_series").fetchone()
        assert count == seen, username


def test_its_address_answers_like_one_that_was_never_given(house, client_as, river):
    inside = travelled(house, 2, compartments=[str(river)])
    for username in OUTSIDERS:
        client = client_as(username)
        client.get("/")  # the first answer of a browser brings the form cookie
        for tail in ("", "/versions", "/edit", "/check"):
            hidden, unknown = client.get(f"/records/{inside}{tail}"), client.get(f"/records/{uuid4()}{tail}")
            assert hidden.status_code == unknown.status_code
            assert hidden.status_code in {403, 404}
            assert hidden.data == unknown.data
        for tail in ("acknowledge", "evaluate", "duplicate", "forward", "return", "discard", "submit"):
            form = {"row_version": "3", "reason": "x", "target": str(inside), "source_grade": "C", "info_grade": "3"}
            hidden = client.submit(f"/records/{inside}/{tail}", form)
            unknown = client.submit(f"/records/{uuid4()}/{tail}", form)
            assert (hidden.status_code, hidden.data) == (unknown.status_code, unknown.data), (username, tail)
        with house.acting(username) as (actor, session):
            for look in (records.read_record, queries.list_steps, queries.list_versions):
                with pytest.raises(NotFound):
                    look(actor, session, inside)


def test_the_panel_of_related_records_and_the_links_of_a_grade_show_none_of_it(house, client_as, river):
    """Both are about the same container; the one who grades the plain record is not in the compartment."""
    plain = travelled(house, 1)
    inside = travelled(house, 1, abstract="Chỉ dành cho nhóm", compartments=[str(river)])
    outsider, member = client_as("analyst2"), client_as("analyst")
    shown = page(outsider, f"/records/{plain}")
    assert 'id="related-title"' in shown
    assert str(inside) not in shown
    assert "Chỉ dành cho nhóm" not in shown
    assert NAME not in shown
    assert str(inside) in page(member, f"/records/{plain}")
    version = str(row_of(house, plain).row_version)
    told = {}
    for target in (inside, uuid4()):
        form = {"row_version": version, "reason": "trùng", "target": str(target), "corroborating": str(target),
                "source_grade": "C", "info_grade": "1"}  # fmt: skip
        for move in ("duplicate", "evaluate"):
            answer = outsider.submit(f"/records/{plain}/{move}", form)
            assert answer.status_code == 422
            told.setdefault(move, set()).add(without_noise(answer.get_data(as_text=True)).replace(str(target), ""))
    assert {len(notices) for notices in told.values()} == {1}
    assert row_of(house, plain).state == "received"


def test_whoever_was_taken_out_loses_it_with_the_next_request(house, client_as, river):
    inside = travelled(house, 2, abstract="Chỉ dành cho nhóm", compartments=[str(river)])
    head, officer = client_as("head"), client_as("officer")
    for client, username in ((head, "head"), (officer, "officer")):
        assert "Chỉ dành cho nhóm" in page(client, f"/records/{inside}")
        take_out(house, river, username)
        page(client, f"/records/{inside}", 404)  # its own author too
        for url in ("/", "/records", "/records/new") if username == "officer" else ("/", "/records"):
            text = page(client, url)
            assert "Chỉ dành cho nhóm" not in text
            assert NAME not in text
        found = client.submit("/search", {"q": "chỉ dành cho nhóm"}).get_data(as_text=True)
        assert str(inside) not in found
    let_in(house, river, "head")
    assert "Chỉ dành cho nhóm" in page(head, f"/records/{inside}")


def test_half_of_the_compartments_of_a_record_is_none(house, river):
    night = compartment(house, "officer", "leader", name="Đêm trắng")
    inside = submitted(house, compartments=[str(river), str(night)])
    act(house, "leader", inside, records.return_record, comment="Ghi rõ")
    take_out(house, night, "leader")
    with pytest.raises(NotFound), house.acting("leader") as (actor, session):
        records.read_record(actor, session, inside)


def test_the_list_of_compartments_tells_its_manager_nothing_of_records(house, river):
    def listed() -> object:
        with console(house) as (actor, session):
            return access.list_compartments(actor, session)

    before = listed()
    travelled(house, 2, compartments=[str(river)])
    assert listed() == before
    for username in sorted(set(house.people) - {"operator"}):
        with house.acting(username) as (actor, session):
            for look in (access.list_compartments, lambda *who: access.get_compartment(*who, NAME)):
                with pytest.raises(NotPermitted):
                    look(actor, session)


def test_nobody_lets_themselves_in(house, river):
    for username in house.people:
        with house.acting(username) as (actor, session):
            for change in (access.add_member, access.remove_member):
                with pytest.raises(NotPermitted):
                    change(actor, session, compartment_id=river, user_id=actor.user_id)
    with house.acting("operator") as (actor, session):
        access.add_member(actor, session, compartment_id=river, user_id=house.people["stranger"])
        assert access.list_compartment_names(actor, session) == {}


def test_an_outsider_asks_for_names_by_no_id(house, river):
    with house.acting("analyst2") as (actor, session):
        assert access.list_compartment_names(actor, session) == {}
    with house.acting("leader") as (actor, session):
        assert access.list_compartment_names(actor, session) == {river: NAME}


def test_the_database_holds_the_name_in_no_table(house, client_as, river):
    write(client_as("officer"), compartments=str(river))
    page(client_as("leader"), "/")
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        assert ("compartments",) in tables
        for (table,) in tables:
            dump = str(connection.execute(sql.SQL("select t::text from {} t").format(sql.Identifier(table))).fetchall())
            for secret in (NAME, "Sông", NAME.encode().hex(), "Sông".encode().hex()):
                assert secret not in dump, table


def test_the_database_alone_lets_nobody_put_a_record_where_they_are_not(house, river):
    """The second wall, without the application: a writer's own draft, moved by bare SQL."""
    with house.acting("officer2") as (actor, session):
        record_id = records.create_draft(actor, session, content()).id
    actor = house.actor("officer2")
    with psycopg.connect(driver_address(house.database.app_url)) as connection:
        for name, value in scope_for(actor).context().items():
            connection.execute("select set_config(%s, %s, true)", (name, value))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update records set compartments = %s where id = %s", ([river], record_id))
