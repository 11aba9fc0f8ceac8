from __future__ import annotations

import time

from intelhub.search.deadline import Deadline
from intelhub.search.kept_open import KeptOpen


def test_opening_puts_a_deadline_off_as_far_as_is_lent():
    deadline = Deadline(100.0, lends=0.05)
    for _ in range(2):
        with deadline.opening():
            time.sleep(0.04)
    assert 100.04 < deadline.at <= 100.05 + 1e-9


def test_nothing_is_lent_without_a_loan_or_to_open_again_what_was_let_go():
    kept = KeptOpen(1)
    kept.has_let_go = True
    for deadline, of in ((Deadline(100.0), None), (Deadline(100.0, lends=1.0), kept)):
        with deadline.opening(of):
            time.sleep(0.01)
        assert deadline.at == 100.0
