"""Every field of the form is seen by whoever reads the record, and so is every change of it."""

from __future__ import annotations

import html
import re

import pytest
from flask import request

from intelhub.records.catalogues import label
from intelhub.records.forms import FORM_ORDER, fields_from_form
from tests.factories.compartments import NAME, compartment
from tests.factories.record_world import LIST_ITEMS, WHY_LOWER, proposed, submitted
from tests.house import PEOPLE
from tests.web.records.test_record_pages import act, form_of, page, write

_BORDER_GATE, _OTHER_GATE = "Chi cục HQ CK Hữu Nghị", "Chi cục HQ CK Tân Thanh"

# Of each field: what is typed and how a reader sees it, in a first version and in a second.
SHOWN = {
    "text": (("Xe tải chở hàng lạ lúc nửa đêm qua cổng.",) * 2, ("Người lái xe khai hàng là gỗ ván ép.",) * 2),
    "abstract": (("Xe tải lạ nửa đêm",) * 2, ("Gỗ ván ép khai gian",) * 2),
    "topic": (("false_origin", label("topic", "false_origin")), ("smuggling", label("topic", "smuggling"))),
    "method": (
        ("false_origin", label("method", "false_origin")),
        ("split_shipment", label("method", "split_shipment")),
    ),
    "subjects": (
        ([{"kind": "container", "name": "Vỏ xanh", "identifier": "csqu 305438-3"}], "CSQU3054383 · Vỏ xanh"),
        ([{"kind": "person", "name": "Người áo nâu", "identifier": ""}], "Người áo nâu"),
    ),
    "place_unit": (("15BB", _BORDER_GATE), ("15BE", _OTHER_GATE)),
    "place_text": (("Bãi kiểm hóa số 2",) * 2, ("Cổng phụ phía đông",) * 2),
    "learned_at": (("2026-03-01T14:05", "01/03/2026 14:05"), ("2026-03-02T15:06", "02/03/2026 15:06")),
    "happened_from": (("2026-02-03T04:05", "03/02/2026 04:05"), ("2026-02-04T05:06", "04/02/2026 05:06")),
    "happened_to": (("2026-02-05T06:07", "05/02/2026 06:07"), ("2026-02-06T07:08", "06/02/2026 07:08")),
    "channel": (("control_result", label("channel", "control_result")), ("police", label("channel", "police"))),
    "source_kind": (("open", label("source_kind", "open")), ("pseudonym", label("source_kind", "pseudonym"))),
    "source": (("Biên bản kiểm tra số 7",) * 2, ("CS-0042",) * 2),
    "source_grade": (("B", "B3"), ("C", "C4")),
    "info_grade": (("3", "B3"), ("4", "C4")),
    "level": (("1", "MẬT"), ("2", "TỐI MẬT")),
    "level_reason": (("", ""), ("", "")),  # of a lower level alone: below
    "list_item": (("VD-M-02", label("list_item", "VD-M-02")), ("VD-TM-02", label("list_item", "VD-TM-02"))),
    "compartments": (([], ""), ([NAME], NAME)),
    "urgency": (("urgent", label("urgency", "urgent")), ("express", label("urgency", "express"))),
    "handling": (("H2", "H2"), ("H4", "H4")),
    "handling_conditions": (("Chỉ dùng trong ngành",) * 2, ("Chỉ theo thỏa thuận song phương",) * 2),
    "plan_item": (("KH-2026-01", label("plan_item", "KH-2026-01")), ("", "")),
    "outside_plan": (("", ""), ("Tin nóng ngoài dự kiến",) * 2),
}


def version(which, compartment_id):
    """The fields of one of both versions as the form sends them, and what a reader should see."""
    typed = {name: pair[which][0] for name, pair in SHOWN.items()}
    typed["compartments"] = [str(compartment_id)] if typed["compartments"] else []
    return form_of(typed), {name: pair[which][1] for name, pair in SHOWN.items()}


def seen(client, url):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page(client, url))).split())


def missing(words, text):
    return [name for name, expected in words.items() if expected and " ".join(expected.split()) not in text]


def test_the_list_below_names_every_field_of_the_form(app):
    with app.test_request_context("/", method="POST"):
        assert set(SHOWN) == set(FORM_ORDER) == set(fields_from_form(request.form))


