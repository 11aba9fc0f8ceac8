"""What was shared with a unit is read there, by whoever may read so much, as long as it is shared, and nothing else."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from intelhub import records
from intelhub.access import decide, scope_for
from intelhub.organisation import load_directory, today
from intelhub.platform.actor import Place
from intelhub.platform.errors import NotFound, NotPermitted, Refused, RuleRefused
from intelhub.platform.roles import driver_address
from intelhub.platform.row_scope import ScopeMissing
from intelhub.records import ListFilter, queries
from intelhub.search import SearchRequest
from intelhub.search.query import parse_query
from intelhub.search.segment import Plan, Segment
from tests.factories.compartments import compartment, let_in
from tests.factories.record_world import act, readers, travelled
from tests.factories.search_world import DEPOT, GATE, PARTITION, Reader, document
from tests.noise import without_noise
from tests.web.records.test_exports import export

WHY = "Xe sắp qua đơn vị này"
GRADED = 3  # steps of the way up, after which the department has graded it
BY_PLACE = {"officer", "leader", "analyst", "head"}
HIGH = {"level": "2", "list_item": "VD-TM-02"}


def unit_of(house, code):
    with house.acting("hq") as (_, session):
        return load_directory(session).as_of(today()).get(code).id


def share(house, record_id, code, *, by="head"):
    act(house, by, record_id, records.disseminate_record, unit_id=unit_of(house, code), reason=WHY)


def end(house, record_id, code, *, by="head"):
    act(house, by, record_id, records.withdraw_record, unit_id=unit_of(house, code), reason="Đã xong việc")


def seen_by(house, username, *, place=Place.ONSITE):
    """The records somebody is shown: in the list, in its count, by searching."""
    with house.acting(username, place=place) as (actor, session):
        listed = {line.id for line in records.show_list(actor, session, ListFilter()).lines}
        assert records.count_records(actor, session, ListFilter()) == len(listed)
        result = records.search_records(actor, session, SearchRequest(text="phu tung o to"))
        assert {one.line.id for one in result.found} == listed
        assert result.counted.count == len(listed)
    return listed


def in_sql(house, statement, *values):
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        done = connection.execute(statement, values or None)
        return done.fetchall() if done.description else []


@pytest.fixture
def graded(house):
    return travelled(house, GRADED)


@pytest.mark.parametrize(
    ("code", "receiving"),
    [("15BE", {"neighbour"}), ("20ZZ.CBL", {"stranger"}), ("20ZZ", {"stranger"})],
    ids=["a gate", "a division", "a department, which receives for its divisions"],
)
def test_only_those_of_the_unit_read_it_and_only_while_it_is_shared(house, graded, code, receiving):
    assert readers(house, graded) == BY_PLACE | {"analyst2"}
    share(house, graded, code)
    assert readers(house, graded) == BY_PLACE | {"analyst2"} | receiving
    for one in receiving:
        assert seen_by(house, one) == {graded}
    end(house, graded, code)
    assert readers(house, graded) == BY_PLACE | {"analyst2"}
    for one in receiving:
        assert seen_by(house, one) == set()


def test_no_other_record_comes_along(house, graded):
    travelled(house, GRADED)
    travelled(house, 5)
    share(house, graded, "15BE")
    assert seen_by(house, "neighbour") == {graded}


def test_who_receives_reads_and_does_nothing_else(house, graded):
    share(house, graded, "15BE")
    share(house, graded, "20ZZ")
    for username in ("neighbour", "stranger"):
        with house.acting(username) as (actor, session):
            label = queries.label_of(queries.get_row(actor, session, graded))
            allowed = {one for one in ACTS if decide(actor, one, label).allowed}
            version = records.read_record(actor, session, graded).summary.row_version
        assert allowed == {"read", "search"}
        for move in (records.disseminate_record, records.withdraw_record):
            with pytest.raises((NotFound, NotPermitted)), house.acting(username) as (actor, session):
                move(actor, session, graded, version, unit_id=unit_of(house, "15BC"), reason=WHY)


ACTS = (
    "read", "search", "edit", "submit", "return", "forward", "lower_level", "acknowledge", "assign", "evaluate",
    "mark_duplicate", "collate", "share_up", "disseminate", "disseminate_outside", "withdraw", "export",
    "approve_export",
)  # fmt: skip


def test_what_was_received_is_in_no_file(house, client_as, graded):
    share(house, graded, "20ZZ")
    assert seen_by(house, "stranger") == {graded}
    answer = export(client_as("stranger"))
    assert answer.status_code == 422, "nothing of it may be exported"
    assert "Phụ tùng" not in answer.get_data(as_text=True)


def test_neither_level_nor_place_nor_compartment_is_passed_over(house):
    secret = compartment(house, "officer", "leader", "analyst", "head", "neighbour")
    inside = travelled(house, GRADED, compartments=[str(secret)])
    share(house, inside, "15BE")
    assert seen_by(house, "neighbour") == {inside}
    assert seen_by(house, "neighbour", place=Place.REMOTE) == set(), "level 1 stays on site"
    with pytest.raises(RuleRefused) as refused:
        share(house, inside, "20ZZ")
    assert refused.value.rule == "nobody_receives_it"
    let_in(house, secret, "stranger")
    share(house, inside, "20ZZ")
    assert seen_by(house, "stranger") == {inside}


@pytest.mark.parametrize(("handling", "refused_rule"), [("H1", "outside:handling"), ("H2", None)])
def test_a_handling_code_says_how_far_it_goes(house, handling, refused_rule):
    record_id = travelled(house, GRADED, handling=handling)
    share(house, record_id, "15BE")
    if refused_rule is None:
        share(house, record_id, "20ZZ")
        return
    with pytest.raises(RuleRefused) as refused:
        share(house, record_id, "20ZZ")
    assert refused.value.rule == refused_rule
    assert "stranger" not in readers(house, record_id)


@pytest.mark.parametrize("code", ["15BB", "15ZZ", "15ZZ.CBL", "DTCBL.TTNV", "TCHQ"])
def test_a_unit_that_reads_it_anyway_and_headquarters_are_refused(house, graded, code):
    with pytest.raises(RuleRefused) as refused:
        share(house, graded, code)
    assert refused.value.rule in {"recipient_reads_it", "recipient_is_headquarters"}
    assert in_sql(house, "select count(*) from record_recipients") == [(0,)]


def test_a_record_that_nobody_graded_and_that_of_the_head_s_own_go_nowhere(house):
    with pytest.raises(Refused):
        share(house, travelled(house, 2), "15BE")
    with pytest.raises((NotFound, NotPermitted)):
        share(house, travelled(house, GRADED), "15BE", by="analyst")


@pytest.mark.parametrize(
    "statement",
    [
        "update records set recipient_unit_ids = array[(select id from units where code = '15BC')]",
        "update records set recipient_unit_ids = recipient_unit_ids || (select id from units where code = '15BC')",
        "update records set recipient_unit_ids = '{}'",
    ],
)
def test_whoever_edits_the_recipients_in_the_database_makes_it_unreadable_and_nobody_s(house, graded, statement):
    share(house, graded, "15BE")
    in_sql(house, statement)
    for username in ("neighbour", "contributor", "head"):
        with house.acting(username) as (actor, session):
            lines = records.show_list(actor, session, ListFilter()).lines
            assert all(line.is_damaged and not line.head.abstract for line in lines)
            with pytest.raises((NotFound, records.queries.Tampered)):
                records.read_record(actor, session, graded)


def test_the_list_by_unit_opens_nothing(house, graded):
    other = travelled(house, GRADED)
    share(house, graded, "15BE")
    gate = unit_of(house, "15BE")
    in_sql(house, "insert into record_recipients (unit_id, record_id) values (%s, %s)", gate, other)
    assert seen_by(house, "neighbour") == {graded}
    with pytest.raises(NotFound), house.acting("neighbour") as (actor, session):
        records.read_record(actor, session, other)
    in_sql(house, "delete from record_recipients")
    assert seen_by(house, "neighbour") == set(), "hidden, and nothing worse"


def test_the_application_writes_no_list_and_a_recipient_no_row(house, graded):
    share(house, graded, "15BE")
    with psycopg.connect(driver_address(house.database.app_url)) as connection:
        for name, value in scope_for(house.actor("neighbour")).context().items():
            connection.execute("select set_config(%s, %s, true)", (name, value))
        assert connection.execute("select count(*) from records").fetchone() == (1,)
        assert connection.execute("update records set state = 'merged'").rowcount == 0
        assert connection.execute("update records set recipient_unit_ids = '{}'").rowcount == 0
        for statement in (
            "insert into record_recipients select unit_id, gen_random_uuid() from record_recipients",
            "delete from record_recipients",
            "update record_recipients set unit_id = unit_id",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)
    with house.acting("neighbour") as (actor, session):
        queries.get_row(actor, session, graded).state = "merged"
        with pytest.raises(ScopeMissing):
            session.flush()
        session.rollback()


def test_a_page_tells_the_others_nothing_of_a_sharing(house, client_as):
    kept = travelled(house, 5)
    before = without_noise(client_as("hq").get(f"/records/{kept}").get_data(as_text=True))
    share(house, travelled(house, GRADED), "20ZZ")
    assert without_noise(client_as("hq").get(f"/records/{kept}").get_data(as_text=True)) == before
    stays_away = client_as("neighbour").get("/")
    assert "Chia sẻ với đơn vị tôi" not in stays_away.get_data(as_text=True)


def test_a_record_that_may_not_be_read_is_shared_with_the_same_answer_as_one_that_is_not_there(house, client_as):
    hidden, head = travelled(house, 1, **HIGH), client_as("neighbour")
    answers = [
        head.submit(f"/records/{one}/{act}", {"row_version": "1", "recipient": "15BC", "reason": WHY})
        for act in ("disseminate", "withdraw")
        for one in (hidden, uuid4())
    ]
    assert len({answer.status_code for answer in answers}) == 1
    elsewhere = [
        client_as("stranger").submit(f"/records/{one}/disseminate", {"row_version": "1", "reason": WHY})
        for one in (hidden, uuid4())
    ]
    assert len({without_noise(one.get_data(as_text=True)) for one in elsewhere}) == 1


def test_everything_that_was_sealed_before_sharing_existed_is_read_as_shared_with_nobody():
    """Parts of the index without a table of recipients are no open door and no error."""
    image = Segment.image_of(PARTITION, [document("thuốc lá", recipient_unit_ids=frozenset({GATE}))])
    with sqlite3.connect(":memory:") as connection:
        connection.deserialize(image)
        connection.execute("drop table recipients")
        connection.commit()
        old = connection.serialize()
    asked = parse_query("thuốc").tree
    for part, expected in ((image, 1), (old, 0)):
        segment = Segment(PARTITION, image=part)
        for unit, most in ((GATE, expected), (DEPOT, 0)):
            reader = Reader(recipient=unit).for_partition(PARTITION.level, frozenset(), PARTITION.department_id)
            assert len(segment.newest(Plan(tree=asked, access=reader), limit=5)) == most
        assert [one.recipient_unit_ids for one in segment.entries()] == [frozenset({GATE}) if expected else frozenset()]


def test_a_label_without_recipients_is_sealed_as_before_and_one_with_them_otherwise(house, graded):
    with house.acting("head") as (actor, session):
        label = queries.label_of(queries.get_row(actor, session, graded))
    assert label == replace(label, recipient_unit_ids=frozenset())
    share(house, graded, "15BE")
    (first,) = in_sql(house, "select label_mac from records")
    end(house, graded, "15BE")
    (second,) = in_sql(house, "select label_mac from records")
    assert first != second
