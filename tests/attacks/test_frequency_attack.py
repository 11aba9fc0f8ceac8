"""Whoever holds the search index, and has read documents like those in it, counts: what they recover, and what not.

`python -m tests.attacks.frequency` prints every setting; `docs/search-security.md` shows and explains it. The figures
here keep some distance from those, and are far enough apart to say something.
"""

from __future__ import annotations

import pytest

from intelhub.search.elastic.flattening import STEP
from tests.attacks.frequency.attacker import TOP, Postings
from tests.attacks.frequency.corpora import invented, written
from tests.attacks.frequency.lists import Lists
from tests.attacks.frequency.settings import Scene

TEXTS = 1_000


@pytest.fixture(scope="module")
def read_by_half():
    """Reports of the demo: one half in the index, one half in the attacker's hands."""
    return Scene.similar(invented(TEXTS))


@pytest.fixture(scope="module")
def read_whole():
    """The attacker has the very documents, and only wants to know which token is which word."""
    return Scene.known(written())


@pytest.fixture(scope="module")
def lists():
    """Values of short lists, of which each record has one."""
    return Lists.similar(TEXTS)


def test_values_of_short_lists_are_guessed_where_a_wall_is_large_and_not_flat(lists):
    """So the promise leaves them out; what flattening and a wall of its own take away holds only for a beginner."""
    ranked = lists.recovered(lists.ranked())
    assert ranked > len(lists.wanted) // 4, "the attack works where nothing is flattened"
    assert lists.recovered(lists.flat()) < ranked // 2
    assert lists.recovered(lists.wall()) < ranked // 2


def test_flat_takes_away_what_frequencies_alone_tell(read_by_half):
    exact = read_by_half.recovered(read_by_half.with_exact_words())
    flat = read_by_half.recovered(read_by_half.flat())
    assert exact > TOP // 3, "the attack works where nothing is flattened"
    assert flat < TOP // 8


def test_positions_give_words_away_that_documents_alone_keep(read_by_half):
    """Why there are none: whoever knows five words reads most of the others by what stands beside them."""
    beside = read_by_half.recovered(read_by_half.with_positions(), known=5)
    assert beside > TOP // 2
    assert read_by_half.recovered(read_by_half.without_frequencies(), known=5) < beside // 3


def test_rank_says_next_to_nothing_in_a_flat_index_even_of_documents_one_has(read_whole):
    assert read_whole.recovered_by_rank(read_whole.without_frequencies()) > TOP // 6
    assert read_whole.recovered_by_rank(read_whole.flat()) < TOP // 20


def test_flat_is_no_help_against_one_who_has_the_documents_and_five_words(read_whole):
    """So the promise leaves it out; should this ever fail, the promise may say more."""
    assert read_whole.recovered(read_whole.flat(), known=5) > TOP // 2


def test_a_wall_of_its_own_leaves_less_to_count(read_by_half):
    assert read_by_half.recovered(read_by_half.walls()) < read_by_half.recovered(read_by_half.with_exact_words()) // 4


def test_exact_words_beside_folded_ones_say_which_are_one_syllable(read_whole):
    """Where a word stands, its base stands: tokens of both give the diacritics away with the syllable."""
    linked, of = read_whole.linked_variants()
    assert of > TOP // 2
    assert linked > 0.85 * of


def test_a_flat_index_has_no_frequency_but_powers_of_two_and_no_length_but_steps(read_whole):
    """Natural language through the same sieve as the made-up cases of the unit tests."""
    sent = [one.words for one in read_whole.flattened.values()]
    assert {bits.bit_count() for bits in Postings.over(sent).of.values()} <= {1 << power for power in range(12)}
    assert {len(words) % STEP for words in sent} == {0}
