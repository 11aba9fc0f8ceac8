"""The decision and its renderings accept the same labels, whoever asks and whatever the policy says."""

from __future__ import annotations

import sqlite3
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.access import Clause, Label, Reach, ReadFilter, decide, read_filter, scope_for
from intelhub.access.filter import PartitionFilter
from intelhub.access.readership import reading_lines
from intelhub.platform.actor import Actor, Post
from tests.factories.access_rights import ACTIONS, DEPARTMENTS, POLICY_SEEDS, UNITS, actors, labels, policy_of

many_labels = st.lists(labels(), min_size=1, max_size=12)
policies = st.sampled_from(POLICY_SEEDS).map(policy_of)


def is_found_in_index(partition: PartitionFilter, label: Label) -> bool:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE TABLE rows (id INTEGER, author BLOB, unit BLOB, exposure INTEGER)")
        connection.execute("CREATE TABLE recipients (unit BLOB, row INTEGER)")
        row = (7, label.author_id.bytes, label.owning_unit_id.bytes, label.exposure)
        connection.execute("INSERT INTO rows VALUES (?, ?, ?, ?)", row)
        shared = [(unit.bytes, 7) for unit in label.recipient_unit_ids] + [(DEPARTMENTS[0].bytes, 8)]
        connection.executemany("INSERT INTO recipients VALUES (?, ?)", shared)
        clause, parameters = partition.sql()
        encoded = [value.bytes if isinstance(value, UUID) else value for value in parameters]
        found = connection.execute(f"SELECT count(*) FROM rows WHERE {clause}", encoded).fetchone()
    finally:
        connection.close()
    told = (label.author_id, label.owning_unit_id, label.recipient_unit_ids, label.exposure)
    assert partition.admits(*told) == (found == (1,))
    return found == (1,)


def is_within_row_level_security(context: dict[str, str], label: Label) -> bool:
    """The policy of the tables of records, said again in Python."""

    def held(name: str) -> set[str]:
        return set(filter(None, context[f"intelhub.{name}"].split(",")))

    def reaches(name: str) -> bool:
        ceiling = context[f"intelhub.{name}_ceiling"]
        return ceiling != "" and label.level <= int(ceiling)

    return {str(one) for one in label.compartments} <= held("compartments") and (
        (str(label.author_id) == context["intelhub.actor"] and reaches("author"))
        or (label.exposure >= 1 and str(label.owning_unit_id) in held("units") and reaches("unit"))
        or (label.exposure >= 2 and str(label.origin_department_id) in held("departments") and reaches("department"))
        or (label.exposure >= 3 and reaches("everywhere"))
        or (
            label.exposure >= 2
            and {str(one) for one in label.recipient_unit_ids} & held("receiving")
            and reaches("dissemination")
        )
    )


@given(actor=actors(), some=many_labels, policy=policies, action=st.sampled_from(ACTIONS))
def test_python_rendering_equals_the_decision(actor, some, policy, action):
    compiled = read_filter(actor, f"record.{action}", policy=policy)
    for label in some:
        assert compiled.admits(label) == decide(actor, action, label, policy=policy).allowed


def knows_only_index_columns(compiled: ReadFilter) -> bool:
    clauses = [clause for stage in compiled.stages for clause in stage]
    return all(clause.handling == "H0" and "leaderless" not in clause.guards for clause in clauses)


@given(actor=actors(), some=many_labels, policy=policies, action=st.sampled_from(ACTIONS))
def test_index_rendering_equals_the_decision_or_is_refused(actor, some, policy, action):
    compiled = read_filter(actor, f"record.{action}", policy=policy)
    if not knows_only_index_columns(compiled):
        clauses = [clause for stage in compiled.stages for clause in stage]
        with pytest.raises(ValueError, match="handling codes"):
            _ = [clause.opens(0, DEPARTMENTS[0]) for clause in clauses]
        return
    for label in some:
        partition = compiled.for_partition(label.level, label.compartments, label.origin_department_id)
        found = partition is not None and is_found_in_index(partition, label)
        assert found == decide(actor, action, label, policy=policy).allowed


