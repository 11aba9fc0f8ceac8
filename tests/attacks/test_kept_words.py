"""A form that came too late goes back to the browser that sent it: to no other site, past no session, into no log."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

import intelhub
from intelhub.platform.web.blueprint import Access
from intelhub.platform.web.keeping import PROOFS
from tests.factories.record_world import drafted, version_of
from tests.house import content
from tests.web.conftest import open_session
from tests.web.records.test_record_pages import _ID, form_of

OWN = {"Origin": "http://127.0.0.1"}
WORD = "Keptwordzq"
TYPED = {**form_of(content(text=f'{WORD}: hai dòng\r\nvà "><script>alert(1)</script> trong lời kể')), "do": "save"}
SILENT: dict[str, str] = {}
FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {**OWN, "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
)


def hidden_fields(page):
    """The form of a page as a browser would send it."""
    form = re.search(r'<form method="post" action="([^"]*)" data-kept>(.*?)</form>', page, re.DOTALL)
    assert form, page
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[2])
    return html.unescape(form[1]), {html.unescape(name): html.unescape(value) for name, value in found}


def ended(client):
    """The same browser after its session is over."""
    client.delete_cookie("intelhub")
    return client


def test_what_was_typed_is_sent_again_after_signing_in(house, client_as):
    officer = ended(client_as("officer"))
    late = officer.post("/records/new", data=TYPED, headers=OWN)
    assert late.status_code == 401
    assert late.headers["Cache-Control"] == "no-store"
    action, fields = hidden_fields(late.get_data(as_text=True))
    assert {name: fields[name] for name in TYPED} == TYPED
    assert officer.post(action, data=fields, headers=OWN).status_code == 401, "the page is no way past the door"
    with officer.session_transaction() as kept:
        kept.clear()  # as signing in does
    officer.set_cookie("intelhub", open_session(house, "officer"), samesite="Strict", httponly=True)
    asked = officer.post(action, data=fields, headers=OWN)
    assert asked.status_code == 403
    assert "Nông Văn Thử" in asked.get_data(as_text=True)
    action, fields = hidden_fields(asked.get_data(as_text=True))
    sent = officer.post(action, data=fields, headers=OWN)
    assert sent.status_code == 303
    assert WORD in officer.get(sent.location).get_data(as_text=True)


def test_the_filters_of_its_address_go_with_it(client_as):
    officer = ended(client_as("officer"))
    late = officer.post("/records/views?state=submitted&level=1", data={"name": "Chờ duyệt"}, headers=OWN)
    action, fields = hidden_fields(late.get_data(as_text=True))
    assert action == "/records/views?state=submitted&level=1", "without them a view of everything has that name"
    assert fields["name"] == "Chờ duyệt"


def test_nothing_of_it_is_markup(client_as):
    shown = ended(client_as("officer")).post(
        "/records/new", data={**TYPED, '"><script>x': '"><img src=x>'}, headers=OWN
    )
    page = shown.get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<script>x" not in page
    assert "<img" not in page
    assert WORD in page


@pytest.mark.parametrize("headers", [SILENT, *FOREIGN])
def test_another_site_is_never_shown_a_form(client_as, headers):
    """Neither without a session nor, where the form token alone is wrong, with one."""
    for client in (client_as("officer"), ended(client_as("officer"))):
        for token in ({}, {"csrf_token": client.token("/set-up")}):
            answer = client.post("/records/new", data={**TYPED, **token, "csrf_token": "x"}, headers=headers)
            assert answer.status_code in {401, 403}
            assert WORD not in answer.get_data(as_text=True)
    if headers:
        assert answer.status_code == 403, "refused before anything else is asked"


def test_a_form_of_another_session_s_token_changes_nothing(house, client_as):
    """The leader's browser, made to send a form without its own token, is asked first; the draft stays as it was."""
    record_id = drafted(house)
    version = version_of(house, "officer", record_id)
    stolen = client_as("officer2").token("/set-up")
    form = {**TYPED, "row_version": str(version), "csrf_token": stolen}
    officer = client_as("officer")
    asked = officer.post(f"/records/{record_id}/edit", data=form, headers=OWN)
    assert asked.status_code == 403
    assert version_of(house, "officer", record_id) == version
    _, fields = hidden_fields(asked.get_data(as_text=True))
    assert fields["csrf_token"] != stolen


