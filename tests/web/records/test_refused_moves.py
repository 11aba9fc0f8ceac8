"""A refused move brings the record's page back with everything that was typed, and says what happened meanwhile."""

from __future__ import annotations

import html
import re
from uuid import UUID

import pytest

from intelhub import records
from intelhub.audit import Criteria, search_entries, sequence_once
from intelhub.platform.database import open_engine
from tests.factories.record_world import act, proposed, submitted, travelled, version_of

WORDS = "Đề nghị ghi rõ biển số <xe> & giờ qua cửa khẩu"


def send(client, record_id, move, version, status, **form):
    answer = client.submit(f"/records/{record_id}/{move}", {"row_version": str(version), **form})
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def form_in(text, move):
    """The form of a move, with its dialog if it stands in one."""
    found = re.search(
        rf'(<dialog[^>]*>\s*)?<form method="post" action="/records/[^"]*/{move}">.*?</form>', text, re.DOTALL
    )
    assert found, text
    return html.unescape(found[0])


def field_in(form, name):
    found = re.search(rf'<(?:textarea|input|select)[^>]*\bname="{name}"[^>]*>', form)
    assert found, form
    return found[0]


def assert_said_at(form, name, sentence):
    """The sentence stands by the field, is tied to it, and the field has the focus."""
    field = field_in(form, name)
    described = re.search(r'aria-describedby="([^"]*)"', field)[1].split()
    assert 'aria-invalid="true"' in field
    assert re.search(r"\bautofocus\b", field)
    assert any(re.search(rf'id="{one}">.*?{re.escape(sentence)}', form, re.DOTALL) for one in described), form


@pytest.fixture
def at_grading(house):
    return travelled(house, 2)


def test_a_grade_without_a_reason_keeps_the_grade_and_asks_at_the_reason(house, client_as, at_grading):
    version = version_of(house, "analyst", at_grading)
    shown = send(
        client_as("analyst"), at_grading, "evaluate", version, 422, source_grade="C", info_grade="2", reason=" "
    )
    form = form_in(shown, "evaluate")
    assert '<option value="C" selected>' in form
    assert '<option value="2" selected>' in form
    assert_said_at(form, "reason", "Hãy ghi ngắn gọn lý do.")
    assert f'name="row_version" value="{version}"' in form


def test_a_one_without_confirmation_keeps_the_words_and_says_so_where_it_is_named(house, client_as, at_grading):
    version = version_of(house, "analyst", at_grading)
    shown = send(
        client_as("analyst"), at_grading, "evaluate", version, 422, source_grade="B", info_grade="1", reason=WORDS
    )
    form = form_in(shown, "evaluate")
    assert WORDS in form
    assert "<xe>" not in shown
    assert_said_at(form, "corroborating_named", "Mức 1 nghĩa là đã được xác nhận")


def test_chosen_confirmations_stay_chosen(house, client_as, at_grading):
    other = travelled(house, 2)
    version = version_of(house, "analyst", at_grading)
    shown = send(
        client_as("analyst"), at_grading, "evaluate", version, 422,
        source_grade="B", info_grade="1", reason="", corroborating=str(other),
    )  # fmt: skip
    assert re.search(rf'value="{other}" checked', form_in(shown, "evaluate"))


def test_a_collation_without_subject_asks_at_the_reason_and_keeps_typed_rows_otherwise(house, client_as):
    record_id = travelled(house, 3)
    analyst = client_as("analyst")
    version = version_of(house, "analyst", record_id)
    refused = form_in(send(analyst, record_id, "collate", version, 422), "collate")
    assert_said_at(refused, "reason", "ít nhất một đối tượng")
    typed = {"entities-1-kind": "person", "entities-1-name": "Người Bịa", "entities-1-identifier": "B1234567"}
    overtaken = send(analyst, record_id, "collate", version - 1, 412, reason=WORDS, **typed)
    form = form_in(overtaken, "collate")
    assert 'value="Người Bịa"' in form
    assert 'value="B1234567"' in form
    assert '<option value="person" selected>' in form
    assert WORDS in form


def test_a_return_comment_survives_another_window_that_was_quicker(house, client_as):
    """The leader returns while the record comes down to a lower level: the comment stays, with who did what."""
    record_id = proposed(house, "1", "0")
    version = version_of(house, "leader", record_id)
    act(house, "leader", record_id, records.lower_level, reason="Không thuộc danh mục")
    shown = send(client_as("leader"), record_id, "return", version, 412, reason=WORDS)
    form = form_in(shown, "return")
    assert re.search(r'<dialog[^>]*id="return"[^>]*open data-reopened', form)
    assert WORDS in form
    assert "Đã hạ độ mật" in form
    assert "Lương Văn Kiểm" in form
    assert f'name="row_version" value="{version + 1}"' in form
    assert 'id="level-top" class="level-banner level-1"' in shown, "its past is shown, which stands higher"
    again = send(client_as("leader"), record_id, "return", version + 1, 303, reason=WORDS)
    assert not re.search("data-reopened", again)


