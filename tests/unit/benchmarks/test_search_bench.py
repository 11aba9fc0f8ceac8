"""What the benchmark of search computes: documents that any process can make again, overlap that forgives ties."""

from collections import Counter

import pytest

from benchmarks.search.asking import Reader, by_word, idf
from benchmarks.search.documents import document, house
from benchmarks.search.measures import Hit, is_identical, median, overlap, p95
from benchmarks.search.questions import FIELD, KINDS, PHRASE, Question, questions
from benchmarks.search.variants import CLEAR, ONE_KEY, PLAIN, WALLS
from intelhub.search.analysis import folded_words


def hits(**scores):
    return [Hit(name, score) for name, score in scores.items()]


class TestDocuments:
    def test_a_number_gives_the_same_document_whatever_was_made_before(self):
        alone = document(4_711)
        for number in range(20):
            document(number)
        assert document(4_711) == alone

    def test_another_seed_gives_another_document(self):
        assert document(1, seed=5) != document(1)

    def test_every_department_has_some_and_the_largest_has_several_times_the_smallest(self):
        counts = Counter(document(number).partition.department_id for number in range(1_500))
        assert set(counts) == {department.id for department in house().departments}
        assert max(counts.values()) > 4 * min(counts.values())

    def test_texts_are_as_long_as_real_ones_and_common_words_common(self):
        texts = [folded_words(document(number).texts[0]) for number in range(200)]
        lengths = sorted(map(len, texts))
        assert lengths[0] >= 55
        assert lengths[-1] <= 190
        (_, most), *others = Counter(word for text in texts for word in set(text)).most_common()
        assert most > 140
        assert sum(count == 1 for _, count in others) > len(others) / 4


class TestQuestions:
    def test_they_are_always_the_same_and_of_every_kind(self):
        asked = questions(50)
        assert asked == questions(50)
        assert Counter(one.kind for one in asked) == KINDS
        assert len(set(asked)) == sum(KINDS.values())

    def test_a_phrase_stands_in_some_document(self):
        texts = [f" {' '.join(folded_words(document(number).texts[0]))} " for number in range(30)]
        phrases = [one for one in questions(30) if one.kind == PHRASE]
        assert all(any(f" {' '.join(one.words)} " in text for text in texts) for one in phrases)

    def test_a_field_has_a_value(self):
        assert all(one.field and len(one.words) == 1 for one in questions(30) if one.kind == FIELD)


class TestFields:
    def test_the_clear_fields_have_the_shape_of_the_tokens(self):
        one = document(3)
        clear, keyed = CLEAR.fields(one), ONE_KEY.fields(one)
        assert set(clear) == set(keyed)
        for name in clear:
            if name != "p":
                sizes = [len(fields[name].split() if name != "k" else fields[name]) for fields in (clear, keyed)]
                assert sizes[0] == sizes[1]

    def test_departments_share_no_token(self):
        first = document(0)
        other = next(
            one for one in map(document, range(1, 99)) if one.partition.department_id != first.partition.department_id
        )
        mine, theirs = (set(WALLS.fields(one)["f"].split()) for one in (first, other))
        assert mine
        assert not mine & theirs

    def test_one_key_gives_the_same_word_the_same_token_everywhere(self):
        (layer,) = ONE_KEY.layers()
        one = document(0)
        assert layer.folded(folded_words(one.title)[0]) in ONE_KEY.fields(one)["f"].split()

    def test_plain_fields_keep_the_order_of_reading(self):
        one = document(0)
        assert " ".join(folded_words(one.texts[0])) in PLAIN.fields(one)["f"]


class TestBoosts:
    def test_boosted_tokens_weigh_what_the_word_weighs_over_all_walls(self):
        layers = WALLS.layers()[:2]
        counts = {layers[0].folded("hang"): 3, layers[1].folded("hang"): 40}
        reader = Reader(layers=layers, readable=100, indexed=900, counts=counts)
        weights = [boost * idf(900, counts[token]) for token, boost in reader.weighed("hang")]
        assert weights == [pytest.approx(idf(100, 43))] * 2

    def test_a_word_behind_no_wall_finds_nothing(self):
        reader = Reader(layers=WALLS.layers(), readable=1, indexed=1, counts={})
        query = by_word(reader, Question(kind=PHRASE, words=("hang",)))
        assert query["bool"]["must"] == [{"match_none": {}}]


class TestMeasures:
    def test_the_same_hits_in_another_order_overlap_wholly(self):
        assert overlap(hits(a=3.0, b=2.0), ["b", "a"], {"a": 3.0, "b": 2.0}) == 1.0

    def test_a_tie_with_the_last_hit_counts(self):
        assert overlap(hits(a=3.0, b=2.0), ["a", "c"], {"a": 3.0, "c": 2.0}) == 1.0

    def test_what_scores_less_or_is_no_answer_does_not_count(self):
        assert overlap(hits(a=3.0, b=2.0), ["a", "c"], {"a": 3.0, "c": 1.9}) == 0.5
        assert overlap(hits(a=3.0, b=2.0), ["a", "c"], {"a": 3.0}) == 0.5

    def test_a_hit_found_twice_counts_once(self):
        assert overlap(hits(a=3.0, b=2.0), ["a", "a"], {"a": 3.0}) == 0.5

    def test_an_answer_without_hits_says_nothing(self):
        assert overlap([], ["a"], {}) is None

    def test_identical_means_every_bit_of_every_score(self):
        assert is_identical(hits(a=3.0, b=2.0), hits(a=3.0, b=2.0))
        assert not is_identical(hits(a=3.0, b=2.0), hits(a=3.0, b=2.0000001))
        assert not is_identical(hits(a=3.0, b=2.0), hits(c=3.0, b=2.0))
        assert not is_identical(hits(a=3.0), [])

    def test_documents_tied_at_the_end_of_a_page_may_be_others(self):
        assert is_identical(hits(a=3.0, b=2.0), hits(a=3.0, c=2.0))

    def test_percentiles_are_milliseconds(self):
        seconds = [number / 1000 for number in range(1, 101)]
        assert median(seconds) == pytest.approx(50.5)
        assert 95 <= p95(seconds) <= 96
