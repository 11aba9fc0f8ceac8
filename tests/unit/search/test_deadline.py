from __future__ import annotations

import time
from contextlib import suppress

from intelhub.search.deadline import Deadline
from intelhub.search.kept_open import KeptOpen


def test_opening_puts_a_deadline_off_as_far_as_is_lent():
    deadline = Deadline(100.0, lends=0.05)
    for _ in range(2):
        with deadline.opening():
            time.sleep(0.04)
    assert 100.04 < deadline.at <= 100.05 + 1e-9


def test_what_is_lent_to_a_question_is_lent_to_the_request_and_never_more_than_that():
    request = Deadline(time.monotonic() + 100.0, lends=0.05)
    questions = [Deadline.in_seconds(1.0, within=request), Deadline.in_seconds(1000.0, within=request)]
    begun = [one.at for one in (request, *questions)]
    assert begun[1] < begun[0] == begun[2]
    for one in questions:
        with suppress(ValueError), one.opening():
            time.sleep(0.04)
            raise ValueError
    put_off = [one.at - at for one, at in zip((request, *questions), begun, strict=True)]
    assert abs(put_off[0] - 0.05) < 0.001
    assert abs(put_off[1] + put_off[2] - put_off[0]) < 0.001
    assert put_off[1] > 0.04 > put_off[2] > 0


def test_nothing_is_lent_without_a_loan_or_to_open_again_what_was_let_go():
    kept = KeptOpen(1)
    kept.has_let_go = True
    for deadline, of in ((Deadline(100.0, lends=0.0), None), (Deadline(100.0), kept)):
        with deadline.opening(of):
            time.sleep(0.01)
        assert deadline.at == 100.0
