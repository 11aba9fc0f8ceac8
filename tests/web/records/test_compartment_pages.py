"""Compartments on the pages of records: chosen by those who hold one, shown beside the level, named to members only."""

from __future__ import annotations

import re

from tests.factories.compartments import NAME, compartment, take_out
from tests.house import content
from tests.web.records.test_record_pages import _ID, act, form_of, page, write

ALL = ("officer", "leader", "analyst", "head", "hq")
FIELD = re.compile(r'<fieldset class="field[^"]*" id="compartments"[^>]*>.*?</fieldset>', re.DOTALL)


def boxes(text):
    """The boxes of the field: name of the compartment, with what stands in its tag."""
    field = FIELD.search(text)
    assert field, text
    found = re.findall(r'<input class="form-check-input" ([^>]*)>\s*<label[^>]*>([^<]*)<', field[0])
    return {name: tag for tag, name in found}


def english(client_as, username):
    client = client_as(username)
    client.set_cookie("language", "en")
    return client


def test_whoever_holds_a_compartment_chooses_and_nobody_else_sees_the_field(house, client_as):
    compartment(house, "officer", name="Đêm trắng")
    compartment(house, *ALL)
    shown = boxes(page(english(client_as, "officer"), "/records/new"))
    assert list(shown) == [NAME, "Đêm trắng"]
    assert not any("checked" in tag for tag in shown.values())
    for username in ("officer2", "contributor"):
        text = page(english(client_as, username), "/records/new")
        assert "compartment" not in text.lower()
    assert "Nhóm cần biết" in page(client_as("officer"), "/records/new")


def test_the_choice_goes_through_autosave_draft_check_and_submission(house, client_as):
    river = compartment(house, *ALL)
    officer = english(client_as, "officer")
    form = form_of(content())
    saved = officer.submit("/records/new", {**form, "do": "autosave"}).json
    again = officer.submit(
        saved["action"], {**form, "compartments": str(river), "do": "autosave", "row_version": saved["row_version"]}
    ).json
    record_id = _ID.search(saved["action"]).group(1)
    assert "checked" in boxes(page(officer, f"/records/{record_id}/edit"))[NAME]
    checked = page(officer, f"/records/{record_id}/check")
    assert NAME in checked
    assert f"/records/{record_id}/edit#compartments" in checked
    sent = officer.submit(f"/records/{record_id}/submit", {"row_version": again["row_version"]})
    assert sent.status_code == 303
    assert f'<span class="compartment-name">{NAME}</span>' in page(officer, "/")
    for url in ("/", "/records", f"/records/{record_id}"):
        assert f'<span class="compartment-name">{NAME}</span>' in page(client_as("leader"), url), url
    hits = client_as("leader").submit("/search", {"q": "tem nhan"}).get_data(as_text=True)
    assert f'<span class="compartment-name">{NAME}</span>' in hits


def test_a_record_in_no_compartment_bears_no_mark(house, client_as):
    compartment(house, *ALL)
    record_id = write(client_as("officer"))
    leader = client_as("leader")
    for url in ("/", "/records", f"/records/{record_id}"):
        assert "compartment-name" not in page(leader, url)


def test_the_level_of_a_page_is_not_changed_by_a_compartment(house, client_as):
    river = compartment(house, *ALL)
    officer = client_as("officer")
    plain = write(officer, level="0", list_item=None)
    inside = write(officer, level="0", list_item=None, compartments=str(river))
    banner = re.compile(r'id="level-top".*?</div>', re.DOTALL)
    shown = [banner.search(page(officer, f"/records/{one}"))[0] for one in (plain, inside)]
    assert shown[0] == shown[1]


