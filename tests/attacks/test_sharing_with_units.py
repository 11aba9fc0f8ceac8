"""What was shared with a unit is read there, by whoever may read so much, as long as it is shared, and nothing else."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from intelhub import records
from intelhub.access import decide, scope_for
from intelhub.organisation import EventKind, UnitEvent, apply_event, event_id, load_directory, today
from intelhub.platform import clock
from intelhub.platform.actor import Place
from intelhub.platform.errors import NotFound, NotPermitted, Refused, RuleRefused, Tampered
from intelhub.platform.migrate import downgrade, upgrade
from intelhub.platform.roles import driver_address
from intelhub.platform.row_scope import ScopeMissing
from intelhub.records import ListFilter, queries
from intelhub.records.domain import RecordHead
from intelhub.records.models import RecordRow
from intelhub.records.service import lateness
from intelhub.search import SearchRequest
from intelhub.search.query import parse_query
from intelhub.search.segment import Plan, Segment
from tests.factories.compartments import compartment, let_in
from tests.factories.people_moving import moved
from tests.factories.record_world import act, readers, submitted, travelled, version_of
from tests.factories.search_world import DEPOT, GATE, PARTITION, Reader, document
from tests.factories.watchers import look
from tests.integration.records.test_watched_searches import told, watch
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


@pytest.mark.parametrize(("code", "receiving"), [("15BE", {"neighbour", "officer2"}), ("15BE.D1", {"officer2"})])
def test_what_is_shared_with_a_unit_is_shared_with_its_parts_and_those_above_them(house, graded, code, receiving):
    moved(house, "officer2", "group_officer", "15BE.D1")
    share(house, graded, code)
    assert readers(house, graded) - BY_PLACE - {"analyst2"} == receiving | {"neighbour"}, "a leader leads the parts"


def test_whoever_takes_a_unit_over_receives_in_its_place(house, graded):
    share(house, graded, "15BE.D1")
    moved(house, "neighbour", "group_leader", "15BC")
    assert seen_by(house, "neighbour") == set()
    there = Session(create_engine(house.database.migrator_url, poolclass=NullPool), info={"vault": house.vault})
    with there as session:
        tree = load_directory(session).as_of(today())
        gone, heir = tree.get("15BE.D1").id, tree.get("15BC").id
        apply_event(house.actor("operator"), session, UnitEvent(
            id=event_id(gone, EventKind.MERGED, today()), unit_id=gone, kind=EventKind.MERGED, on=today(),
            successors=(heir,),
        ))  # fmt: skip
        session.commit()
    assert seen_by(house, "neighbour") == {graded}


def test_headquarters_shares_what_it_reads_and_nothing_before(house, graded):
    moved(house, "hq", "division_head", "DTCBL.TTNV")
    with pytest.raises(NotFound):
        share(house, graded, "15BE", by="hq")
    above = travelled(house, 5)
    share(house, above, "20ZZ", by="hq")
    assert seen_by(house, "stranger") == {above}
    end(house, above, "20ZZ")
    assert seen_by(house, "stranger") == set()


def test_a_watch_tells_of_what_was_shared_and_shows_it_no_longer_than_that(house, graded):
    watch(house, "neighbour")
    look(house)
    share(house, graded, "15BE")
    look(house)
    assert told(house, "neighbour") == [{graded}]
    end(house, graded, "15BE")
    assert told(house, "neighbour") in ([], [set()])
    look(house)
    assert told(house, "neighbour") in ([], [set()])


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


def test_a_record_that_nobody_graded_goes_nowhere(house):
    with pytest.raises(Refused) as refused:
        share(house, travelled(house, 2), "15BE")
    assert refused.value.rule == "state:received"


@pytest.mark.parametrize(
    ("function", "unit", "steps", "other"),
    [("unit_head", "15ZZ.CBL", GRADED, "head"), ("division_head", "DTCBL.TTNV", 5, None)],
)
def test_nobody_shares_what_they_wrote(house, function, unit, steps, other):
    own = travelled(house, steps)
    moved(house, "officer", function, unit)
    with pytest.raises(NotPermitted) as refused:
        share(house, own, "15BE", by="officer")
    assert refused.value.rule == "not_author"
    if other:
        share(house, own, "15BE", by=other)
        assert seen_by(house, "neighbour") == {own}


@pytest.mark.parametrize("steps", [GRADED, 5])
def test_a_sharing_by_which_nobody_could_read_is_refused_however_far_the_record_came_up(house, steps):
    record_id = travelled(house, steps)
    for code in ("15BC", "02ZZ"):  # a contributor alone, and nobody at all
        with pytest.raises(RuleRefused) as refused:
            share(house, record_id, code)
        assert refused.value.rule == "nobody_receives_it"


def test_no_record_ends_in_one_that_was_only_received(house, graded):
    share(house, graded, "20ZZ")
    moved(house, "officer2", "group_officer", "20BB")
    theirs = submitted(house, "officer2", place_unit="20BB", level="0", list_item=None)
    moved(house, "leader", "group_leader", "20BB")
    act(house, "leader", theirs, records.forward_record)
    with pytest.raises(RuleRefused) as refused:
        act(house, "stranger", theirs, records.mark_duplicate, target=graded, reason="Cùng một lô hàng")
    assert refused.value.rule == "target_only_received"


STRANGER_S = "(select id from units where code = '20ZZ')"


@pytest.mark.parametrize(
    ("value", "seeing_damage"),
    [
        (f"array[{STRANGER_S}]", {"stranger", "head"}),
        (f"recipient_unit_ids || {STRANGER_S}", {"stranger", "neighbour", "head"}),
        ("'{}'", {"head"}),
    ],
    ids=["another", "one more", "none"],
)
def test_whoever_edits_the_recipients_in_the_database_makes_it_unreadable(house, graded, value, seeing_damage):
    share(house, graded, "15BE")
    in_sql(house, f"update records set recipient_unit_ids = {value}")
    for username in ("stranger", "neighbour", "head"):
        with house.acting(username) as (actor, session):
            lines = records.show_list(actor, session, ListFilter()).lines
            assert len(lines) == (username in seeing_damage)
            assert all(line.is_damaged and line.head == RecordHead() for line in lines)
            with pytest.raises((NotFound, Tampered)):
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
        versions = "select count(*) from record_versions"
        assert connection.execute(versions).fetchone()[0] > 0
        assert connection.execute("update record_versions set is_published = false").rowcount == 0
        assert connection.execute("delete from record_versions").rowcount == 0
        columns = connection.execute(
            "select string_agg(attname, ', ') from pg_attribute where attrelid = 'record_steps'::regclass"
            " and attnum > 0 and attname <> 'id'"
        ).fetchone()[0]
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(
                f"insert into record_steps (id, {columns}) select gen_random_uuid(), {columns} from record_steps"
            )
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


@pytest.mark.parametrize("act_name", ["disseminate", "withdraw"])
def test_for_a_head_elsewhere_a_record_is_as_if_it_were_not_there(house, client_as, graded, act_name):
    moved(house, "stranger", "unit_head", "20ZZ.CBL")
    head = client_as("stranger")
    form = {"row_version": str(version_of(house, "head", graded)), "recipient": "20BB", "reason": WHY}
    answers = [head.submit(f"/records/{one}/{act_name}", form) for one in (graded, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert len({without_noise(answer.get_data(as_text=True)) for answer in answers}) == 1


def test_what_was_received_is_nobody_s_work_that_waits_there(house, graded):
    moved(house, "stranger", "unit_head", "20ZZ.CBL")
    share(house, graded, "20ZZ")
    above = travelled(house, 5)
    share(house, above, "20ZZ")
    with clock.telling(clock.now() + timedelta(days=60)):
        for username, is_theirs in (("head", True), ("stranger", False)):
            with house.acting(username) as (actor, session):
                wanted = lateness.late_filter(session)
                assert bool(lateness.list_late(actor, session, wanted)) == is_theirs
                assert bool(records.count_records(actor, session, wanted)) == is_theirs
    with house.acting("head") as (actor, session):
        assert records.count_records(actor, session, lateness.today_filter()) == 1
    with house.acting("stranger") as (actor, session):
        assert records.count_records(actor, session, lateness.today_filter()) == 0


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


def test_a_record_shared_with_nobody_is_sealed_as_it_was_before_records_could_be_shared(house, graded):
    def seals():
        with house.acting("head") as (_, session):
            row = session.scalars(select(RecordRow).where(RecordRow.id == graded)).one()
            before = (
                "records", row.id, row.level, ",".join(sorted(map(str, row.compartments))), row.owning_unit_id,
                row.origin_department_id, row.author_id, row.assignee_id, row.handling, row.exposure, row.state,
                row.case_id, row.content_version, row.row_version,
            )  # fmt: skip
            return house.vault.label_mac(*(str(one).encode() for one in before), row.digest) == row.label_mac

    assert seals()
    share(house, graded, "15BE")
    assert not seals()
    end(house, graded, "15BE")
    assert seals()


def test_the_way_back_is_closed_once_anything_was_shared(house, graded):
    """An older program takes the steps of a sharing for forgery, and without the column nothing fits its seal."""
    for work in (share, end):
        work(house, graded, "15BE")
        with pytest.raises(DBAPIError, match="an older program cannot read them"):
            downgrade(house.database.migrator_url, "0027")
    assert readers(house, graded) >= BY_PLACE


def test_where_nothing_was_shared_the_way_back_and_forth_is_open(house, graded):
    downgrade(house.database.migrator_url, "0027")
    upgrade(house.database.migrator_url)
    share(house, graded, "15BE")
    assert seen_by(house, "neighbour") == {graded}
