import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.audit.actions import get_action, list_actions, register_action
from intelhub.audit.entry import MAX_ENTRY_BYTES, Entry, EntryDamaged, EntryTooLarge, ObjectRef, parse_entry

AT = datetime(2026, 11, 21, 17, 0, 0, 123456, tzinfo=UTC)
ACTOR = UUID("11111111-1111-4111-8111-111111111111")
RECORD = UUID("22222222-2222-4222-8222-222222222222")

versions = st.fixed_dictionaries({}) | st.fixed_dictionaries(
    {"object_version": st.integers(0, 2**53 - 1)},
    optional={"digest": st.binary(min_size=32, max_size=32)},
)
entries = st.builds(
    lambda versioned, **fields: Entry(**fields, **versioned),
    versions,
    at=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive, the values aware
    actor_id=st.uuids(),
    unit_id=st.none() | st.uuids(),
    place=st.sampled_from(["onsite", "duty_room", "remote"]),
    action=st.just("record:read"),
    object_ref=st.none() | st.builds(ObjectRef, st.sampled_from(["record", "user", "unit", "session"]), st.uuids()),
    shown=st.lists(st.uuids(), max_size=50).map(tuple),
    decision=st.sampled_from(["allow", "deny"]),
    rule=st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    level=st.integers(0, 3),
    request_id=st.none() | st.uuids(),
    sealed=st.none() | st.binary(max_size=1500),
)


def test_an_entry_is_written_in_one_way():
    entry = Entry(
        at=AT,
        actor_id=ACTOR,
        place="onsite",
        action="record:read",
        object_ref=ObjectRef("record", RECORD),
        object_version=7,
        digest=bytes(32),
        rule='điều 3 "a"\n\x01',
        level=3,
        sealed=b"\xff\xfe",
    )
    assert entry.canonical().decode() == (
        '{"act":"record:read","actor":"u:11111111-1111-4111-8111-111111111111","dec":"allow",'
        '"dig":"' + "00" * 32 + '","lvl":3,"obj":"r:22222222-2222-4222-8222-222222222222","objv":7,'
        '"place":"onsite","sealed":"//4=","t":"2026-11-21T17:00:00.123456Z","v":1,'
        '"why":"điều 3 \\"a\\"\\n\\u0001"}'
    )


@given(entries)
def test_an_entry_comes_back_from_its_bytes(entry):
    assert parse_entry(entry.canonical()) == entry


def test_times_are_written_in_utc():
    hanoi = AT.astimezone(timezone(timedelta(hours=7)))
    assert (
        Entry(at=hanoi, actor_id=ACTOR, action="a:b").canonical()
        == Entry(at=AT, actor_id=ACTOR, action="a:b").canonical()
    )


def test_a_sealed_part_fits_its_own_entry_only():
    one = Entry(at=AT, actor_id=ACTOR, action="search:ran", sealed=b"x")
    assert one.seal_context() == Entry(at=AT, actor_id=ACTOR, action="search:ran").seal_context()
    assert one.seal_context() != Entry(at=AT, actor_id=uuid4(), action="search:ran").seal_context()


PLAIN = json.loads(Entry(at=AT, actor_id=ACTOR, action="a:b", shown=(RECORD,)).canonical())


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        json.dumps(PLAIN, separators=(",", ":")).encode().replace(b'"v":1', b'"v":2'),
        json.dumps(PLAIN, sort_keys=True).encode(),
        json.dumps({**PLAIN, "more": 1}, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps({**PLAIN, "lvl": True}, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps({**PLAIN, "lvl": 1.0}, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps({**PLAIN, "dec": "maybe"}, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps({**PLAIN, "shown": "x"}, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps({**PLAIN, "shown": []}, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps({**PLAIN, "actor": str(ACTOR)}, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps({**PLAIN, "obj": "record:" + str(RECORD)}, sort_keys=True, separators=(",", ":")).encode(),
    ],
)
def test_anything_but_the_one_form_is_damaged(written):
    with pytest.raises(EntryDamaged):
        parse_entry(written)


def test_what_does_not_fit_is_refused_with_a_sentence():
    entry = Entry(at=AT, actor_id=ACTOR, action="a:b", sealed=bytes(MAX_ENTRY_BYTES))
    with pytest.raises(EntryTooLarge, match="Shorten"):
        entry.canonical()


@pytest.mark.parametrize(
    "wrong",
    [
        {"shown": tuple(uuid4() for _ in range(51))},
        {"digest": b"short"},
        {"digest": bytes(32)},
        {"level": -1},
        {"object_version": 2**53},
        {"at": AT.replace(tzinfo=None)},
    ],
)
def test_values_that_no_entry_may_have_are_refused(wrong):
    with pytest.raises(ValueError, match=r"shows at most|32 bytes|keeps exactly|aware|belongs to a version"):
        Entry(**{"at": AT, "actor_id": ACTOR, "action": "a:b", **wrong})


@pytest.mark.parametrize("kind", ["", "R", "r", "two words", "u"])
def test_a_kind_of_object_is_a_whole_word(kind):
    with pytest.raises(ValueError, match="kind"):
        ObjectRef(kind, RECORD)


def test_an_action_is_declared_once_with_one_meaning():
    action = register_action("proof:declared", en="A proof", vi="Một phép thử")
    assert register_action("proof:declared", en="A proof", vi="Một phép thử") is action
    assert list_actions()["proof:declared"] is get_action("proof:declared")
    with pytest.raises(ValueError, match="twice"):
        register_action("proof:declared", en="Another", vi="Một phép thử")


def test_an_action_nobody_declared_is_refused():
    with pytest.raises(LookupError, match="register_action"):
        get_action("nobody:declared")


@pytest.mark.parametrize("name", ["record", "record.read", "Record:read", "record:", ":read", "record:read:again"])
def test_actions_are_named_subject_and_verb(name):
    with pytest.raises(ValueError, match="subject:verb"):
        register_action(name, en="x", vi="x")


def test_every_own_action_says_what_it_means():
    assert all(action.en and action.vi for action in list_actions().values())
