"""The pages on which a lower level is proposed, agreed to, declined and read about afterwards."""

from __future__ import annotations

import html
import re

import pytest

from intelhub.platform.actor import Place
from tests.factories.record_world import WHY_LOWER, proposed, returned, submitted
from tests.house import content
from tests.web.records.test_record_pages import act, form_of, page

BANNER = 'id="level-top" class="level-banner level-{}"'


def words(client, url, status=200):
    return html.unescape(page(client, url, status))


def version_in(text):
    return re.search(r'name="row_version" value="(\d+)"', text).group(1)


def test_the_form_of_a_returned_record_says_what_a_lower_level_takes(house, client_as):
    officer = client_as("officer")
    unsent = words(officer, "/records/new")
    assert 'name="level_reason"' not in unsent
    record_id = returned(house)
    officer.set_cookie("language", "en")
    shown = words(officer, f"/records/{record_id}/edit")
    assert "the record stays as it is, Confidential (Mật), until the leader of your unit agrees." in shown
    assert 'name="level_reason"' in shown
    officer.set_cookie("language", "vi")
    shown = words(officer, f"/records/{record_id}/edit")
    assert "phiếu tin vẫn giữ nguyên độ mật hiện tại (Mật) cho đến khi lãnh đạo đơn vị đồng ý" in shown


def test_the_first_form_of_a_record_without_a_level_asks_for_no_reason(house, client_as):
    record_id = submitted(house, level="0", list_item=None)
    act(client_as("leader"), record_id, "return", reason="Ghi rõ hơn")
    assert 'name="level_reason"' not in words(client_as("officer"), f"/records/{record_id}/edit")


def test_a_lower_level_without_a_reason_comes_back_with_all_that_was_typed(house, client_as):
    record_id = returned(house)
    officer = client_as("officer")
    form = form_of(content(level="0", list_item=None, text="Lời mới của người viết, dài hơn hai mươi chữ."))
    version = version_in(words(officer, f"/records/{record_id}/edit"))
    saved = officer.submit(f"/records/{record_id}/edit", {**form, "row_version": version, "do": "check"})
    refused = words(officer, saved.location, 422)
    assert 'href="#level_reason"' in refused
    assert "Hãy nêu lý do hạ độ mật." in refused
    assert "Lời mới của người viết" in refused
    assert BANNER.format(1) in refused, "the page shows words of the level the record stands at"
    sent = officer.submit(f"/records/{record_id}/submit", {"row_version": version_in(refused)})
    assert sent.status_code == 422


def test_a_proposal_is_checked_sent_agreed_to_and_read_about(house, client_as):
    record_id = returned(house)
    officer, leader = client_as("officer"), client_as("leader")
    form = form_of(content(level="0", list_item=None, level_reason=WHY_LOWER))
    version = version_in(words(officer, f"/records/{record_id}/edit"))
    saved = officer.submit(f"/records/{record_id}/edit", {**form, "row_version": version, "do": "check"})
    checked = words(officer, saved.location)
    assert "Phiếu tin vẫn giữ nguyên độ mật hiện tại (Mật)" in checked
    assert WHY_LOWER in checked
    assert BANNER.format(1) in checked
    assert officer.submit(f"/records/{record_id}/submit", {"row_version": version_in(checked)}).status_code == 303
    own = words(officer, f"/records/{record_id}")
    assert "Người viết đề xuất hạ độ mật" in own
    assert "lower-level" not in own
    asked = words(leader, f"/records/{record_id}")
    assert f"Từ “Mật” xuống “không mật”: {WHY_LOWER}" in asked
    assert "Đồng ý hạ độ mật" in asked
    assert f'action="/records/{record_id}/lower-level"' in asked
    assert "Người viết đề xuất hạ độ mật từ “Mật” xuống “không mật”" in words(leader, f"/records/{record_id}/versions")
    nameless = act(leader, record_id, "lower-level", reason=" ", status=422)
    assert "lower-level" in nameless, "without a reason it is still to be decided"
    after = html.unescape(act(leader, record_id, "lower-level", reason="Không thuộc danh mục"))
    assert "Đã hạ độ mật" in after
    assert "lower-level" not in after
    assert BANNER.format(1) in after, "comments of the former level stand on it"
    versions = words(leader, f"/records/{record_id}/versions")
    assert "Độ mật đã được hạ từ “Mật” xuống “không mật”" in versions
    assert BANNER.format(1) in versions
    remote = client_as("leader", place=Place.REMOTE)
    below = words(remote, f"/records/{record_id}")
    assert BANNER.format(0) in below
    assert "Không thuộc danh mục" in below
    assert "nội dung viết trước đó vẫn giữ độ mật cũ" in words(remote, f"/records/{record_id}/versions")


@pytest.mark.parametrize(("move", "username"), [("forward", "analyst"), ("return", "officer")])
def test_declining_is_forwarding_or_returning(house, client_as, move, username):
    record_id = proposed(house, "1", "0")
    act(client_as("leader"), record_id, move, reason="Giữ nguyên")
    shown = words(client_as(username), f"/records/{record_id}")
    assert BANNER.format(1) in shown
    assert "người viết đề xuất:" in shown
    assert "lower-level" not in shown
    assert WHY_LOWER in words(client_as(username), f"/records/{record_id}/versions")
    if move == "return":
        assert WHY_LOWER in words(client_as("officer"), f"/records/{record_id}/edit")


def test_a_security_officer_has_the_agreement_explained(house, client_as):
    record_id = proposed(house, "1", "0")
    security = client_as("security")
    form = {"action": "lower_level", "reference": str(record_id), "place": "onsite"}
    assert "lower_level" in words(security, "/explain")
    answers = {
        username: html.unescape(security.submit("/explain", {**form, "username": username}).get_data(as_text=True))
        for username in ("leader", "officer")
    }
    assert "group_leader, 3, record, lower_level, unit" in answers["leader"]
    assert "group_leader, 3, record, lower_level" not in answers["officer"]
