"""Records like one: what a reader may not read weighs nothing in the answer and changes no byte of it."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import psycopg
import pytest

from intelhub import records
from intelhub.platform.roles import driver_address
from tests.attacks.test_linked_records import at_the_other_gate
from tests.factories.compartments import compartment
from tests.factories.record_world import act, travelled
from tests.noise import without_noise

TEXT = "Xe đầu kéo giấu vảy tê tê dưới sàn gỗ ép, giao ở bãi Kolmarun trước khi trời sáng."
LIKE = {"text": TEXT, "abstract": "Vảy tê tê dưới sàn gỗ ép", "subjects": [], "topic": "false_origin"}
OTHER = {
    "text": "Lô hàng quần áo khai thiếu số lượng, giám sát thấy kiện rách và cân lệch nhiều.",
    "abstract": "Quần áo khai thiếu",
    "subjects": [],
}
SECRET = {"level": "2", "list_item": "VD-TM-02"}


def similar(client, record_id: UUID) -> str:
    answer = client.get(f"/records/{record_id}/similar")
    assert answer.status_code == 200
    return without_noise(answer.get_data(as_text=True))


@pytest.fixture
def seen(house):
    """A record with one like it, and one that is not."""
    travelled(house, 1, **LIKE, place_text="Bãi kiểm hóa")
    travelled(house, 1, **OTHER)
    return travelled(house, 1, **LIKE)


def test_hidden_records_that_are_like_it_change_no_byte(house, client_as, seen):
    reader = client_as("analyst2")
    before = similar(reader, seen)
    assert "Vảy tê tê" in before
    hidden = [travelled(house, 1, **LIKE, **SECRET), at_the_other_gate(house, **LIKE, **SECRET)]
    group = compartment(house, "officer", "leader", "analyst")
    hidden.append(travelled(house, 1, **{**LIKE, "compartments": [str(group)]}))
    after = similar(reader, seen)
    assert after == before
    for record_id in hidden:
        assert str(record_id) not in after
    all_of_it = similar(client_as("analyst"), seen)
    assert {str(one) for one in (hidden[0], hidden[2])} <= set(re.findall(r"/records/([0-9a-f-]{36})", all_of_it))
    assert 'class="level-banner level-2"' in all_of_it


def test_of_a_record_that_may_not_be_read_nothing_is_similar(house, client_as, seen):
    hidden = travelled(house, 1, **LIKE, **SECRET)
    assert similar(client_as("analyst"), hidden)
    reader = client_as("analyst2")
    answers = [reader.get(f"/records/{one}/similar") for one in (hidden, uuid4())]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].data == answers[1].data
    for username in ("auditor", "operator", "security"):
        assert client_as(username).get(f"/records/{seen}/similar").status_code in {403, 404}


def test_the_look_is_in_the_log_and_the_words_are_not(house, client_as, seen):
    page = client_as("analyst2").get(f"/records/{seen}/similar").get_data(as_text=True)
    assert "kolmarun" in page, "the words that were asked for are said"
    for address in re.findall(r'(?:href|action|src)="([^"]*)"', page):
        assert "kolmarun" not in address.lower()
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        entries = connection.execute(
            "select action, entry from audit_pending where actor_id = %s", (house.people["analyst2"],)
        ).fetchall()
    assert {"record:read", "record:searched"} <= {action for action, _ in entries}
    assert not any(b"olmarun" in bytes(entry) for _, entry in entries)


def test_neither_itself_nor_what_was_merged_with_it_is_like_it(house, client_as, seen):
    page = similar(client_as("analyst"), seen)
    assert f'data-row-link href="/records/{seen}' not in page
    twin = travelled(house, 1, **LIKE, handling_conditions="bản trùng")
    act(house, "analyst", seen, records.acknowledge_record)
    act(house, "analyst", twin, records.mark_duplicate, target=seen, reason="Cùng một lô hàng")
    shown = similar(client_as("analyst"), seen)
    assert str(twin) not in shown
    assert str(seen) not in re.sub(r"<nav.*?</nav>", "", similar(client_as("analyst"), twin), flags=re.DOTALL)


def test_one_identifier_in_common_is_enough_and_one_word_is_not(house, client_as):
    number = [{"kind": "container", "name": "", "identifier": "CSQU3054383"}]
    shared = travelled(house, 1, **{**OTHER, "subjects": number})
    word = travelled(house, 1, **{**OTHER, "text": OTHER["text"].replace("kiện", "sàn")})
    record_id = travelled(house, 1, **{**LIKE, "subjects": number})
    page = similar(client_as("analyst"), record_id)
    assert str(shared) in page
    assert str(word) not in page
