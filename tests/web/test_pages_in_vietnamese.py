"""Pages in Vietnamese hold no English: no sentence of the catalogue as the code spells it, no English small words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.factories.shown import shown_on
from tests.house import content

_PO = Path(__file__).parents[2] / "intelhub" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
_VARIABLE = re.compile(r"%\(\w+\)[sd]")
_SMALL_WORDS = re.compile(
    r"\b(the|this|that|with|without|and|your|you|of|is|are|was|not|from|for|here|who|what|where|when|which)\b",
    re.IGNORECASE,
)
_ID = re.compile(r"/records/([0-9a-f-]{36})")


def _sentences() -> list[tuple[str, re.Pattern[str]]]:
    with _PO.open("rb") as file:
        catalogue = [message for message in read_po(file, locale="vi") if message.id]
    found = []
    for message in catalogue:
        for sentence in (message.id,) if isinstance(message.id, str) else message.id:  # of one and of many
            fixed = [part.strip() for part in _VARIABLE.split(sentence)]
            if message.string != sentence and any(len(part.split()) > 1 for part in fixed):
                pattern = ".+?".join(re.escape(part) for part in _VARIABLE.split(sentence))
                found.append((sentence, re.compile(rf"(?<!\w){pattern}(?!\w)")))
    return found


SENTENCES = _sentences()


def english_on(page: str) -> list[str]:
    """What of a page is still English."""
    text = shown_on(page).replace("English", "")
    return [said for said, pattern in SENTENCES if pattern.search(text)] + [
        line for line in text.splitlines() if _SMALL_WORDS.search(line)
    ]


def check(answer, status=200):
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text[:1500]
    assert 'lang="vi"' in text
    assert english_on(text) == []
    return text


def form_of(fields):
    form = {name: value for name, value in fields.items() if value is not None and name != "subjects"}
    for number, subject in enumerate(fields["subjects"]):
        form |= {f"subjects-{number}-{part}": value for part, value in subject.items()}
    return form


def version_on(text: str) -> str:
    return re.search(r'name="row_version" value="(\d+)"', text).group(1)


def move(client, record_id, event, **form):
    """Press a button on a record's page and look at what comes back."""
    version = version_on(check(client.get(f"/records/{record_id}")))
    answer = client.submit(f"/records/{record_id}/{event}", {"row_version": version, **form})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:1500]
    check(client.get(answer.location))


def test_english_is_noticed(client_as):
    officer = client_as("officer")
    officer.set_cookie("language", "en")
    assert len(english_on(officer.get("/").get_data(as_text=True))) > 10


def test_the_pages_of_a_record_on_its_way(client_as):
    officer, leader, analyst, head, hq = map(client_as, ("officer", "leader", "analyst", "head", "hq"))
    check(officer.get("/"))
    check(officer.get("/records/new"))
    check(officer.submit("/records/new", {"do": "save"}, follow_redirects=True))
    check(officer.get("/records"))
    saved = officer.submit("/records/new", {**form_of(content()), "do": "check"})
    record_id = _ID.search(saved.location).group(1)
    version = version_on(check(officer.get(saved.location)))
    check(officer.get(f"/records/{record_id}/edit"))
    stale = officer.submit(f"/records/{record_id}/edit", {**form_of(content()), "do": "save", "row_version": "99"})
    check(stale, stale.status_code)
    sent = officer.submit(f"/records/{record_id}/submit", {"row_version": version})
    check(officer.get(sent.location))
    check(leader.get("/"))
    move(leader, record_id, "return", reason="Ghi rõ nơi xảy ra")
    again = check(officer.get(f"/records/{record_id}/edit"))
    changed = form_of(content(text=content()["text"] + " Xảy ra tại bãi kiểm hóa."))
    officer.submit(f"/records/{record_id}/edit", {**changed, "do": "check", "row_version": version_on(again)})
    version = version_on(check(officer.get(f"/records/{record_id}/check")))
    officer.submit(f"/records/{record_id}/submit", {"row_version": version})
    move(leader, record_id, "forward")
    check(analyst.get("/"))
    move(analyst, record_id, "acknowledge")
    move(analyst, record_id, "evaluate", source_grade="C", info_grade="2", reason="Khớp với tin trước")
    move(analyst, record_id, "collate", **{"entities-0-kind": "enterprise", "entities-0-name": "Công ty bịa"})
    check(analyst.get(f"/records/{record_id}/versions"))
    check(head.get("/"))
    move(head, record_id, "share-up")
    check(hq.get("/"))
    check(hq.get(f"/records/{record_id}"))
    check(hq.get("/search"))
    check(hq.submit("/search", {"q": "phu tung o to"}))
    check(hq.submit("/search", {"q": '"chưa có từ này" AND ('}))


def test_refused_moves(client_as):
    officer, analyst = client_as("officer"), client_as("analyst")
    saved = officer.submit("/records/new", {"do": "check", "text": "quá ngắn", "level": "1", "handling": "HX"})
    refused = officer.get(saved.location)
    assert "error-summary" in check(refused, refused.status_code)
    check(analyst.get("/records/00000000-0000-4000-8000-000000000000"), 404)
    check(analyst.get("/audit"), 403)
    check(analyst.post("/records/new"), 403)


@pytest.mark.parametrize(
    ("username", "addresses"),
    [
        ("auditor", ("/", "/audit", "/audit/overview", "/audit/chain", "/account", "/units", "/records/new")),
        ("security", ("/", "/explain", "/audit/refusals", "/account")),
        ("operator", ("/", "/people", "/people/new", "/health", "/account", "/account/codes", "/account/password")),
        ("contributor", ("/", "/records", "/records/new", "/units", "/units/15BB", "/units?day=2010-01-01")),
    ],
)
def test_the_pages_of_whoever_watches(client_as, username, addresses):
    client = client_as(username)
    for address in addresses:
        answer = client.get(address)
        check(answer, answer.status_code)
        assert answer.status_code in {200, 403}, address


def test_a_person_and_an_explained_decision(client_as, house):
    operator, security = client_as("operator"), client_as("security")
    check(operator.get(f"/people/{house.people['officer']}"))
    wrong = operator.submit(f"/people/{house.people['officer']}/posts", {"function": "auditor"})
    check(wrong, wrong.status_code)
    asked = {"username": "analyst", "action": "read", "reference": "3f2a9c01-be44", "place": "onsite"}
    answer = security.submit("/explain", asked)
    check(answer, answer.status_code)


def test_the_doors(client):
    for address in ("/sign-in?by=password", "/set-up", "/demo"):
        check(client.get(address))
    wrong = client.submit("/sign-in", {"username": "nobody", "password": "wrong", "place": "onsite"})
    check(wrong, wrong.status_code)
