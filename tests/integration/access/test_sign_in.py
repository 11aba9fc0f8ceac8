"""Signing in and sessions, on a real database: what is told, what is counted, what is kept."""

from __future__ import annotations

import threading
from datetime import timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import text

from intelhub.access import (
    NOBODY,
    PlaceRule,
    SignedIn,
    SignInRefused,
    confirm_totp,
    deactivate_user,
    end_session,
    enrol_totp,
    issue_setup_code,
    list_posts,
    list_sessions,
    may,
    open_session_for_persona,
    redeem_setup_code,
    reset_factors,
    resolve_session,
    revoke_post,
    set_clearance,
    set_password,
)
from intelhub.access.queries import open_credentials
from intelhub.organisation import today
from intelhub.platform import clock
from intelhub.platform.actor import Actor, Place
from intelhub.platform.errors import NotFound, NotPermitted, RuleRefused
from tests.integration.access.conftest import LIMITS, PASSWORD, House

OFFICER = "an.nguyen"


@pytest.fixture
def officer(house: House):
    return house.person(OFFICER, ("contributor", "15BB.D1"), ("group_leader", "15BB"), password=PASSWORD)


def resolve(house: House, token: str) -> Actor | None:
    with house.begin() as session:
        found = resolve_session(session, token, limits=LIMITS)
        return found.actor if found else None


def enrol(house: House, actor: Actor) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    with house.begin(actor) as session:
        enrolment = enrol_totp(actor, session, password=PASSWORD)
    assert enrolment.address.startswith("otpauth://totp/intelhub:an.nguyen?secret=")
    assert enrolment.qr_picture.startswith("<svg")
    app = pyotp.TOTP(enrolment.secret)
    with house.begin(actor) as session:
        codes = confirm_totp(actor, session, code=app.at(clock.now()))
    return app, codes


def test_a_password_opens_internal_circulation_and_nothing_above(house, officer):
    signed = house.sign_in(" An.Nguyen ")
    assert isinstance(signed, SignedIn)
    actor = resolve(house, signed.token)
    assert actor == signed.actor
    assert (actor.user_id, actor.clearance, actor.ceiling) == (officer, 3, 0)
    assert {post.function for post in actor.posts} == {"contributor", "group_leader"}
    leader = next(post for post in actor.posts if post.function == "group_leader")
    assert leader.tier == 3
    assert leader.unit_ids == {house.unit("15BB"), house.unit("15BB.D1")}
    assert leader.department_id == house.unit("15ZZ")
    assert ("session:signed-in", "allow", "password", officer) in house.entries()


def test_neither_token_nor_password_nor_address_is_stored(house, officer):
    del officer
    signed = house.sign_in(OFFICER, address="203.0.113.77")
    with house.superuser.connect() as connection:
        for table in ("users", "credentials", "sessions", "sign_in_throttle", "audit_pending"):
            dump = str(connection.execute(text(f"SELECT * FROM {table}")).all())
            assert signed.token not in dump
            assert PASSWORD not in dump
            assert "203.0.113.77" not in dump


@pytest.mark.parametrize(("username", "password"), [(OFFICER, "not the password"), ("nobody.here", PASSWORD), ("", "")])
def test_every_refusal_says_the_same(house, officer, username, password):
    refused = house.sign_in(username, password)
    assert isinstance(refused, SignInRefused)
    assert str(refused.message) == "The name, the password or the code is not right."
    action, decision, _, actor_id = house.entries()[-1]
    assert (action, decision, actor_id) == ("session:refused", "deny", NOBODY.user_id)
    assert actor_id != officer


@pytest.mark.parametrize("username", [OFFICER, "nobody.here"])
def test_failures_slow_down_alike_whether_or_not_the_name_exists(house, officer, username):
    del officer
    with time_machine.travel(clock.now(), tick=False) as moment:
        waits = []
        for _ in range(9):
            refused = house.sign_in(username, "not the password")
            assert isinstance(refused, SignInRefused)
            waits.append(refused.wait.total_seconds())
            moment.shift(refused.wait)
        # The fifth failure and each one after it doubles the wait; a try made too early costs nothing further.
        assert waits == [0, 0, 0, 0, 0, 2, 0, 4, 0]
        right = house.sign_in(username)
        assert isinstance(right, SignInRefused)
        moment.shift(timedelta(minutes=15))
        later = house.sign_in(username)
    assert isinstance(later, SignedIn) == (username == OFFICER)


