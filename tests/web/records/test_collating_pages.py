"""Subjects that a department links are held to the rules of the form."""

from __future__ import annotations

import html

import pytest

from intelhub import records
from tests.factories.record_world import travelled
from tests.web.records.test_record_pages import act, page

GOOD = ("csqu 305438-3", "CSQU3054383")
GRADED = 3


def linked(house, record_id):
    with house.acting("analyst") as (actor, session):
        return records.read_record(actor, session, record_id).work.entities


def rows(*given):
    return {
        f"entities-{number}-{part}": value
        for number, row in enumerate(given)
        for part, value in zip(("kind", "identifier", "name"), row, strict=True)
    }


def test_a_linked_subject_is_written_in_its_one_spelling(house, client_as):
    record_id = travelled(house, GRADED)
    form = rows(("container", GOOD[0], ""), ("person", "", "  Người áo nâu "), ("enterprise", "", ""))
    shown = html.unescape(act(client_as("analyst"), record_id, "collate", **form))
    assert GOOD[1] in shown
    assert [(one.kind, one.identifier, one.name) for one in linked(house, record_id)] == [
        ("container", GOOD[1], ""),
        ("person", "", "Người áo nâu"),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("container", "CSQU 305438 4", ""), "CSQU305438"),
        (("container", "CSQU", ""), "Hãy nhập bốn chữ cái"),
        (("enterprise", "123", ""), ""),
        (("person", "9" * 201, ""), "200"),
        (("spaceship", "", "Tàu lạ"), "spaceship"),
        (("", "", "Không rõ loại"), "Hãy chọn trong danh sách"),
        (("person", "", "Người " * 50), "200"),
    ],
)
def test_a_linked_subject_that_cannot_be_is_refused_with_its_row(house, client_as, row, said):
    record_id = travelled(house, GRADED)
    analyst = client_as("analyst")
    form = rows(("container", GOOD[0], ""), row) | {"reason": "Không có"}
    form["row_version"] = page(analyst, f"/records/{record_id}").split('name="row_version" value="')[1].split('"')[0]
    answer = analyst.submit(f"/records/{record_id}/collate", form, follow_redirects=True)
    shown = html.unescape(answer.get_data(as_text=True))
    assert "Đối tượng 2: " in shown
    assert said in shown
    assert linked(house, record_id) == ()