@pytest.mark.parametrize("which", [0, 1])
def test_every_field_typed_is_seen_when_it_is_checked_sent_and_kept_as_a_draft(house, client_as, which):
    form, words = version(which, compartment(house, "officer", "leader", "analyst"))
    officer = client_as("officer")
    saved = officer.submit("/records/new", {**form, "do": "check"})
    checked = seen(officer, saved.location)
    record_id = saved.location.split("/")[2]
    draft = seen(officer, f"/records/{record_id}")
    number = re.search(r'name="row_version" value="(\d+)"', page(officer, saved.location)).group(1)
    assert officer.submit(f"/records/{record_id}/submit", {"row_version": number}).status_code == 303
    read = seen(client_as("leader"), f"/records/{record_id}")
    raw = words | {"subjects": words["subjects"].replace("CSQU3054383", "csqu 305438-3")}  # nothing is checked yet
    apart = {"source_grade": "", "info_grade": "", "handling": "", "level": ""}  # in words on the page of the check
    assert (missing(words | apart, checked), missing(raw, draft), missing(words, read)) == ([], [], [])


def test_every_field_that_was_changed_is_seen_in_the_versions_and_beside_the_record(house, client_as):
    compartment_id = compartment(house, "officer", "leader", "analyst")
    (_, was), (second, now) = (version(which, compartment_id) for which in (0, 1))
    officer, leader = client_as("officer"), client_as("leader")
    record_id = write(officer, **{name: pair[0][0] for name, pair in SHOWN.items()})
    act(leader, record_id, "return", reason="Ghi rõ hơn")
    edit = page(officer, f"/records/{record_id}/edit")
    number = re.search(r'name="row_version" value="(\d+)"', edit).group(1)
    saved = officer.submit(f"/records/{record_id}/edit", {**second, "row_version": number, "do": "check"})
    number = re.search(r'name="row_version" value="(\d+)"', page(officer, saved.location)).group(1)
    assert officer.submit(f"/records/{record_id}/submit", {"row_version": number}).status_code == 303
    in_words = [{name: label(name, SHOWN[name][which][0]) for name in ("handling", "level")} for which in (0, 1)]
    was = was | {"text": "nửa đêm qua cổng"} | in_words[0]
    now = now | {"text": "gỗ ván ép"} | in_words[1]
    versions = seen(leader, f"/records/{record_id}/versions")
    beside = page(leader, f"/records/{record_id}").split('class="resubmitted"')[1].split("</section>")[0]
    beside = " ".join(html.unescape(re.sub(r"<[^>]+>", "", beside)).split())
    for shown in (versions, beside):
        assert (missing(was, shown), missing(now, shown)) == ([], [])


def test_what_an_author_proposes_for_a_lower_level_is_seen_with_its_item_of_the_list(house, client_as):
    record_id = proposed(house, "2", "1", author="officer")
    leader = client_as("leader")
    words = {"level_reason": WHY_LOWER, "list_item": label("list_item", LIST_ITEMS["1"]), "level": "MẬT"}
    for url in (f"/records/{record_id}", f"/records/{record_id}/versions"):
        assert missing(words, seen(leader, url)) == []


@pytest.mark.parametrize("words", ["tan thanh", "Tân Thanh Border", "place:15BE", "diadiem:15be"])
def test_the_gate_is_found_by_its_names_and_as_a_value(house, client_as, words):
    there, elsewhere = submitted(house, place_unit="15BE"), submitted(house, place_unit="15BC")
    found = client_as("leader").submit("/search", {"q": words}).get_data(as_text=True)
    assert str(there) in found
    assert str(elsewhere) not in found
    assert 'name="place"' in found, "and it is offered to narrow the hits by"
    narrowed = client_as("leader").submit("/search", {"q": "", "place": "15BC"}).get_data(as_text=True)
    assert str(elsewhere) in narrowed
    assert str(there) not in narrowed


def test_a_record_says_in_words_who_may_read_it_and_names_no_person(house, client_as):
    group = compartment(house, "officer", "leader", "analyst")
    record_id = submitted(house, compartments=[str(group)])
    leader = client_as("leader")
    told = seen(leader, f"/records/{record_id}").split("Ai được xem")[1]
    assert "Tổ trưởng kiểm soát" in told
    assert _BORDER_GATE in told
    assert "phân tích" not in told.lower(), "not before it is forwarded"
    assert f"nhóm cần biết của phiếu: {NAME}." in told
    act(leader, record_id, "forward")
    told = seen(client_as("analyst"), f"/records/{record_id}").split("Ai được xem")[1].split("Phiên")[0]
    assert "phân tích" in told.lower()
    assert not [name for name, *_ in PEOPLE.values() if name in told]