def test_attempts_in_parallel_do_not_share_a_free_try(house, officer):
    del officer
    answers = []

    def attempt() -> None:
        answers.append(house.sign_in(OFFICER, "not the password"))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    looked_at = [answer for answer in answers if not answer.wait]
    assert len(answers) == 12
    assert len(looked_at) == 5


def test_one_address_is_slowed_down_across_names(house, officer):
    del officer
    with time_machine.travel(clock.now(), tick=False):
        for number in range(30):
            assert not house.sign_in(f"name.{number}", "wrong", address="203.0.113.9").wait
        assert house.sign_in(OFFICER, address="203.0.113.9").wait
        assert isinstance(house.sign_in(OFFICER, address="203.0.113.10"), SignedIn)


def test_one_time_codes_lift_the_ceiling_and_are_then_required(house, officer):
    del officer
    app, codes = enrol(house, house.sign_in(OFFICER).actor)
    assert len(set(codes)) == 10
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=False) as moment:
        assert isinstance(house.sign_in(OFFICER), SignInRefused)
        assert isinstance(house.sign_in(OFFICER, code="000000"), SignInRefused)
        assert isinstance(house.sign_in(OFFICER, "wrong", code=app.at(clock.now())), SignInRefused)
        signed = house.sign_in(OFFICER, code=app.at(clock.now()))
        assert isinstance(signed, SignedIn)
        assert signed.actor.ceiling == 1
        replayed = house.sign_in(OFFICER, code=app.at(clock.now()))
        assert isinstance(replayed, SignInRefused)
        assert house.entries()[-1][2] == "totp_replayed"
        earlier = app.at(clock.now() - timedelta(seconds=30))
        assert isinstance(house.sign_in(OFFICER, code=earlier), SignInRefused)
        moment.shift(timedelta(minutes=1))
        assert isinstance(house.sign_in(OFFICER, code=app.at(clock.now())), SignedIn)


def test_a_recovery_code_is_good_once(house, officer):
    _, codes = enrol(house, house.sign_in(OFFICER).actor)
    signed = house.sign_in(OFFICER, code=codes[3].upper().replace("-", " "))
    assert isinstance(signed, SignedIn)
    assert signed.actor.ceiling == 1
    assert ("session:recovery-code-used", "allow", "", officer) in house.entries()
    assert isinstance(house.sign_in(OFFICER, code=codes[3]), SignInRefused)
    assert isinstance(house.sign_in(OFFICER, code=codes[4]), SignedIn)


def test_an_operator_removes_lost_factors_and_sessions_end(house, officer):
    enrol(house, house.sign_in(OFFICER).actor)
    token = house.sign_in(OFFICER, code="").__class__
    assert token is SignInRefused
    console = house.console()
    with house.begin(console) as session:
        reset_factors(console, session, officer)
    assert isinstance(house.sign_in(OFFICER), SignedIn)


def test_a_sealed_secret_of_somebody_else_does_not_open(house, officer):
    enrol(house, house.sign_in(OFFICER).actor)
    other = house.person("binh.tran", password=PASSWORD)
    with house.superuser.begin() as connection:
        connection.execute(
            text("UPDATE credentials SET totp_sealed = (SELECT totp_sealed FROM credentials WHERE user_id = :a) "
                 "WHERE user_id = :b"), {"a": officer, "b": other})  # fmt: skip
    assert isinstance(house.sign_in("binh.tran"), SignInRefused)
    assert ("user:tamper-found", "deny", "credentials", NOBODY.user_id) in house.entries()


def test_sessions_end_by_idleness_by_age_and_by_hand(house, officer):
    del officer
    start = clock.now()
    with time_machine.travel(start, tick=False) as moment:
        first, second = house.sign_in(OFFICER), house.sign_in(OFFICER)
        moment.shift(timedelta(minutes=14))
        assert resolve(house, first.token)
        moment.shift(timedelta(minutes=2))
        assert resolve(house, second.token) is None  # 16 minutes without a request
        assert resolve(house, first.token)
        while clock.now() - start < timedelta(hours=7, minutes=55):
            moment.shift(timedelta(minutes=10))
            alive = resolve(house, first.token)
            assert alive or clock.now() - start >= timedelta(hours=8)
        moment.move_to(start + timedelta(hours=8))
        assert resolve(house, first.token) is None
        third = house.sign_in(OFFICER)
        with house.begin(third.actor) as session:
            (mine,) = list_sessions(third.actor, session)
            assert mine.is_this_one
            end_session(third.actor, session, mine.id)
        assert resolve(house, third.token) is None