def test_words_for_an_act_that_is_no_longer_possible_are_shown_to_be_copied(house, client_as):
    record_id = submitted(house)
    version = version_of(house, "leader", record_id)
    act(house, "leader", record_id, records.forward_record, note="")
    shown = html.unescape(send(client_as("leader"), record_id, "return", version, 412, reason=WORDS))
    assert 'action="/records/' + str(record_id) + '/return"' not in shown
    assert WORDS in shown
    assert "Lương Văn Kiểm" in shown
    assert "data-reopened" not in shown


def test_an_act_in_a_state_that_does_not_allow_it_loses_no_word_either(house, client_as):
    record_id = travelled(house, 1)
    shown = send(client_as("leader"), record_id, "return", version_of(house, "leader", record_id), 409, reason=WORDS)
    assert WORDS in html.unescape(shown)


def test_a_note_to_headquarters_and_a_duplicate_s_address_stay(house, client_as):
    record_id = travelled(house, 4)
    version = version_of(house, "head", record_id)
    act(house, "head", record_id, records.share_up_record, note="")
    assert WORDS in html.unescape(send(client_as("head"), record_id, "share-up", version, 412, reason=WORDS))
    record_id = travelled(house, 2, subjects=[])
    version = version_of(house, "analyst", record_id)
    form = form_in(
        send(
            client_as("analyst"), record_id, "duplicate", version, 422, target_named="không phải địa chỉ", reason=WORDS
        ),
        "duplicate",
    )
    assert 'value="không phải địa chỉ"' in form
    assert WORDS in form
    assert_said_at(form, "target_named", "Không có phiếu tin nào khác")


def test_the_page_that_comes_back_is_a_reading_that_stays_logged(house, client_as, at_grading):
    version = version_of(house, "analyst", at_grading)

    def readings():
        sequencer = open_engine(house.database.sequencer_url, pool_size=1)
        sequence_once(sequencer, house.vault)
        sequencer.dispose()
        with house.acting("auditor") as (actor, session):
            return len(search_entries(actor, session, Criteria(action="record:read")).entries)

    before = readings()
    send(client_as("analyst"), at_grading, "evaluate", version, 422, source_grade="C", info_grade="2", reason="")
    assert readings() == before + 1


def test_whoever_lost_the_record_meanwhile_gets_the_answer_of_an_unknown_address(house, client_as):
    record_id = submitted(house)
    answer = client_as("stranger").submit(f"/records/{record_id}/evaluate", {"row_version": "1", "reason": WORDS})
    unknown = client_as("stranger").submit(f"/records/{UUID(int=7)}/evaluate", {"row_version": "1", "reason": WORDS})
    assert (answer.status_code, answer.data) == (unknown.status_code, unknown.data)
    assert answer.status_code == 404


def test_a_refused_assignment_keeps_who_was_chosen_and_says_who_was_quicker(house, client_as):
    first, second = travelled(house, 1), travelled(house, 1, abstract="Tin thứ hai trong đống")
    analyst = client_as("analyst")
    versions = {one: version_of(house, "analyst", one) for one in (first, second)}
    chosen = [f"{one}:{version}" for one, version in versions.items()]
    nobody = analyst.submit("/records/assign", {"assignee": "", "chosen": chosen})
    shown = nobody.get_data(as_text=True)
    assert nobody.status_code == 422
    assert all(f'value="{one}" checked' in shown for one in chosen)
    assert 'aria-invalid="true"' in shown
    unable = analyst.submit("/records/assign", {"assignee": str(house.people["officer"]), "chosen": chosen})
    assert unable.status_code == 422
    assert all(f'value="{one}" checked' in unable.get_data(as_text=True) for one in chosen)
    act(house, "analyst2", second, records.acknowledge_record)
    overtaken = analyst.submit("/records/assign", {"assignee": str(house.people["analyst"]), "chosen": chosen})
    shown = overtaken.get_data(as_text=True)
    assert overtaken.status_code == 412
    assert f'<option value="{house.people["analyst"]}" selected>' in shown
    assert "Tin thứ hai trong đống" in shown
    assert ", Đỗ Văn Tích, " in shown
    assert version_of(house, "analyst", first) == versions[first] + 1, "none takes another with it"
    assert "Đã phân công 1 phiếu tin." in shown
