"""Sharing a record with a unit on its page: who is offered it, what comes back, what the receiving unit sees."""

from __future__ import annotations

import html
import re

import pytest

from intelhub.audit import Criteria, search_entries, sequence_once
from intelhub.platform.database import open_engine
from tests.attacks.test_sharing_with_units import GRADED, end, share
from tests.factories.record_world import travelled, version_of
from tests.web.records.test_desks import desk
from tests.web.records.test_record_pages import page
from tests.web.records.test_refused_moves import assert_said_at, form_in, send

WORDS = "Xe tải sẽ qua cửa khẩu này tuần tới"
GATE = "15BE"


@pytest.fixture
def graded(house):
    return travelled(house, GRADED)


def opened(client, record_id):
    return html.unescape(page(client, f"/records/{record_id}"))


def section(shown, name):
    found = re.search(rf'<section[^>]*id="{name}".*?</section>', shown, re.DOTALL)
    assert found, shown
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_a_head_shares_and_ends_it_and_the_page_says_both(house, client_as, graded):
    head, neighbour = client_as("head"), client_as("neighbour")
    version = version_of(house, "head", graded)
    page(neighbour, f"/records/{graded}", 404)
    send(head, graded, "disseminate", version, 303, recipient=GATE, reason=WORDS)
    shown = opened(head, graded)
    assert "Từ nay đơn vị đọc được phiếu tin này." in shown
    assert WORDS in shown
    assert "Đã chia sẻ với" in shown
    received = opened(neighbour, graded)
    assert "Được chia sẻ với đơn vị bạn" in received
    assert "Ngừng chia sẻ" not in received
    send(head, graded, "withdraw", version + 1, 303, recipient=GATE, reason="Đã xong việc")
    shown = opened(head, graded)
    assert "Đơn vị không còn đọc được phiếu tin này." in shown
    assert "Đã chia sẻ với" not in shown
    page(neighbour, f"/records/{graded}", 404)


def test_who_may_read_names_the_receiving_unit_and_its_duties(house, client_as, graded):
    before = section(opened(client_as("head"), graded), "readers")
    share(house, graded, GATE)
    after = section(opened(client_as("head"), graded), "readers")
    assert len(after) > len(before)
    assert "Chi cục HQ CK Tân Thanh Công chức tổ kiểm soát, Tổ trưởng kiểm soát" in after
    end(house, graded, GATE)
    assert section(opened(client_as("head"), graded), "readers") == before


@pytest.mark.parametrize(("username", "is_offered"), [("head", True), ("analyst", False), ("leader", False)])
def test_it_is_offered_to_whoever_may(house, client_as, graded, username, is_offered):
    shown = opened(client_as(username), graded)
    assert ('id="disseminate"' in shown) == is_offered
    assert 'id="withdraw"' not in shown, "it is shared with nobody"
    share(house, graded, GATE)
    assert ('id="withdraw"' in opened(client_as(username), graded)) == is_offered


@pytest.mark.parametrize(
    ("recipient", "sentence"),
    [
        ("", "Không có đơn vị nào khớp duy nhất"),
        ("15BB", "Đơn vị này vốn đã được đọc phiếu tin."),
        ("TCHQ", "chỉ đọc những phiếu tin đã được chuyển lên"),
        ("02ZZ", "Chưa ai ở đơn vị này đọc được phiếu tin"),
    ],
)
def test_a_unit_that_will_not_do_is_said_at_its_field_and_nothing_is_lost(
    house, client_as, graded, recipient, sentence
):
    version = version_of(house, "head", graded)
    answer = client_as("head").submit(
        f"/records/{graded}/disseminate", {"row_version": str(version), "recipient": recipient, "reason": WORDS}
    )
    assert answer.status_code == 422
    shown = html.unescape(answer.get_data(as_text=True))
    form = form_in(shown, "disseminate")
    assert WORDS in form
    assert f'value="{recipient}"' in form
    if recipient:
        assert_said_at(form, "recipient", sentence)
    else:
        assert 'aria-invalid="true"' in form


def test_a_sharing_without_a_reason_asks_for_it_and_keeps_the_unit(house, client_as, graded):
    version = version_of(house, "head", graded)
    shown = send(client_as("head"), graded, "disseminate", version, 422, recipient=GATE, reason=" ")
    form = form_in(shown, "disseminate")
    assert f'value="{GATE}"' in form
    assert_said_at(form, "reason", "Hãy ghi ngắn gọn lý do.")


def test_beyond_the_department_a_handling_code_of_h1_is_said_at_the_unit(house, client_as):
    record_id = travelled(house, GRADED, handling="H1")
    version = version_of(house, "head", record_id)
    shown = send(client_as("head"), record_id, "disseminate", version, 422, recipient="20ZZ", reason=WORDS)
    form = form_in(shown, "disseminate")
    assert_said_at(form, "recipient", "H1")


def test_a_record_that_moved_on_meanwhile_keeps_what_was_typed(house, client_as, graded):
    version = version_of(house, "head", graded)
    share(house, graded, GATE)
    shown = html.unescape(send(client_as("head"), graded, "disseminate", version, 412, recipient="20ZZ", reason=WORDS))
    assert WORDS in shown
    assert 'value="20ZZ"' in form_in(shown, "disseminate")


def test_ending_what_is_not_shared_is_a_conflict_in_words(house, client_as, graded):
    share(house, graded, GATE)
    version = version_of(house, "head", graded)
    shown = html.unescape(send(client_as("head"), graded, "withdraw", version, 409, recipient="20ZZ", reason=WORDS))
    assert "Phiếu tin không được chia sẻ với đơn vị này." in shown
    assert WORDS in shown


def test_what_was_shared_with_a_unit_lies_at_home_and_in_the_list_of_its_people(house, client_as, graded):
    other = travelled(house, GRADED)
    neighbour = client_as("neighbour")
    assert desk(neighbour, "received") is None, "an empty desk of what rarely comes is left out"
    share(house, graded, GATE)
    assert desk(neighbour, "received") == [str(graded)]
    listed = page(neighbour, "/records?desk=received")
    assert str(graded) in listed
    assert str(other) not in listed
    assert desk(client_as("head"), "received") is None, "their own department's records are no such thing"
    share(house, graded, "20ZZ")
    assert desk(client_as("stranger"), "received") == [str(graded)]


def test_the_log_of_an_auditor_names_the_act_and_not_its_words(house, graded):
    share(house, graded, GATE)
    engine = open_engine(house.database.sequencer_url, pool_size=1)
    sequence_once(engine, house.vault)
    engine.dispose()
    with house.acting("auditor") as (actor, session):
        found = search_entries(actor, session, Criteria(action="record:disseminated")).entries
    assert len(found) == 1
    assert str(graded) in str(found[0].entry)
    assert not {GATE, "Xe sắp qua"} & set(re.findall(r"[\w ]+", str(found[0].entry)))