def test_nobody_ends_or_lists_anothers_session(house, officer):
    del officer
    signed = house.sign_in(OFFICER)
    house.person("binh.tran", password=PASSWORD)
    other = house.sign_in("binh.tran").actor
    with house.begin(other) as session:
        assert [one.id for one in list_sessions(other, session)] == [other.session_id]
        with pytest.raises(NotFound):
            end_session(other, session, signed.actor.session_id)
    assert resolve(house, signed.token)


def test_what_is_taken_away_is_gone_at_the_next_request(house, officer):
    signed = house.sign_in(OFFICER)
    console = house.console()
    assert may(resolve(house, signed.token), "record.forward")
    with house.begin(console) as session:
        for post in list_posts(console, session, officer):
            if post.function == "group_leader":
                revoke_post(console, session, post.id)
        set_clearance(console, session, user_id=officer, level=2, expires_on=today())
    actor = resolve(house, signed.token)
    assert not may(actor, "record.forward")
    assert actor.clearance == 2
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
        assert resolve(house, house.sign_in(OFFICER).token).clearance == 0
    with time_machine.travel(clock.now() + timedelta(days=366), tick=False):
        assert resolve(house, house.sign_in(OFFICER).token).posts == ()
    with house.begin(console) as session:
        deactivate_user(console, session, officer)
    assert resolve(house, signed.token) is None
    assert isinstance(house.sign_in(OFFICER), SignInRefused)


def test_place_caps_the_session_and_may_be_forbidden(house, officer):
    del officer
    remote = house.sign_in(OFFICER, place=Place.REMOTE)
    assert remote.actor.place is Place.REMOTE
    assert remote.actor.ceiling == 0
    house.person("binh.tran", password=PASSWORD, place_rule=PlaceRule.ONSITE_ONLY)
    refused = house.sign_in("binh.tran", place=Place.REMOTE)
    assert str(refused.message) == "This account signs in on site only."
    assert isinstance(house.sign_in("binh.tran", place=Place.DUTY_ROOM), SignedIn)


def test_a_new_password_ends_every_session(house, officer):
    del officer
    signed = house.sign_in(OFFICER)
    with house.begin(signed.actor) as session:
        set_password(signed.actor, session, current=PASSWORD, new="năm con ngựa đen")
    assert resolve(house, signed.token) is None
    assert isinstance(house.sign_in(OFFICER), SignInRefused)
    assert isinstance(house.sign_in(OFFICER, "năm con ngựa đen"), SignedIn)
    with house.begin(signed.actor) as session, pytest.raises(RuleRefused):
        set_password(signed.actor, session, current=PASSWORD, new="sáu con ngựa vàng")


def test_a_person_chooses_the_password_with_a_setup_code(house):
    user_id, console = house.person("binh.tran"), house.console()
    assert isinstance(house.sign_in("binh.tran"), SignInRefused)
    with house.begin(console) as session:
        code = issue_setup_code(console, session, user_id)

    def redeem(code: str, name: str = "binh.tran") -> SignInRefused | None:
        with house.begin() as session:
            return redeem_setup_code(session, username=name, code=code, new_password=PASSWORD, address="a")

    assert redeem("wrong-code") is not None
    assert redeem(code, "nobody.here").message == redeem("wrong-code").message
    with time_machine.travel(clock.now() + timedelta(hours=73), tick=False):
        assert redeem(code) is not None
    assert redeem(code) is None
    assert redeem(code) is not None
    assert isinstance(house.sign_in("binh.tran"), SignedIn)


def test_personas_are_opened_under_a_demo_key_only(house, officer, own_vault):
    with house.begin() as session:
        signed = open_session_for_persona(session, username=OFFICER)
    assert (signed.actor.user_id, signed.actor.ceiling) == (officer, 3)
    with House(house.app, house.superuser, own_vault).begin() as session, pytest.raises(NotPermitted):
        open_session_for_persona(session, username=OFFICER)


def test_credentials_are_seen_one_person_at_a_time(house, officer):
    other = house.person("binh.tran", password=PASSWORD)
    listing = text("SELECT user_id FROM credentials")
    with house.app.connect() as connection:
        assert connection.scalars(listing).all() == []
    with house.begin() as session:
        assert open_credentials(session, officer).user_id == officer
        assert session.scalars(listing, execution_options={"unscoped": "tried"}).all() == [officer]
        assert open_credentials(session, other).user_id == other
        assert session.scalars(listing, execution_options={"unscoped": "tried"}).all() == [other]


def test_an_unknown_or_forged_token_is_nobody(house, officer):
    del officer
    for token in ("", "x", house.sign_in(OFFICER).token + "x"):
        assert resolve(house, token) is None
