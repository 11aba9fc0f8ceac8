"""What a record's page says of who may read it, held against who of all the people can open it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from intelhub.access import Audience, Label, Reach, list_audiences
from intelhub.organisation import Tree, load_directory, today
from intelhub.records import queries
from tests.attacks.test_sharing_with_units import share
from tests.factories.record_world import fill, readers
from tests.house import PEOPLE, TestHouse


def label_seen_by(house: TestHouse, username: str, record_id: UUID) -> tuple[Label, list[Audience], Tree]:
    with house.acting(username) as (actor, session):
        label = queries.label_of(queries.get_row(actor, session, record_id))
        directory = load_directory(session)
        return label, list(list_audiences(label, directory, today())), directory.as_of(today())


def meant(house: TestHouse, label: Label, audiences: list[Audience], tree: Tree) -> Iterator[str]:
    """Whom the words mean, among those whose clearance suffices."""
    for one in audiences:
        for name, (_, function, code, clearance) in PEOPLE.items():
            unit = tree.get(code)
            sits = {
                Reach.AUTHOR: house.people[name] == label.author_id,
                Reach.UNIT: unit in one.units,
                Reach.DEPARTMENT: tree.department_of(unit.id) in one.units,
                Reach.DISSEMINATION: bool(one.units) and (unit in one.units or one.units[0] in tree.path(unit.id)),
                Reach.ALL: not one.units or unit.id in tree.descendants(one.units[0].id),
            }[one.reach]
            serves = one.reach is Reach.AUTHOR or (function in one.functions and unit.tier == one.tier)
            if sits and serves and clearance >= label.level:
                yield name


def test_the_words_mean_exactly_those_who_can_open_the_record(house):
    world = fill(house)
    for name, codes in (("after 3 steps", ("15BE", "20ZZ")), ("after 5 steps", ("15BE", "20ZZ.CBL"))):
        for code in codes:
            share(house, world[name], code)
    for name, record_id in world.items():
        able = readers(house, record_id)
        told = label_seen_by(house, min(able), record_id)
        assert set(meant(house, *told)) == able, name
