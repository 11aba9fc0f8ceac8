"""What somebody without a session tries at the door: finding names, guessing, replaying, being sent elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
import time_machine
from argon2 import PasswordHasher
from sqlalchemy import create_engine, text

from intelhub import access
from intelhub.access import NOBODY, scope_for
from intelhub.access.views.local_path import local_path
from intelhub.app import House, create_app
from intelhub.platform import clock
from intelhub.settings import Settings

PASSWORD = "bốn con ngựa trắng"


@pytest.fixture
def app(house, tmp_path):
    settings = Settings(
        var=tmp_path, key_file=tmp_path / "key", passphrase_file=tmp_path / "pass", demo=True, cookie_secure=False
    )
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        for username in ("officer", "officer2", "leader"):
            access.set_first_password(session, house.people[username], PASSWORD)
    with house.acting("leader") as (actor, session):
        secret = access.enrol_totp(actor, session, password=PASSWORD).secret
        access.confirm_totp(actor, session, code=pyotp.TOTP(secret).now())
    with house.acting("operator") as (actor, session):
        access.deactivate_user(actor, session, house.people["officer2"])
    return create_app(House(settings=settings, vault=house.vault, units=house.units))


def token_of(client):
    return client.get("/set-up").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]


def attempt(client, username, password=PASSWORD, code="", address="10.0.0.1", token="", **more):
    data = {
        "username": username,
        "password": password,
        "code": code,
        "place": "onsite",
        "csrf_token": token or token_of(client),
        **more,
    }
    return client.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": address})


WRONG = {
    "unknown name": ("no.such.person", PASSWORD, ""),
    "wrong password": ("officer", "wrong password here", ""),
    "closed account": ("officer2", PASSWORD, ""),
    "code missing": ("leader", PASSWORD, ""),
    "wrong code": ("leader", PASSWORD, "000000"),
    "wrong recovery code": ("leader", PASSWORD, "aaaa-bbbb-cccc-dddd"),
    "empty": ("", "", ""),
}


def test_every_wrong_proof_is_answered_with_the_same_bytes(app):
    answers = {}
    for why, (username, password, code) in WRONG.items():
        client = app.test_client()
        given = attempt(client, username, password, code)
        page = given.get_data(as_text=True)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        shown = page.replace(token, "").replace(f'value="{username}"', 'value=""')
        headers = sorted((name, value) for name, value in given.headers if name not in {"Set-Cookie", "Content-Length"})
        answers[why] = (given.status_code, shown, headers)
    assert answers["empty"][0] == 401
    assert all(answer == answers["empty"] for answer in answers.values())


def test_every_wrong_proof_costs_one_hash(app, monkeypatch):
    # Argon2 is nearly all the time a sign-in takes: counting it tells more than a clock on a busy machine.
    work = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *given: work.append(1) or verify(*given))
    for tries, (username, password, code) in enumerate(WRONG.values(), 1):
        attempt(app.test_client(), username, password, code)
        assert len(work) == tries


@pytest.mark.parametrize("username", ["officer", "no.such.person"])
def test_guessing_is_slowed_down_alike_for_names_that_exist_and_that_do_not(app, username):
    with time_machine.travel(clock.now(), tick=False) as moment:
        statuses = [attempt(app.test_client(), username, "wrong").status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        late = attempt(app.test_client(), username, "wrong")
        assert int(late.headers["Retry-After"]) == 2
        moment.shift(timedelta(seconds=3))
        assert attempt(app.test_client(), username, "wrong").status_code == 401
        longer = attempt(app.test_client(), username, PASSWORD)
        assert (longer.status_code, int(longer.headers["Retry-After"])) == (429, 4)


def test_many_names_from_one_address_are_slowed_down(app):
    with time_machine.travel(clock.now(), tick=False):
        client = app.test_client()
        token = token_of(client)
        statuses = [attempt(client, f"name{number}", "wrong", token=token).status_code for number in range(32)]
        assert statuses[:30] == [401] * 30
        assert statuses[30:] == [429] * 2
        assert attempt(app.test_client(), "officer", address="10.0.0.2").status_code == 303


def test_a_form_of_another_site_signs_nobody_in(app):
    data = {"username": "officer", "password": PASSWORD, "place": "onsite"}
    client = app.test_client()
    assert client.post("/sign-in", data=data).status_code == 403
    assert client.post("/sign-in", data={**data, "csrf_token": token_of(app.test_client())}).status_code == 403
    own = {**data, "csrf_token": token_of(client)}
    assert client.post("/sign-in", data=own, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/sign-in", data=own, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get_cookie("intelhub") is None
    assert client.post("/sign-in", data=own, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_form_token_of_before_is_worth_nothing_after_signing_in(app):
    client = app.test_client()
    before = token_of(client)
    assert attempt(client, "officer").status_code == 303
    assert client.post("/account/sessions/end-others", data={"csrf_token": before}).status_code == 403


def test_a_session_put_into_the_browser_beforehand_is_not_taken_over(app):
    client = app.test_client()
    client.set_cookie("intelhub", "chosen-by-somebody-else")
    attempt(client, "officer")
    assert client.get_cookie("intelhub").value != "chosen-by-somebody-else"
    thief = app.test_client()
    thief.set_cookie("intelhub", "chosen-by-somebody-else")
    assert thief.get("/").status_code == 303


def test_what_is_no_token_signs_nobody_in(app):
    for token in ("", "x", "x" * 4000, "' OR 1=1 --", "00", "é", "../../etc", "\x00"):
        client = app.test_client(use_cookies=False)
        answer = client.get("/", headers={"Cookie": f"intelhub={token}".encode().decode("latin-1")})
        assert answer.status_code == 303


def test_a_token_is_nowhere_in_the_database(app, house):
    client = app.test_client()
    attempt(client, "officer")
    token = client.get_cookie("intelhub").value
    engine = create_engine(house.database.superuser_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT to_jsonb(s)::text FROM sessions s")).scalars().all()
        waiting = connection.execute(text("SELECT to_jsonb(p)::text FROM audit_pending p")).scalars().all()
    engine.dispose()
    assert rows
    assert not any(token in row for row in (*rows, *waiting))
    assert not any(token.encode().hex() in row for row in (*rows, *waiting))


def test_no_other_cookie_signs_anybody_in(app, house):
    for cookie in ("remember_token", "intelhub-remembers-nobody", "session", "_user_id", "__Host-intelhub"):
        client = app.test_client()
        client.set_cookie(cookie, f"{house.people['officer']}|{'0' * 128}")
        assert client.get("/").status_code == 303


def test_a_forged_form_session_names_nobody(app, house):
    with app.test_client() as client:
        with client.session_transaction() as kept:
            kept["_user_id"] = str(house.people["leader"])
            kept["_fresh"] = True
        assert client.get("/").status_code == 303


def test_no_header_signs_anybody_in(app):
    for header in ("Authorization", "X-User", "X-Forwarded-User", "X-Test-User", "Remote-User"):
        assert app.test_client().get("/", headers={header: "leader"}).status_code == 303


ELSEWHERE = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/\n/evil.example", "javascript:alert(1)", "evil.example", "", " /records", "/ /evil", "///evil.example",
    "http:/evil.example", "/%09/../\\evil", "/" + "x" * 600, "/\u2028evil",
]  # fmt: skip


@pytest.mark.parametrize("asked", ELSEWHERE)
def test_only_paths_of_this_server_are_ways_back(asked):
    assert local_path(asked) == "/"


def test_nobody_is_sent_to_another_site(app):
    for asked in ELSEWHERE:
        client = app.test_client()
        assert attempt(client, "officer", next=asked).location == "/"
        assert client.get("/language/en", query_string={"next": asked}).location == "/"
        assert client.get("/sign-in", query_string={"next": asked}).location == "/"


@pytest.mark.parametrize("asked", ["/", "/records", "/records?state=draft", "/units/15BB#history", "/records/%C4%91"])
def test_paths_of_this_server_are_kept(asked):
    assert local_path(asked) == asked


def test_nothing_changes_on_a_get(app):
    client = app.test_client()
    attempt(client, "officer")
    for path in ("/sign-out", "/stay", "/account/sessions/end-others"):
        assert client.get(path).status_code == 404
    assert client.get("/account").status_code == 200


def test_the_own_password_is_not_guessed_at_an_unwatched_screen(app):
    client = app.test_client()
    attempt(client, "officer")
    with time_machine.travel(clock.now(), tick=False):
        typed = {"current": "wrong", "password": "năm con mèo đen ngủ", "repeated": "năm con mèo đen ngủ"}
        statuses = [
            client.post(path, data={**typed, "csrf_token": token_of(client)}).status_code
            for path in ("/account/password", "/account/codes") * 4
        ]
        assert statuses == [422] * 5 + [429] * 3
        right = {**typed, "current": PASSWORD, "csrf_token": token_of(client)}
        assert client.post("/account/password", data=right).status_code == 429


def test_setup_codes_are_not_guessed(app):
    with time_machine.travel(clock.now(), tick=False):
        statuses = []
        for client in [app.test_client() for _ in range(7)]:
            data = {"username": "officer", "code": "aaaa-bbbb-cccc-dddd", "password": PASSWORD, "repeated": PASSWORD}
            statuses.append(client.post("/set-up", data={**data, "csrf_token": token_of(client)}).status_code)
        assert statuses == [401] * 5 + [429] * 2


def test_what_was_typed_into_the_name_is_in_no_log_in_clear(app, house):
    attempt(app.test_client(), "my-secret-in-the-wrong-field", "x")
    engine = create_engine(house.database.superuser_url)
    with engine.connect() as connection:
        waiting = connection.execute(text("SELECT convert_from(entry, 'UTF8') FROM audit_pending")).scalars().all()
    engine.dispose()
    assert any("session:refused" in entry for entry in waiting)
    assert not any("my-secret" in entry for entry in waiting)
