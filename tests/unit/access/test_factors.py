"""Passwords, codes and names as mechanisms."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelhub.access import factors
from intelhub.access.names import fold_username, is_username, sort_key
from intelhub.platform.errors import RuleRefused

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(seconds, code):
    moment = datetime.fromtimestamp(seconds, UTC)
    assert factors.matching_step(SECRET, code, moment) == seconds // 30
    assert factors.matching_step(SECRET, f" {code[:3]} {code[3:]} ", moment) == seconds // 30


def test_one_step_to_either_side_and_no_further():
    moment = datetime.fromtimestamp(1111111109, UTC)
    later = [datetime.fromtimestamp(1111111109 + 30 * n, UTC) for n in (-2, -1, 1, 2)]
    found = [factors.matching_step(SECRET, "081804", one) for one in later]
    step = factors.matching_step(SECRET, "081804", moment)
    assert found == [None, step, step, None]


@given(st.text(max_size=12))
def test_nothing_typed_breaks_the_comparison(typed):
    moment = datetime.fromtimestamp(59, UTC)
    assert factors.matching_step(SECRET, typed, moment) in {None, 0, 1, 2}


def test_an_unknown_person_costs_the_same_work():
    stored = factors.hash_password("bốn con ngựa trắng")

    def fastest(stored_hash: str | None) -> float:
        times = []
        for _ in range(5):
            start = time.process_time()
            assert not factors.is_password(stored_hash, "something else")
            times.append(time.process_time() - start)
        return min(times)

    assert 0.5 < fastest(None) / fastest(stored) < 2


def test_a_password_is_what_was_typed_and_not_how_the_keyboard_composed_it():
    stored = factors.hash_password("ngựa")
    assert factors.is_password(stored, "ngu\u031b\u0323a")
    assert not factors.is_password(stored, "ngua")
    assert not factors.is_password(stored, "ngựa" + "\0" * 300)
    assert not factors.is_password("not a hash", "ngựa")


@pytest.mark.parametrize(
    "password",
    ["short", "password1234", "matkhau@12345", "123456789012", "987654321098", "aaaaaaaaaaaaaa", "abababababab",
     "abcdefghijkl", "2026202620262026", "xx-an.nguyen-xx", "m" * 300],
)  # fmt: skip
def test_weak_passwords_are_refused_with_a_sentence(password):
    with pytest.raises(RuleRefused) as refused:
        factors.check_new_password(password, "an.nguyen")
    assert "password" in refused.value.fields


@pytest.mark.parametrize("password", ["bốn con ngựa trắng", "correct horse battery", "R7!kd-2Lq_zz9"])
def test_good_passwords_pass(password):
    factors.check_new_password(password, "an.nguyen")


def test_codes_and_tokens_are_random_and_long():
    codes = {factors.new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    token, digest = factors.new_token()
    assert len(token) >= 43
    assert factors.token_digest(token) == digest


def test_a_code_is_read_however_it_is_spelled_and_only_for_its_purpose():
    key = bytes(32)
    assert factors.code_digest(key, b"recovery", "ab3d-Efgh 234") == factors.code_digest(
        key, b"recovery", "AB3DEFGH234"
    )
    assert factors.code_digest(key, b"recovery", "abcd") != factors.code_digest(key, b"setup", "abcd")


def test_vietnamese_order_is_by_given_name_letter_then_tone():
    ordered = ["Lê Văn An", "Lê Vân An", "Trần Án", "Lê Văn Ân", "Bùi Bình", "Phạm Dũng", "Trần Đức", "Vũ Ý"]
    shuffled = [ordered[place] for place in (5, 2, 7, 0, 6, 1, 4, 3)]
    assert sorted(shuffled, key=lambda name: sort_key(name).encode()) == ordered


@given(st.text(max_size=30))
def test_folding_a_username_settles(typed):
    folded = fold_username(typed)
    if is_username(folded):
        assert fold_username(folded) == folded
        assert folded == folded.lower()
