"""What the query language understands, and that nothing typed breaks it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelhub.search import nearness
from intelhub.search import query as q
from intelhub.search.analysis import stop_words, words
from intelhub.search.document import Partition, SearchDocument
from intelhub.search.fields import FIELDS
from intelhub.search.fullness import counted
from intelhub.search.matching import Checked, needs_check, to_match
from intelhub.search.query import (
    And,
    Facet,
    Identifier,
    Not,
    Or,
    Phrase,
    Prefix,
    Term,
    parse_query,
    positive_leaves,
)
from intelhub.search.segment import Plan, Segment

PARTITION = Partition(level=1, department_id=UUID(int=7), year=2026)


class Everybody:
    def sql(self):
        return "1", ()


def term(typed):
    return Term(words(typed)[0])


def document(number, text, **fields):
    return SearchDocument(
        record_id=UUID(int=number),
        row_version=1,
        partition=PARTITION,
        unit_id=UUID(int=1),
        author_id=UUID(int=2),
        exposure=1,
        state="SUBMITTED",
        occurred_at=datetime(2026, 1, 1, 0, number, tzinfo=UTC),
        texts=(text,),
        **fields,
    )


def test_words_stand_side_by_side_for_and():
    assert parse_query("buôn lậu").tree == And((term("buôn"), term("lậu")))
    assert parse_query("buôn AND lậu").tree == parse_query("buôn VÀ lậu").tree == parse_query("buôn lậu").tree


def test_operators_bind_not_before_and_before_or():
    assert parse_query("a b OR NOT c").tree == Or((And((term("a"), term("b"))), Not(term("c"))))
    assert parse_query("a (b HOẶC c)").tree == And((term("a"), Or((term("b"), term("c")))))
    assert parse_query("a KHÔNG b").tree == And((term("a"), Not(term("b"))))
    assert parse_query("NOT NOT a").tree == term("a")


def test_small_letters_are_words():
    assert parse_query("không và or").tree == And((term("không"), term("và"), term("or")))


def test_a_query_all_in_capitals_keeps_vietnamese_words():
    query = parse_query("HÀNG KHÔNG RÕ NGUỒN GỐC")
    assert term("không") in query.tree.children
    assert query.notices == (q.CAPITALS,)
    assert isinstance(parse_query("MSKU1234565 HOẶC 29C12345").tree, Or)
    assert isinstance(parse_query("THUOC NOT LA").tree.children[1], Not)


def test_phrases_are_exact_only_when_typed_with_diacritics():
    assert parse_query('"buon lau"').tree == Phrase(tuple(words("buon lau")), is_exact=False)
    assert parse_query("“buôn lậu”").tree == Phrase(tuple(words("buôn lậu")), is_exact=True)


def test_prefixes_fields_and_times():
    assert parse_query("contai*").tree == Prefix("contai")
    assert parse_query("topic:buon_lau").tree == Facet("topic", "buonlau")
    assert parse_query('chủđề:"buôn lậu"').tree == Facet("topic", "buonlau")
    assert parse_query("level:Mật").tree == Facet("level", "1")
    query = parse_query("xe from:2025-01 to:31/03/2025")
    assert query.tree == term("xe")
    assert query.not_before == datetime(2024, 12, 31, 17, tzinfo=UTC)
    assert query.not_after == datetime(2025, 3, 31, 16, 59, 59, 999999, tzinfo=UTC)
    assert not query.notices


def test_what_cannot_be_read_is_searched_as_words_and_says_so():
    for typed in ("(buôn lậu", "buôn lậu)", "buôn lậu OR", "AND buôn lậu", "(" * 40 + "buôn lậu" + ")" * 40):
        query = parse_query(typed)
        assert set(query.tree.children) == {term("buôn"), term("lậu")}
        assert query.notices == (q.UNREADABLE,)
    assert parse_query("AND").tree == And((term("AND"),))
    assert parse_query('"buôn lậu').notices == (q.OPEN_QUOTE,)
    assert parse_query("xe from:hôm-qua").notices == (q.unknown_date("hôm-qua"),)
    assert parse_query("xe from:30/02/2025").notices == (q.unknown_date("30/02/2025"),)
    assert parse_query("(xe OR tàu) from:2025").notices == (q.TIME_IS_GLOBAL,)


def test_an_unknown_field_is_text():
    assert parse_query("http://x.vn").tree == Phrase(tuple(words("http x vn")))
    assert parse_query("topic:").tree == term("topic")


def test_a_word_with_a_slip_is_one_word_or_one_number():
    assert parse_query("lậuu~").tree == parse_query("lậuu～").tree == q.Fuzzy("lauu")
    assert parse_query("MSKU1234566~").tree == q.Fuzzy("msku1234566")
    assert parse_query("29C-123.45~").tree == q.Fuzzy("29c12345")
    assert parse_query("29C-12*").tree == Prefix("29c12")
    assert parse_query("xe~").tree == term("xe")
    assert parse_query("xe~").notices == (q.TOO_SHORT,)
    for typed in ("xe-tải~", '"xe tải"~', "xe * tải", "topic:drugs*"):
        assert parse_query(typed).notices == (q.NOT_BEHIND_A_WORD,), typed


def test_only_so_many_words_may_differ():
    query = parse_query(" OR ".join(f"word{n}~" for n in range(20)))
    leaves = list(q.positive_leaves(query.tree))
    assert [type(leaf) for leaf in leaves] == [q.Fuzzy] * q.MOST_FUZZY + [Term] * (20 - q.MOST_FUZZY)
    assert query.notices == (q.TOO_MANY_FUZZY,)


def test_fields_of_identifiers_take_any_spelling_and_how_one_begins():
    for typed in ("plate:29C-123.45", "Biển-số:29c12345", 'bienso:"29C 123 45"'):
        assert parse_query(typed).tree == Facet("plate", "29c12345"), typed
    assert parse_query("cont:MSKU*").tree == Facet("container", "msku", is_beginning=True)
    assert (
        parse_query("mst:0101234567").tree == parse_query("company:0101234567").tree == Facet("taxcode", "0101234567")
    )
    assert parse_query("container:MSKU1234566~").tree == q.Fuzzy("msku1234566")
    auto = Phrase(tuple(words("auto parts")))
    assert parse_query('company:"auto parts"').tree == q.Named("company", auto)
    assert parse_query("tàu:Hải").tree == q.Named("vessel", Phrase(tuple(words("Hải"))))
    assert parse_query('tàu:"Hải"').tree.phrase.is_exact


def test_a_field_there_is_none_of_names_those_there_are():
    query = parse_query("colour:red xe")
    assert query.tree == And((Phrase(tuple(words("colour red"))), term("xe")))
    assert query.notices == (q.unknown_field("colour"),)
    sentence = str(q.unknown_field("x"))
    assert all(f"{field}" in sentence for field in FIELDS)
    assert parse_query("http://x.vn").notices == ()
    assert parse_query("topic: drugs").notices == (q.NO_VALUE,)


@pytest.mark.parametrize(
    ("typed", "written", "is_meant"),
    [
        ("lau", "lua", True), ("lau", "la", True), ("lau", "luua", False), ("container", "contaimers", True),
        ("container", "cantaimers", False), ("msku1234566", "msku1234565", True), ("msku1234566", "msku1234555", False),
    ],
)  # fmt: skip
def test_how_far_a_slip_reaches(typed, written, is_meant):
    assert nearness.is_near(typed, written) == is_meant
    assert nearness.near(typed, [written]) == [written] * is_meant


def test_bounds():
    assert q.TOO_LONG in parse_query("a" * 5000).notices
    many = parse_query(" OR ".join(f"w{n}" for n in range(200)))
    assert q.TOO_MANY in many.notices
    assert len(list(q.positive_leaves(many.tree))) == q.MOST_TERMS


def test_identifiers_in_any_spelling_become_one_token():
    assert parse_query("29C-123.45").tree == Identifier("29c12345", tuple(words("29C 123 45")))


HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(
            (
                "AND",
                "OR",
                "NOT",
                "NEAR",
                "VÀ",
                "HOẶC",
                "KHÔNG",
                "(",
                ")",
                '"',
                "*",
                "^",
                "-",
                "+",
                "{",
                "}",
                ":",
                "''",
                "title",
                "body:",
                "topic:",
                "from:",
                "to:2025",
                "level:1",
                ";--",
                "\x00",
                "buôn",
                "lậu*",
                "lauu~",
                "~",
                "plate:29C*",
                "company:x",
                "vessel:",
                '"buôn lậu"',
            )
        ),
        st.text(max_size=8),
    ),
    max_size=40,
).map(" ".join)


@settings(max_examples=400)
@given(st.one_of(HOSTILE, st.text(), HOSTILE.map(lambda typed: typed.replace(" ", ""))))
def test_nothing_typed_raises_or_reaches_fts5_as_syntax(typed):
    query = parse_query(typed)
    plan = Plan(tree=query.tree, access=Everybody(), not_before=query.not_before, not_after=query.not_after)
    for segment in SEGMENTS:
        segment.newest(plan, limit=5)
        segment.fullest(plan, counted(positive_leaves(query.tree)), limit=5)
        segment.count(plan, most=5)


BESIDE = (
    {"identifiers": ("29C12345",), "facets": {"plate": ("29C12345",)}},
    {"facets": {"company": ("Xe Tải Mẫu", "Buôn Xe")}},
)
WORDS = st.sampled_from(["buôn", "lậu", "buon", "lau", "lâu", "xe", "tải", "tàu"])
TREES = st.recursive(
    st.one_of(
        WORDS,
        WORDS.map(lambda word: word[:2] + "*"),
        WORDS.map(lambda word: word + "~"),
        WORDS.map("company:{}".format),
        st.sampled_from(["plate:29C*", "plate:29c12345", 'company:"xe tải"', "29c12346~"]),
        st.lists(WORDS, min_size=1, max_size=2).map(lambda phrase: f'"{" ".join(phrase)}"'),
        st.sampled_from(["state:SUBMITTED", "state:DRAFT", "level:1"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
        inner.map(lambda part: f"NOT ({part})"),
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(TREES, st.lists(st.lists(WORDS, max_size=5).map(" ".join), min_size=1, max_size=4))
def test_the_index_finds_what_a_reader_of_every_text_would(typed, texts):
    query = parse_query(typed)
    documents = [document(number, text, **BESIDE[number % 2]) for number, text in enumerate(texts)]
    plan = Plan(tree=query.tree, access=Everybody())
    wanted = [doc.record_id for doc in reversed(documents) if Checked(doc).fits(query.tree)]
    tail = Segment(PARTITION)
    tail.add(documents)
    sealed = Segment(PARTITION, image=Segment.image_of(PARTITION, documents))
    for segment in (tail, sealed):
        assert [hit.record_id for hit in segment.newest(plan, limit=10)] == wanted
        fullest = segment.fullest(plan, counted(positive_leaves(query.tree)), limit=10)
        assert {hit.record_id for _, hit in fullest} == set(wanted)
        assert fullest == sorted(fullest)
    if not needs_check(query.tree):
        assert sealed.count(plan, most=10) == len(wanted)


def test_of_alternatives_the_fullest_come_first_and_of_these_the_newest():
    texts = ["xe xe xe", "buôn lậu xe", "buôn", "lậu buôn", "xe lậu buôn", "gạo"]
    query = parse_query("buôn OR lậu OR xe OR tàu")
    documents = [document(number, text) for number, text in enumerate(texts)]
    tail = Segment(PARTITION)
    tail.add(documents)
    for segment in (tail, Segment(PARTITION, image=Segment.image_of(PARTITION, documents))):
        plan, parts = Plan(tree=query.tree, access=Everybody()), counted(positive_leaves(query.tree))
        found = [(lacking, hit.record_id.int) for lacking, hit in segment.fullest(plan, parts, limit=4)]
        assert found == [(1, 4), (1, 1), (2, 3), (3, 2)]


@pytest.mark.parametrize(
    "typed",
    [
        "(" * 1000,
        '"' * 1000,
        "NOT " * 500,
        "a* " * 500,
        "aaa~" * 250,
        "abc~ " * 200,
        "a-" * 500,
        "from:2025 " * 100,
        "x:" * 500,
        "́" * 1000,
    ],
)
def test_hostile_input_takes_little_work(typed):
    """Of this thread's own time, and of the best of three: what else the machine does is no question here."""

    def spent():
        start = time.thread_time()
        to_match(parse_query(typed).tree, lambda word: [word])
        return time.thread_time() - start

    assert min(spent() for _ in range(3)) < 0.5


