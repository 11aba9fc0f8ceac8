"""Marks come from a sealed question of one's own session; the preview shows and tells no more than the page does."""

from __future__ import annotations

import base64
import re
from uuid import uuid4

import pytest

from tests.attacks.test_search_leaks import shapes
from tests.factories.record_world import submitted, travelled
from tests.noise import without_noise

SCRIPT = {"HX-Request": "true", "Accept": "application/json"}


def found(client, words):
    page = client.submit("/search", {"q": words}).get_data(as_text=True)
    return re.search(r'data-found="([^"]*)"', page).group(1)


def plain(answer):
    """A page without what differs between any two answers."""
    return without_noise(answer.get_data(as_text=True))


@pytest.fixture
def record(house):
    return submitted(house)


def test_a_question_of_another_session_or_person_marks_nothing_and_says_nothing(record, client_as):
    mine = client_as("leader")
    sealed = found(mine, "phu tung")
    assert "<mark" in plain(mine.get(f"/records/{record}?found={sealed}"))
    for other in (client_as("leader"), client_as("officer")):
        for address in (f"/records/{record}", f"/records/{record}/preview"):
            without, answer = other.get(address), other.get(f"{address}?found={sealed}")
            assert answer.status_code == 200
            assert plain(answer) == plain(without)


def test_what_was_altered_cut_oversize_or_made_up_marks_nothing(record, client_as):
    client = client_as("leader")
    sealed = found(client, "phu tung")
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    altered = base64.urlsafe_b64encode(raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]).decode()
    cursor_like = base64.urlsafe_b64encode(b"IB\x01" + bytes(300)).decode()
    without = plain(client.get(f"/records/{record}"))
    odd = ("A" * 3000, "phu tung", "é", "%00%ff", cursor_like)
    for wrong in (altered, sealed[:-4], sealed + "AAAA", sealed * 20, *odd):
        answer = client.get(f"/records/{record}?found={wrong}")
        assert answer.status_code == 200
        assert plain(answer) == without
    twice = client.get(f"/records/{record}?found=x&found={sealed}")
    assert plain(twice) == without


def test_a_place_of_the_list_or_of_a_search_is_no_question(house, client_as):
    for _ in range(26):
        last = submitted(house)
    client = client_as("leader")
    page = client.submit("/search", {"q": "phu tung"}).get_data(as_text=True)
    cursor = re.search(r'name="cursor" value="([^"]+)"', page).group(1)
    assert "<mark" not in plain(client.get(f"/records/{last}?found={cursor}"))


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_what_somebody_wrote_or_asked_is_never_markup(house, client_as, attack):
    text = f"Hàng lạ {attack} script alert img nằm trong thùng hàng số 2."
    record = submitted(house, text=text, abstract=f"Lạ {attack}")
    client = client_as("leader")
    sealed = found(client, f"hàng {attack}")
    for address in (f"/records/{record}?found={sealed}", f"/records/{record}/preview?found={sealed}"):
        page = client.get(address).get_data(as_text=True)
        assert page.count("<mark") > 4
        bare = re.sub(r'<mark id="found-\d+">|</mark>', "", page)
        assert attack not in bare
        assert "<script>alert" not in bare
        assert "<img" not in bare


def test_no_word_of_the_question_stands_in_a_link_or_a_header(record, client_as):
    client = client_as("leader")
    client.submit("/search", {"q": "phụ tùng vonkavit"})
    answer = client.submit("/search", {"q": "phụ tùng OR vonkavit"})
    sealed = re.search(r'data-found="([^"]*)"', answer.get_data(as_text=True)).group(1)
    opened = client.get(f"/records/{record}?found={sealed}")
    page = opened.get_data(as_text=True)
    links = "".join(re.findall(r'(?:href|action|src)="([^"]*)"', page))
    raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    told = links.encode() + raw + sealed.encode() + str(opened.headers).encode()
    assert not any(shape in told for shape in shapes("vonkavit"))
    assert "vonkavit" not in page, "a word that was asked for and is not there is not on the page"


def test_the_preview_of_a_hidden_record_is_that_of_none(house, client_as):
    hidden = [submitted(house), travelled(house, 4, handling="H1")]
    for username in ("stranger", "neighbour", "hq", "officer2", "auditor", "operator"):
        client = client_as(username)
        for headers in ({}, SCRIPT):
            unknown = client.get(f"/records/{uuid4()}/preview", headers=headers)
            assert unknown.status_code in {403, 404}
            for record_id in hidden:
                answer = client.get(f"/records/{record_id}/preview", headers=headers)
                assert answer.status_code == unknown.status_code
                assert plain(answer) == plain(unknown).replace(str(uuid4()), "")


def test_the_preview_is_an_opening_in_the_log_before_it_is_shown(scene):
    def readings():
        rows = scene.sql("select action, object_id::text, level from audit_pending where action = 'record:read'")
        return [row for row in rows if row[1] == str(scene.record)]

    scene.sequence()
    scene.client_as("analyst").get(f"/records/{scene.record}", headers=SCRIPT)
    page = readings()
    scene.sequence()
    scene.client_as("analyst").get(f"/records/{scene.record}/preview", headers=SCRIPT)
    assert readings() == page != []


def test_the_preview_of_a_touched_record_shows_nothing_and_raises_the_alarm(scene):
    scene.attack("update records set level = 0 where id = $R")
    before = scene.alarms()
    answer = scene.client_as("analyst").get(f"/records/{scene.record}/preview", headers=SCRIPT)
    assert answer.status_code == 409
    assert set(answer.json) == {"message"}
    assert scene.alarms() == before + 1


def test_a_preview_that_cannot_be_logged_is_refused(scene):
    client = scene.client_as("analyst")
    client.get("/units")
    [(role,)] = scene.sql("select grantee from information_schema.role_table_grants where table_name = 'audit_pending'"
                          " and privilege_type = 'INSERT' and grantee like '%%app%%' limit 1")  # fmt: skip
    scene.attack(f'revoke insert on audit_pending from "{role}"')
    answer = client.get(f"/records/{scene.record}/preview", headers=SCRIPT)
    assert answer.status_code >= 500
    assert "Zuvoken" not in answer.get_data(as_text=True)