def test_the_form_is_decided_anew_as_whoever_signed_in(house, client_as):
    record_id = drafted(house)
    late = ended(client_as("officer")).post(
        f"/records/{record_id}/edit", data={**TYPED, "row_version": "1"}, headers=OWN
    )
    action, fields = hidden_fields(late.get_data(as_text=True))
    for username in ("officer2", "leader", "stranger"):
        other = client_as(username)
        asked = other.post(action, data=fields, headers=OWN)
        again, typed = (
            hidden_fields(asked.get_data(as_text=True)) if "data-kept" in asked.get_data(as_text=True) else (action, {})
        )
        answer = other.post(again, data=typed or {**fields, "csrf_token": other.token("/")}, headers=OWN)
        assert answer.status_code in {403, 404}, username
    assert version_of(house, "officer", record_id) == 1


def test_the_page_says_nothing_of_whether_there_is_such_a_record(house, client_as):
    record_id = drafted(house)
    unknown = str(record_id)[:-4] + ("0000" if not str(record_id).endswith("0000") else "1111")
    pages = []
    for identity in (str(record_id), unknown):
        browser = ended(client_as("stranger"))
        page = browser.post(f"/records/{identity}/edit", data=TYPED, headers=OWN).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]*)"', page)[1]
        pages.append(page.replace(identity, "").replace(token, ""))
    assert pages[0] == pages[1]


def test_no_proof_of_who_one_is_comes_back(app, client_as):
    """By the address, which asks for no permission, and by the names of the fields."""
    open_forms = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods
        and isinstance(mark := getattr(app.view_functions[rule.endpoint], "access", None), Access)
        and mark.permission is None
        and "<" not in rule.rule
    ]
    assert {"/sign-in", "/set-up", "/account/password", "/account/codes", "/account/codes/confirm"} <= set(open_forms)
    for client in (client_as("officer"), ended(client_as("officer"))):
        for address in open_forms:
            answer = client.post(address, data={"username": WORD, "x": WORD, "password": WORD}, headers=OWN)
            assert WORD not in re.sub(r'name="username" value="[^"]*"', "", answer.get_data(as_text=True)), address
        for name in PROOFS:
            answer = client.post("/records/new", data={"text": "lời", name: WORD}, headers=OWN)
            assert answer.status_code in {401, 403}
            assert WORD not in answer.get_data(as_text=True)


def test_every_field_for_a_proof_is_among_those_that_never_come_back():
    """A new form for a password or a code has to say so."""
    fields = re.compile(r'forms\.text\("(\w+)"[^\n]*(?:type="password"|one-time-code)')
    named = {
        name
        for path in Path(intelhub.__file__).parent.rglob("*.html")
        for name in fields.findall(path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= PROOFS


def test_what_came_too_late_is_in_no_log_and_no_table(house, client_as, caplog):
    ended(client_as("officer")).post("/records/new", data=TYPED, headers=OWN)
    client_as("officer").post("/records/new", data=TYPED, headers=OWN)
    engine = create_engine(house.database.superuser_url)
    with engine.connect() as connection:
        waiting = connection.execute(text("SELECT to_jsonb(p)::text FROM audit_pending p")).scalars().all()
        entries = connection.execute(text("SELECT convert_from(entry, 'UTF8') FROM audit_pending")).scalars().all()
        drafts = connection.execute(text("SELECT count(*) FROM records")).scalar()
    engine.dispose()
    assert any("csrf" in entry for entry in entries), "that it was refused is written down"
    assert not any(WORD in row or WORD.encode().hex() in row for row in (*waiting, *entries))
    assert WORD not in caplog.text
    assert drafts == 0


def test_a_script_gets_a_sentence_and_not_the_form(client_as):
    script = {**OWN, "HX-Request": "true", "Accept": "application/json"}
    officer = client_as("officer")
    old = officer.post("/records/new", data={**TYPED, "do": "autosave"}, headers=script)
    assert (old.status_code, old.mimetype) == (403, "application/json")
    assert "Bạn đã đăng nhập lại" in old.json["message"]
    over = ended(officer).post("/records/new", data={**TYPED, "do": "autosave"}, headers=script)
    assert (over.status_code, over.mimetype) == (401, "application/json")
    assert WORD not in old.get_data(as_text=True) + over.get_data(as_text=True)


def test_a_form_that_is_too_large_is_not_carried_back(client_as):
    large = ended(client_as("officer")).post("/records/new", data={"text": "x" * 600_000}, headers=OWN)
    assert large.status_code in {401, 413}
    assert len(large.data) < 50_000


def test_an_ordinary_form_needs_no_second_asking(client_as):
    officer = client_as("officer")
    saved = officer.submit("/records/new", TYPED, headers=OWN)
    assert saved.status_code == 303
    assert _ID.search(saved.location)