def _segments():
    documents = [document(number, text) for number, text in enumerate(["buôn lậu qua biên giới", "xe tải", ""])]
    tail = Segment(PARTITION)
    tail.add(documents)
    return tail, Segment(PARTITION, image=Segment.image_of(PARTITION, documents))


SIGNED = st.lists(st.one_of(HOSTILE, st.text(alphabet='ab29C ~*:"()-.', max_size=20)), max_size=3).map(" ".join)


@settings(max_examples=300)
@given(SIGNED)
def test_every_word_typed_is_searched_or_a_notice_says_why(typed):
    query = parse_query(typed)
    asked = "".join(_letters(query.tree))
    for word in words(typed):
        is_time = query.not_before is not None or query.not_after is not None
        is_left_out = word.folded in OPERATORS or word.folded in stop_words()
        assert word.folded in asked or query.notices or is_time or is_left_out, (typed, query)


OPERATORS = {"and", "or", "not", "va", "hoac", "khong", *(name for names in FIELDS.values() for name in names)}


def _letters(node):
    match node:
        case Not(child):
            yield from _letters(child)
        case And(children) | Or(children):
            for child in children:
                yield from _letters(child)
        case Term(word):
            yield f" {word.folded} "
        case Phrase(words=asked) | q.Named(phrase=Phrase(words=asked)):
            yield from (f" {word.folded} " for word in asked)
        case Identifier(token, asked):
            yield from (f" {token} ", *(f" {word.folded} " for word in asked))
        case Prefix(folded) | q.Fuzzy(folded):
            yield f" {folded} "
        case Facet(_, value):
            yield f" {value} "


SEGMENTS = _segments()