def test_what_came_back_shows_those_it_cannot_leave_and_says_so(house, client_as):
    river = compartment(house, *ALL)
    night = compartment(house, *ALL, name="Đêm trắng")
    officer = english(client_as, "officer")
    record_id = write(officer, compartments=str(river))
    act(client_as("leader"), record_id, "return", reason="Ghi rõ biển số")
    text = page(officer, f"/records/{record_id}/edit")
    assert "but not out of those it is in" in text
    shown = boxes(text)
    assert "checked disabled" in shown[NAME]
    assert "checked" not in shown["Đêm trắng"]
    version = re.search(r'name="row_version" value="(\d+)"', text).group(1)
    changed = {**form_of(content()), "compartments": str(night), "row_version": version, "do": "check"}
    assert officer.submit(f"/records/{record_id}/edit", changed).status_code == 303
    checked = page(officer, f"/records/{record_id}/check")
    version = re.search(r'name="row_version" value="(\d+)"', checked).group(1)
    assert officer.submit(f"/records/{record_id}/submit", {"row_version": version}).status_code == 303
    text = page(officer, f"/records/{record_id}")
    assert NAME in text
    assert "Đêm trắng" in text
    versions = page(english(client_as, "leader"), f"/records/{record_id}/versions")
    assert "<dt>Compartments</dt>" in versions
    assert f"{NAME} · Đêm trắng" in versions


def test_a_refused_choice_loses_nothing_that_was_typed(house, client_as):
    river = compartment(house, *ALL)
    night = compartment(house, "officer", name="Đêm trắng")
    officer = english(client_as, "officer")
    text = "Lời gõ lâu công trong ca trực, không được mất."
    form = {**form_of(content(text=text)), "compartments": [str(river), str(night)]}
    saved = officer.submit("/records/new", {**form_of(content()), "do": "save"})
    record_id = _ID.search(saved.location).group(1)
    take_out(house, night, "officer")
    for url in ("/records/new", f"/records/{record_id}/edit"):
        refused = officer.submit(url, {**form, "row_version": "1", "do": "save"})
        assert refused.status_code == 422
        shown = refused.get_data(as_text=True)
        assert text in shown
        assert 'href="#compartments"' in shown
        assert "checked" in boxes(shown)[NAME]
        assert "Đêm trắng" not in shown
        told = officer.submit(url, {**form, "row_version": "1", "do": "autosave"})
        assert told.status_code == 422
        assert told.json == {"message": "There is no such compartment that you are in. Choose among yours."}
    kept = page(officer, f"/records/{record_id}/edit")
    assert text not in kept
    version = re.search(r'name="row_version" value="(\d+)"', kept).group(1)
    assert version == "1"


def test_two_windows_keep_the_compartments_of_the_one_that_is_chosen(house, client_as):
    river = compartment(house, *ALL)
    officer = client_as("officer")
    saved = officer.submit("/records/new", {**form_of(content()), "do": "save"})
    record_id = _ID.search(saved.location).group(1)
    form = {**form_of(content()), "compartments": str(river), "row_version": "77", "do": "save"}
    both = officer.submit(f"/records/{record_id}/edit", form)
    assert both.status_code == 412
    assert f'name="compartments" value="{river}"' in both.get_data(as_text=True)


def test_a_way_up_without_readers_is_said_where_it_is_asked(house, client_as):
    river = compartment(house, "officer", "leader")
    alone = compartment(house, "officer", name="Một mình")
    officer, leader = english(client_as, "officer"), english(client_as, "leader")
    saved = officer.submit("/records/new", {**form_of(content()), "compartments": str(alone), "do": "check"})
    checked = page(officer, saved.location)
    version = re.search(r'name="row_version" value="(\d+)"', checked).group(1)
    record_id = _ID.search(saved.location).group(1)
    refused = officer.submit(f"/records/{record_id}/submit", {"row_version": version})
    assert refused.status_code == 422
    assert "Nobody who could forward this record" in refused.get_data(as_text=True)
    assert "checked" in boxes(page(officer, f"/records/{record_id}/edit"))["Một mình"]
    record_id = write(officer, compartments=str(river))
    told = act(leader, record_id, "forward", status=422)
    assert "Nobody at the Department who grades records" in told