def unit_filter(unit_ids: list[UUID]) -> PartitionFilter:
    clause = Clause(
        reach=Reach.UNIT, ceiling=3, handling="H0", guards=frozenset(), actor_id=UUID(int=1),
        unit_ids=frozenset(unit_ids), department_ids=frozenset({DEPARTMENTS[0]}),
    )  # fmt: skip
    compiled = ReadFilter(actor_id=UUID(int=1), compartments=frozenset(), stages=((clause,),))
    return compiled.for_partition(0, frozenset(), DEPARTMENTS[0])


def submitted_at(unit_id: UUID) -> Label:
    return Label(
        kind="record", object_id=UUID(int=2), level=0, owning_unit_id=unit_id, origin_department_id=DEPARTMENTS[0],
        author_id=UUID(int=3), exposure=1, state="submitted",
    )  # fmt: skip


@given(st.lists(st.uuids(), min_size=1, max_size=40, unique=True), st.uuids())
def test_a_list_of_units_of_any_length_lets_through_its_own_and_no_other(units, another):
    compiled = unit_filter(units)
    assert all(is_found_in_index(compiled, submitted_at(unit)) for unit in units)
    assert is_found_in_index(compiled, submitted_at(another)) == (another in units)


@given(st.lists(st.lists(st.sampled_from([0, 1]), min_size=16, max_size=16), min_size=6, max_size=12), st.data())
def test_ids_that_stand_across_one_another_are_told_apart(written, data):
    units = sorted({UUID(bytes=bytes(one)) for one in written})
    joined = b"".join(unit.bytes for unit in units)
    place = data.draw(st.integers(0, len(joined) - 16))
    met = UUID(bytes=joined[place : place + 16])
    assert is_found_in_index(unit_filter(units), submitted_at(met)) == (met in units)


@given(actor=actors(), some=many_labels)
def test_row_level_security_is_never_narrower_than_the_filter(actor, some):
    scope = scope_for(actor)
    for label in some:
        if scope.records.admits(label):
            assert is_within_row_level_security(dict(scope.context()), label)


def test_a_shipped_reading_filter_can_always_be_asked_of_the_index():
    for line in policy_of(0).lines:
        if line.permission in {"record.read", "record.search"}:
            assert line.handling == "H0"
            assert "leaderless" not in line.guards


def test_two_posts_do_not_lend_each_other_half_a_condition():
    """Unit head in one department and in another: HX of a unit of the first is not passed on through the second."""
    first, second = DEPARTMENTS
    actor = Actor(
        user_id=UUID(int=1),
        username="someone",
        posts=tuple(
            Post(
                function="unit_head",
                tier=2,
                unit_id=unit,
                unit_ids=frozenset({unit}),
                department_id=department,
            )
            for department, unit in ((first, UNITS[second][0]), (second, UNITS[first][0]))
        ),
        clearance=1,
        ceiling=1,
    )
    label = Label(
        kind="record",
        object_id=UUID(int=2),
        level=0,
        owning_unit_id=UNITS[first][0],
        origin_department_id=first,
        author_id=UUID(int=3),
        handling="HX",
        exposure=2,
        state="COLLATED",
    )
    assert decide(actor, "read", label).allowed
    assert not decide(actor, "share_up", label).allowed
    assert not read_filter(actor, "record.share_up").admits(label)


def test_creating_has_no_filter():
    with pytest.raises(ValueError, match="created"):
        read_filter(Actor(user_id=UUID(int=1), username="someone"), "record.create")


@given(actor=actors(), some=many_labels, policy=policies)
def test_who_may_read_names_every_line_that_lets_somebody_read(actor, some, policy):
    for label in some:
        decision = decide(actor, "read", label, policy=policy)
        if decision.allowed:
            assert decision.rule in map(str, reading_lines(label, policy))
