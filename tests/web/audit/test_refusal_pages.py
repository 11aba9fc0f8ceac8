"""What a security officer sees of the log: refusals of the own department, and nothing else."""

from __future__ import annotations

import re

from intelhub.audit import Criteria, reference_of, search_entries
from intelhub.audit.queries import open_refusals


def lines_of(answer) -> list[str]:
    assert answer.status_code == 200
    found = re.findall(r"<tr data-row>.*?</tr>", answer.get_data(as_text=True), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row.replace("<wbr>", "")).split()) for row in found]


def test_the_department_s_refusals_and_no_others_are_listed(officer_of_security):
    lines = lines_of(officer_of_security.get("/audit/refusals"))
    assert len(lines) == 2
    assert "Hoàng Thị Mẫu" in lines[0]
    assert "Vi Văn Bên" in lines[1]
    assert "record.read:not_found" in lines[1]
    assert "Bùi Văn Lạ" not in "".join(lines)


def test_they_can_be_narrowed_by_a_click(officer_of_security, scene):
    page = officer_of_security.get("/audit/refusals").get_data(as_text=True)
    assert 'href="/audit/entries' not in page
    for address in set(re.findall(r'href="(/audit/refusals\?[^"]+)"', page)):
        assert lines_of(officer_of_security.get(address.replace("&amp;", "&")))
    neighbour = scene.house.people["neighbour"]
    assert len(lines_of(officer_of_security.get(f"/audit/refusals?person={neighbour}"))) == 1


def test_asking_for_what_was_allowed_still_shows_refusals_only(officer_of_security):
    assert all("Refused" in line for line in lines_of(officer_of_security.get("/audit/refusals?decision=allow")))


def test_nothing_refused_says_so(officer_of_security):
    page = officer_of_security.get("/audit/refusals?since=2090-01-01T00:00").get_data(as_text=True)
    assert "No refusal to people in your charge fits." in page


def test_the_look_itself_is_written_down(officer_of_security, scene):
    officer_of_security.get("/audit/refusals")
    (look,) = scene.looks()
    assert (look.action, look.rule, look.actor_id) == ("audit:searched", "refusals", scene.house.people["security"])


def test_others_do_not_get_this_page(client_as):
    for username in ("officer", "leader", "head", "operator", "auditor", "hq"):
        assert client_as(username).get("/audit/refusals").status_code == 403


def test_the_database_shows_a_security_officer_nothing_until_the_page_asks(scene):
    with scene.house.acting("security") as (actor, session):
        assert search_entries(actor, session, Criteria()).entries == ()
        unit = scene.house.actor("officer2").posts[0].unit_id
        open_refusals(session, {unit})
        shown = search_entries(actor, session, Criteria()).entries
        assert [(one.entry.decision, one.entry.unit_id) for one in shown] == [("deny", unit)]
    with scene.house.acting("security") as (actor, session):
        assert search_entries(actor, session, Criteria()).entries == ()


def test_references_and_not_ids_stand_on_the_page(officer_of_security, scene):
    page = officer_of_security.get("/audit/refusals").get_data(as_text=True)
    assert reference_of(scene.record_id) in page
    assert str(scene.record_id) not in page
