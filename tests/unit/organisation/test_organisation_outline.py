"""The tree as pages draw it: everything once, counted rightly, and history in order."""

from __future__ import annotations

from datetime import date

import pytest

from intelhub.organisation import EventKind, UnitKind, read_template, template_names
from intelhub.organisation.outline import Branch, history_of, outline
from intelhub.platform.errors import NotFound

DAY = date(2026, 11, 21)


def every(branch: Branch) -> list[Branch]:
    return [branch, *(one for below in branch.branches for one in every(below))]


@pytest.mark.parametrize("template", template_names())
def test_every_branch_counts_what_lies_below_it(template):
    tree = read_template(template).as_of(DAY)
    branches = every(outline(tree, tree.root.id, ()))
    assert sorted(branch.unit.code for branch in branches) == sorted(unit.code for unit in tree.units)
    for branch in branches:
        below = [tree.get(one) for one in tree.descendants(branch.unit.id, including_itself=False)]
        assert branch.below == len(below)
        assert branch.offices == sum(unit.kind in {UnitKind.BORDER_GATE, UnitKind.INLAND} for unit in below)


def test_only_what_is_opened_is_open():
    tree = read_template("VN-2006-2024").as_of(DAY)
    way = {unit.id for unit in tree.path("15BE.D2")}
    assert {branch.unit.id for branch in every(outline(tree, tree.root.id, way)) if branch.is_open} == way


def test_a_unit_that_is_not_in_the_tree_has_no_outline():
    directory = read_template("VN-2006-2024")
    closed = directory.ever.get("30BE")
    with pytest.raises(NotFound):
        outline(directory.as_of(DAY), closed.id, ())


def test_the_history_of_both_sides_of_a_merger_tells_it():
    directory = read_template("VN-2006-2024")
    closed = directory.ever.get("30BE")
    (heir,) = directory.successors(closed.id)
    end, begin = history_of(directory, closed.id)
    assert (end.event.kind, end.units, end.took_over) == (EventKind.MERGED, (heir,), False)
    assert (begin.event.kind, begin.units) == (EventKind.FOUNDED, ())
    taken = history_of(directory, heir.id)[0]
    assert (taken.event, taken.units, taken.took_over) == (end.event, (closed,), True)
