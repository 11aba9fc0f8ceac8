"""What the benchmark of search computes: documents any process can make again, questions as the product asks them."""

from collections import Counter

import pytest

from benchmarks.search.asking import Reader, open_layers, tree_of
from benchmarks.search.documents import document, house
from benchmarks.search.measures import median, p95
from benchmarks.search.questions import FIELD, KINDS, ONE, PHRASE, Question, questions
from benchmarks.search.variants import CLEAR, ONE_KEY, PLAIN, WALLS
from intelhub.search.analysis import folded_words


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


class TestAsking:
    def test_headquarters_asks_a_word_by_one_token_a_wall_and_nothing_else(self):
        layers = WALLS.layers()
        query = Reader(open_layers(layers)).candidates(tree_of(Question(kind=ONE, words=("hang",))))
        assert query == {"bool": {"filter": [{"terms": {"f": sorted(layer.folded("hang") for layer in layers)}}]}}

    def test_in_clear_it_asks_the_word_itself(self):
        query = Reader(open_layers(CLEAR.layers())).candidates(tree_of(Question(kind=ONE, words=("hang",))))
        assert query == {"bool": {"filter": [{"terms": {"f": ["hang"]}}]}}

    def test_values_wanted_beside_it_are_asked_as_a_filter(self):
        tree = tree_of(Question(kind=ONE, words=("hang",)))
        layers = open_layers(CLEAR.layers())
        asked = Reader(layers, ("unit:d01",)).candidates(tree)
        without = Reader(layers).candidates(tree)
        assert asked == {"bool": {"filter": [without, {"terms": {"k": ["unit:d01"]}}]}}


class TestMeasures:
    def test_percentiles_are_milliseconds(self):
        seconds = [number / 1000 for number in range(1, 101)]
        assert median(seconds) == pytest.approx(50.5)
        assert 95 <= p95(seconds) <= 96
