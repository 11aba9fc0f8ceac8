"""Whoever holds the search server, or its disk, or its answers: what they see, and what they can make us show."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from elasticsearch import ApiError
from sqlalchemy import text as sql
from sqlalchemy.exc import ProgrammingError

from intelhub.search import Order, gathering, merge_partition, reindex_partition
from intelhub.search.elastic import (
    Profiles,
    SearchServer,
    check_wall,
    connect,
    levels_due,
    list_walls,
    rebuild_wall,
    shelve_partition,
    stretches,
    walls_of_level,
)
from intelhub.search.elastic.engine import SERVER_AWAY
from intelhub.search.elastic.server import AskedTooMuch, Proposed, index_definition
from intelhub.search.elastic.shelving import shipped_profiles
from intelhub.search.elastic.tokens import Wall, fields_of, index_name
from intelhub.search.sealed import MORE_MAY_ANSWER, TOO_LONG, with_spotted_identifiers
from tests.factories.search_world import (
    DEPOT,
    GATE,
    PARTITION,
    RIVER,
    RIVERSIDE,
    Context,
    Reader,
    World,
    by_hand,
    changed,
    document,
    flip_a_bit,
    head_of,
    minutes,
)

WALK = Path(__file__).with_name("lucene") / "Walk.java"
TOKEN = re.compile(rb"[a-z2-7]{16}")
TEXT = "Khối hàng phụ tùng Quảng Đông lậu, xe 29C-123.45, container CSQU3054383, ngày 14/03/2026"
# What Elasticsearch adds of itself: counters, marks of deletion, and until a merge what it was sent.
COUNTERS = {"_version", "_seq_no", "_primary_term", "__soft_deletes", "__root_doc_for_nested"}
FIELDS = {"p", "f", "k", "_id", "_recovery_source", "_field_names"} | COUNTERS


@pytest.fixture
def world(database, search_server):
    return World(database.app_url, database.worker_url, database.superuser_url, server=search_server)


def shelved(world, *documents):
    """Documents behind tokens; each partition moved."""
    world.process().write(*documents)
    for partition in {one.partition for one in documents}:
        assert world.merge(partition)
    return documents


def of_two_walls(world):
    near = [document(TEXT, author_id=uuid4(), exposure=2), document("Khối hàng khác", exposure=1)]
    far = [replace(document(TEXT, unit_id=DEPOT), partition=RIVERSIDE)]
    return shelved(world, *near, *far)


def folder_of(world, index, *, is_flushed=True):
    server = world.server
    if is_flushed:  # what waits in the translog goes into Lucene, and out of there
        server.admin.indices.flush(index=index, force=True)
    (settings,) = server.admin.indices.get_settings(index=index).values()
    return server.data / "indices" / settings["settings"]["index"]["uuid"] / "0"


def walked(world, index):
    """Every field, term, stored field and value that Lucene keeps."""
    jars = f"{world.server.home}/lib/*"
    program = ["java", "-cp", jars, str(WALK), str(folder_of(world, index) / "index")]
    told = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stderr
    found = {}
    for line in told.stdout.splitlines():
        kind, field, value = line.split("\t", 2)
        found.setdefault((kind, field), []).append(value)
    return found


def shapes(word):
    for raw in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield raw
        yield raw.hex().encode()
        yield base64.b64encode(raw)[:-4]


def test_lucene_keeps_tokens_of_one_wall_each_and_nothing_else(world):
    documents = of_two_walls(world)
    index = index_name(world.vault, PARTITION.level)
    found = walked(world, index)
    fields = {field for kind, field in found if kind == "field"}
    assert {"p", "f", "k", "_id"} <= fields <= FIELDS
    assert all(not shape.strip() for shape in found[("shape", "f")]), "neither positions nor how often a word stands"
    assert ("value", "f") not in found, "no doc value keeps their order"
    expected = {field: set() for field in "pfk"}
    layers = {}
    for one in documents:
        tokens = fields_of(head_of(world, one.partition).tokens(world.vault), with_spotted_identifiers(one))
        for field, value in tokens.items():
            terms = set(value.split() if isinstance(value, str) else value)
            expected[field] |= terms
            layers.setdefault((one.partition, one.exposure), set()).update(terms)
    assert len(layers) > len({PARTITION, RIVERSIDE})
    for one, other in combinations(layers.values(), 2):
        assert not one & other, "no statistic crosses a wall, nor how far records have come up"
    for field, tokens in expected.items():
        terms = {base64.b64decode(term) for term in found[("term", field)]}
        assert terms == {token.encode() for token in tokens}
        assert all(map(TOKEN.fullmatch, terms))
    assert {field for kind, field in found if kind == "number"} <= COUNTERS | {"_recovery_source"}
    assert {field for kind, field in found if kind == "stored"} <= {"_id", "_recovery_source"}
    for kept in found.get(("stored", "_recovery_source"), []):
        source = json.loads(base64.b64decode(kept))
        assert source["f"].split() == sorted(source["f"].split()), "the order of reading is gone"


def test_after_the_night_not_even_what_it_was_sent_is_kept(world):
    first, *_ = of_two_walls(world)
    index = index_name(world.vault, PARTITION.level)
    assert ("stored", "_recovery_source") in walked(world, index)
    world.server.indexing.forget_what_was_sent(index)
    assert {field for kind, field in walked(world, index) if kind == "stored"} == {"_id"}
    assert first.record_id in world.process().ids("phụ tùng")


@pytest.mark.parametrize("is_flushed", [False, True])
def test_no_word_number_date_name_or_id_lies_in_its_files(world, is_flushed):
    documents = of_two_walls(world)
    folder = folder_of(world, index_name(world.vault, PARTITION.level), is_flushed=is_flushed)
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    # The translog is not compressed: what Lucene is walked for, a plain search finds there.
    log = b"".join(path.read_bytes() for path in folder.glob("translog/*.tlog"))
    wall = fields_of(head_of(world).tokens(world.vault), documents[0])["p"].encode()
    assert (wall in log) == (not is_flushed)
    written = re.findall(rb'"f":"([^"]*)"', log)
    assert bool(written) == (not is_flushed)
    for words in written:
        assert words.split() == sorted(words.split()), "the order of reading is gone"
        assert all(map(TOKEN.fullmatch, words.split()))
    secrets = ["phụ", "tùng", "phu", "tung", "Quảng", "quang", "29C", "12345", "CSQU3054383", "csqu3054383", "2026-03"]
    for one in documents:
        for known in (one.record_id, one.author_id, one.unit_id, one.partition.department_id):
            secrets += [str(known), known.hex]
            assert known.bytes not in kept
    # Three letters of base32 may stand in a token by chance.
    long_enough = [word for word in secrets if len(word) > 3]
    assert [word for word in long_enough for shape in shapes(word) if shape in kept] == []


def test_the_mapping_is_the_reviewed_one_and_takes_no_other_field(world):
    of_two_walls(world)
    index = index_name(world.vault, PARTITION.level)
    (known,) = world.server.admin.indices.get_mapping(index=index).values()
    assert known["mappings"]["dynamic"] == "strict"
    assert known["mappings"]["_source"] == {"enabled": False}
    assert set(known["mappings"]["properties"]) == set(index_definition()["mappings"]["properties"])
    with pytest.raises(ApiError) as refused:
        world.server.admin.index(index=index, document={"p": "a", "date": "2026-01-01"})
    assert refused.value.status_code == 400


class Lying:
    """A server that names every document it ever heard of, and some it did not, whatever it is asked."""

    def __init__(self, world):
        rows = by_hand(world, "SELECT level, department_id, record_id FROM search_documents").all()
        walls = {replace(PARTITION, level=level, department_id=one) for level, one, _ in rows}
        makers = [head_of(world, wall).tokens(world.vault) for wall in walls]
        self.named = [
            Proposed(maker.document_id(record), layer.partition)
            for _, _, record in rows
            for maker in makers
            for told in makers
            for layer in told.layers
        ]
        partition = makers[0].layers[2].partition
        made_up = [Proposed(one, partition) for one in (uuid4(), UUID(int=0))]
        self.named += [*made_up, Proposed(uuid4(), "no wall")]

    def find(self, index, query, *, limit, seconds):
        del index, query, limit, seconds
        return self.named

    def count(self, index, queries, *, most, seconds):
        del index, seconds
        return [most for _ in queries]


def test_what_a_lying_server_names_is_ranked_for_nobody_who_may_not_read_it(world):
    own = document("buôn lậu xăng", unit_id=GATE, exposure=2)
    silent = document("chuyện khác", unit_id=GATE, exposure=2)
    shelved(world, own, silent, *(document("buôn lậu dầu", unit_id=DEPOT, exposure=2) for _ in range(5)))
    process = world.process()
    process.index._server = Lying(world)
    reader = Reader(unit=GATE, exposure=2)
    ranking = process.answer("lậu", reader=reader, order=Order.RELEVANCE).ranking
    assert set(ranking) == {own.record_id}
    assert process.ids("lậu", reader=reader, scope=Context(ceiling=0), among=ranking) == []


@pytest.mark.parametrize("order", list(Order))
def test_a_lying_server_shows_nobody_what_is_not_theirs_nor_what_does_not_answer(world, order):
    own = document("buôn lậu xăng", unit_id=GATE, exposure=2)
    foreign = document("buôn lậu dầu", unit_id=DEPOT, exposure=2)
    narrow = document("buôn lậu gạo", unit_id=GATE, exposure=1)
    silent = document("chuyện khác", unit_id=GATE, exposure=2)
    hidden = replace(document("buôn lậu vàng", unit_id=GATE, exposure=2), partition=RIVERSIDE)
    shelved(world, own, foreign, narrow, silent, hidden)
    process = world.process()
    process.index._server = Lying(world)
    reader = Reader(unit=GATE, exposure=2, departments=frozenset({PARTITION.department_id}))
    assert process.ids("lậu", reader=reader, order=order) == [own.record_id]
    assert process.ids("lậu", reader=reader, scope=Context(ceiling=0), order=order) == []


def test_a_server_that_names_nothing_hides_what_it_holds_and_no_more(world):
    shelved(world, document("buôn lậu xăng"))
    process = world.process()
    process.index._server = Lying(world)
    process.index._server.named = []
    fresh = document("buôn lậu dầu", occurred_at=minutes(1))
    process.write(fresh)
    assert process.ids("lậu") == [fresh.record_id]


@pytest.mark.parametrize(
    "touch",
    [
        lambda world: flip_a_bit(world, "search_documents"),
        lambda world: by_hand(world, "UPDATE search_documents SET row_version = row_version + 1"),
        lambda world: by_hand(world, "UPDATE search_documents SET record_id = gen_random_uuid()"),
        lambda world: by_hand(world, "UPDATE search_documents SET year = year - 1"),
        lambda world: by_hand(
            world, "UPDATE search_documents a SET sealed = b.sealed FROM search_documents b WHERE a.id <> b.id"
        ),
    ],
)
def test_a_document_that_was_touched_is_left_out_and_said(world, touch):
    shelved(world, document("buôn lậu xăng"), document("buôn lậu dầu"))
    elsewhere = replace(document("buôn lậu vải"), partition=RIVERSIDE)
    world.process().write(elsewhere)
    touch(world)
    answer = world.process().answer("lậu")
    assert [hit.record_id for hit in answer.hits] == [elsewhere.record_id]


def test_a_wall_that_was_touched_takes_no_other_away(world):
    near = document("buôn lậu xăng")
    far = replace(document("buôn lậu dầu"), partition=RIVERSIDE)
    shelved(world, near, far)
    for order in Order:
        assert len(world.process().ids("lậu", order=order)) == 2
    flip_a_bit(world, "search_dictionaries", f"department_id = '{RIVER}'")
    for order in Order:
        answer = world.process().answer("lậu", order=order)
        assert [hit.record_id for hit in answer.hits] == [near.record_id]
        assert answer.damaged == (RIVERSIDE,)


def test_a_document_of_a_year_that_cannot_be_is_damage_and_stops_neither_searches_nor_rebuilds(world):
    one, other = document("buôn lậu xăng"), document("buôn lậu dầu")
    shelved(world, one, other)
    by_hand(world, "ALTER TABLE search_documents DROP CONSTRAINT ck__search_documents__year")
    by_hand(world, "UPDATE search_documents SET year = -1 WHERE record_id = :one", one=one.record_id)
    process = world.process()
    for order in Order:
        assert process.ids("lậu", order=order) == [other.record_id]
    with world.worker() as session:
        assert check_wall(session, world.server.indexing, Wall.of(PARTITION)).damaged == 1
    with world.worker() as session:
        rules = Profiles(minimum=1, levels={"1": "flat"})
        assert levels_due(session, profiles=rules) == [1]
        (wall,) = walls_of_level(session, 1, profiles=rules)
        rebuild_wall(session, world.server.indexing, wall, 2, profiles=rules)
    assert process.ids("lậu") == [other.record_id]


def test_a_relabelled_document_is_read_by_nobody_more(world):
    secret = replace(document("buôn lậu xăng"), partition=replace(PARTITION, level=3))
    shelved(world, secret)
    by_hand(world, "UPDATE search_documents SET level = 0")
    by_hand(world, "UPDATE search_dictionaries SET level = 0")
    world.process().write(replace(document("nền"), partition=replace(PARTITION, level=0)))
    low = world.process()
    assert low.ids("lậu", reader=Reader(ceiling=0), scope=Context(ceiling=0)) == []


@pytest.mark.parametrize("table", ["search_documents", "search_dictionaries"])
def test_the_application_sees_whole_partitions_within_its_ceiling_and_changes_none(world, table):
    shelved(world, replace(document("buôn lậu"), partition=replace(PARTITION, level=2)))
    process = world.process()
    for ceiling, count in ((2, 1), (1, 0), (None, 0)):
        with process.session(Context(ceiling=ceiling)) as session:
            counted = session.execute(
                sql(f"SELECT count(*) FROM {table}").execution_options(unscoped="looks past the filter")
            )
            assert counted.scalar_one() == count, ceiling
    for act in (f"DELETE FROM {table}", f"UPDATE {table} SET level = 0", f"INSERT INTO {table} SELECT * FROM {table}"):
        with pytest.raises(ProgrammingError, match="permission denied"), process.session() as session:
            session.execute(sql(act).execution_options(unscoped="tries what it may not"))


def test_a_narrowed_record_is_not_found_by_what_the_server_still_holds(world):
    shared = document("buôn lậu xăng", exposure=3)
    shelved(world, shared)
    headquarters = Reader(exposure=3)
    process = world.process()
    assert process.ids("xăng", reader=headquarters) == [shared.record_id]
    process.write(changed(shared, exposure=1))
    assert process.ids("xăng", reader=headquarters) == []
    process.write(changed(changed(shared), texts=("chuyện khác",)))
    assert process.ids("xăng") == []


def test_what_left_a_wall_stays_masked_when_a_merge_goes_into_sealed_parts(world):
    low = document("buôn lậu xăng")
    shelved(world, low, document("nền"))
    process = world.process()
    process.write(changed(low, partition=replace(PARTITION, level=2)), left=PARTITION)
    with world.worker() as session:
        assert merge_partition(session, PARTITION), "as while the server is away"
    reader, scope = Reader(ceiling=1), Context(ceiling=1)
    assert process.ids("xăng", reader=reader, scope=scope) == []
    assert process.ids("xăng") == [low.record_id]
    process.write(document("nền"))
    assert world.merge()
    assert by_hand(world, "SELECT count(*) FROM search_documents WHERE level = 1").scalar_one() == 2


def test_tokens_without_a_document_go_at_night(world):
    gone, kept = document("buôn lậu xăng"), document("buôn lậu dầu")
    shelved(world, gone, kept)
    by_hand(world, "DELETE FROM search_documents WHERE record_id = :gone", gone=gone.record_id)
    index = index_name(world.vault, PARTITION.level)
    with world.worker() as session:
        check_wall(session, world.server.indexing, Wall.of(PARTITION))
    assert world.server.admin.count(index=index)["count"] == 1
    assert world.process().ids("lậu") == [kept.record_id]


@pytest.mark.parametrize(
    "question",
    [
        "(b OR c NOT " * 16 + "lậu" + ")" * 16,
        "NOT (" * 16 + "xăng" + ")" * 16,
        " OR ".join(f"({word}* NOT ({word}a OR ({word}b c)))" for word in "abcdeghiklmnopq"),
        "a* " * 60,
    ],
)
def test_no_question_takes_the_server_from_the_others(world, question):
    shelved(world, *(document(f"buôn lậu {word} {word}a", occurred_at=minutes(1)) for word in "abcdeghik"))
    process = world.process()
    for order in Order:
        process.answer(question, order=order)
    answer = process.answer("lậu")
    assert len(answer.hits) == 9
    assert SERVER_AWAY not in answer.notices


ONE_HIT = {"_id": "0" * 32, "fields": {"p": ["aa"]}}
A_COUNT = {"timed_out": False, "_shards": {"failed": 0}, "hits": {"total": {"value": 1}}}


@pytest.mark.parametrize("score", [float("inf"), float("nan"), None, "many"])
def test_a_score_that_is_no_number_of_words_is_a_server_that_is_away(world, score):
    hits = {"hits": [ONE_HIT | {"_score": score}]}
    assert_is_away(world, {"timed_out": False, "_shards": {"failed": 0}, "hits": hits})


@pytest.mark.parametrize("counted", [[], [A_COUNT], [A_COUNT] * 3])
def test_a_server_that_answers_another_number_of_questions_is_away(world, counted):
    assert_is_away(world, {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": []}}, counted, limit=0)


def test_a_server_that_answers_as_many_questions_as_were_asked_is_not_away(world):
    shelved(world, document("buôn lậu xăng"))
    answer = world.process(server=odd({}, [A_COUNT] * 2)).answer("lậu OR xăng", order=Order.RELEVANCE, limit=0)
    assert SERVER_AWAY not in answer.notices
    assert set(answer.counts.values()) == {1}


def assert_is_away(world, told, counted=(), **request):
    shelved(world, document("buôn lậu xăng"))
    answer = world.process(server=odd(told, counted)).answer("lậu OR xăng", order=Order.RELEVANCE, **request)
    assert SERVER_AWAY in answer.notices


def odd(told, counted):
    class Odd:
        def options(self, **_):
            return self

        def search(self, **_):
            return told

        def msearch(self, **_):
            return {"responses": list(counted)}

    return SearchServer(Odd())


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": [{"_id": "no id"}]}},
        {"timed_out": False, "_shards": {"failed": 0}, "hits": None},
        {"timed_out": True, "_shards": {"failed": 0}, "hits": {"hits": []}},
        {"timed_out": False, "_shards": {"failed": 1}, "hits": {"hits": []}},
    ],
)
def test_an_answer_that_is_none_is_a_server_that_is_away(world, told):
    class Odd:
        def options(self, **_):
            return self

        def search(self, **_):
            return told

    shelved(world, document("buôn lậu xăng"))
    process = world.process(server=SearchServer(Odd()))
    assert SERVER_AWAY in process.answer("lậu").notices


def test_a_reader_whom_a_rebuild_overtakes_looks_again(world, monkeypatch):
    one = document("buôn lậu xăng")
    shelved(world, one)
    process = world.process()
    assert process.ids("xăng") == [one.record_id]
    asked = process.index._server.find

    def overtaken(*given, **options):
        monkeypatch.undo()
        ids = asked(*given, **options)
        with world.worker() as session:
            reindex_partition(session, PARTITION, iter([changed(one)]))
        return ids

    monkeypatch.setattr(process.index._server, "find", overtaken)
    assert process.ids("xăng") == [one.record_id]


def test_what_is_ranked_answers_the_times_that_were_asked_for(world):
    shelved(world, *(document("xe tải", occurred_at=minutes(n * 120)) for n in range(24)))
    process = world.process()
    for asked in ("xe tai from:2026-03-02", "xe tai to:2026-03-01", "xe tai"):
        newest = process.ids(asked, limit=99)
        ranking = process.answer(asked, order=Order.RELEVANCE).ranking
        assert set(process.ids(asked, order=Order.RELEVANCE, among=ranking)) == set(newest), asked


@pytest.mark.parametrize("reader", [Reader(unit=GATE), Reader(exposure=2)])
def test_of_more_that_answer_alike_than_are_weighed_the_newest_are(world, monkeypatch, reader):
    monkeypatch.setattr(gathering, "MOST_RANKED", 4)
    monkeypatch.setattr(stretches, "ENOUGH", 2)
    near = [document("xe tải", occurred_at=minutes(2_000 * n)) for n in range(6)]
    far = [replace(document("xe tải", occurred_at=minutes(2_000 * n + 1)), partition=RIVERSIDE) for n in range(6)]
    shelved(world, *near, *far)
    answer = world.process().answer("xe tai", reader=reader, order=Order.RELEVANCE)
    assert set(answer.ranking) == {one.record_id for one in (*near[-2:], *far[-2:])}
    assert MORE_MAY_ANSWER in answer.notices


def test_those_that_hold_more_of_the_words_are_weighed_before_newer_ones(world, monkeypatch):
    monkeypatch.setattr(gathering, "MOST_RANKED", 4)
    both = [document("xăng và gạo", occurred_at=minutes(n)) for n in range(2)]
    single = [document(word, occurred_at=minutes(9_000 * n)) for n, word in enumerate(("xăng", "gạo", "xăng", "gạo"))]
    shelved(world, *both, *single)
    answer = world.process().answer("xăng OR gạo", reader=Reader(unit=GATE), order=Order.RELEVANCE)
    assert set(answer.ranking[:2]) == {one.record_id for one in both}
    assert set(answer.ranking[2:]) == {one.record_id for one in single[-2:]}


def test_times_narrow_the_best_before_they_are_cut(world, monkeypatch):
    monkeypatch.setattr(gathering, "MOST_RANKED", 3)
    old = [document("xe tải", occurred_at=minutes(n)) for n in range(5)]
    new = document("xe tải", occurred_at=minutes(200_000))
    shelved(world, *old, new)
    answer = world.process().answer("xe tai from:2026-06-01", order=Order.RELEVANCE)
    assert [hit.record_id for hit in answer.hits] == [new.record_id]
    cut = world.process().answer("xe tai", order=Order.RELEVANCE)
    assert MORE_MAY_ANSWER in cut.notices
    assert not cut.is_whole


def test_phrases_of_which_enough_were_opened_are_said_to_be_more(world, monkeypatch):
    monkeypatch.setattr(gathering, "MOST_RANKED", 2)
    shelved(world, *(document("xe tải", occurred_at=minutes(n)) for n in range(5)))
    cut = world.process().answer('"xe tai"', order=Order.RELEVANCE)
    assert len(cut.ranking) == 2
    assert (cut.notices, cut.is_whole) == ((MORE_MAY_ANSWER,), False)
    monkeypatch.setattr(gathering, "MOST_RANKED", 6)
    answer = world.process().answer('"xe tai"', order=Order.RELEVANCE)
    assert len(answer.ranking) == 5
    assert (answer.notices, answer.is_whole) == ((), True)


@pytest.mark.parametrize("typed", ["xe tai", "xe OR tai", "xe OR khong"])
def test_one_index_that_cannot_be_asked_to_its_end_takes_nothing_from_another(world, monkeypatch, typed):
    below, above = document("xe tải"), replace(document("xe tải"), partition=replace(PARTITION, level=0))
    shelved(world, below, above)
    process = world.process()
    answered = {order: set(process.ids(typed, order=order)) for order in Order}
    assert answered[Order.RELEVANCE] == answered[Order.NEWEST] == {below.record_id, above.record_id}
    server, refused = process.index._server, index_name(world.vault, 0)

    def refusing(asked):
        def ask(index, *given, **options):
            if index == refused:
                raise AskedTooMuch
            return asked(index, *given, **options)

        return ask

    for name in ("find", "find_fullest"):
        monkeypatch.setattr(server, name, refusing(getattr(server, name)))
    answer = process.answer(typed, order=Order.RELEVANCE)
    assert set(answer.ranking) == {below.record_id}
    assert (TOO_LONG in answer.notices, answer.is_whole) == (True, False)


def test_without_its_server_it_says_so_and_writes_go_on(world, caplog):
    behind = document("buôn lậu xăng", occurred_at=minutes(1))
    shelved(world, behind)
    process = world.process()
    nobody = connect("https://searcher:secret@127.0.0.1:1")
    process.index._server = SearchServer(nobody)
    fresh = document("buôn lậu dầu")
    process.write(fresh)
    answer = process.answer("lậu")
    assert [hit.record_id for hit in answer.hits] == [fresh.record_id]
    assert SERVER_AWAY in answer.notices
    assert not answer.is_whole
    tokens = head_of(world).tokens(world.vault)
    layer = tokens.layers[2]
    for secret in ("lậu", "lau", "secret", layer.folded("lau"), layer.partition):
        assert secret not in caplog.text
    nobody.close()
    answer = world.process().answer("lậu")
    assert [hit.record_id for hit in answer.hits] == [behind.record_id, fresh.record_id]
    assert answer.is_whole


def test_what_the_server_has_lost_is_sent_again(world):
    one, other = document("buôn lậu xăng"), document("buôn lậu dầu", occurred_at=minutes(1))
    shelved(world, one, other)
    index = index_name(world.vault, PARTITION.level)
    for found in world.server.admin.search(index=index)["hits"]["hits"][:1]:
        world.server.admin.delete(index=index, id=found["_id"], version=1, version_type="external_gte", refresh=True)
    assert len(world.process().ids("lậu")) == 1
    with world.worker() as session:
        assert list(list_walls(session)) == [Wall.of(PARTITION)]
        assert check_wall(session, world.server.indexing, Wall.of(PARTITION)).sent == 1
    assert world.process().ids("lậu") == [other.record_id, one.record_id]
    with world.worker() as session:
        assert check_wall(session, world.server.indexing, Wall.of(PARTITION)).sent == 0


def test_an_index_that_is_gone_is_said_and_made_again(world):
    one = document("buôn lậu xăng")
    shelved(world, one)
    world.server.admin.indices.delete(index=index_name(world.vault, PARTITION.level))
    answer = world.process().answer("lậu")
    assert answer.hits == ()
    assert SERVER_AWAY in answer.notices, "an empty answer would be a lie"
    with world.worker() as session:
        assert check_wall(session, SearchServer(world.server.indexer), Wall.of(PARTITION)).sent == 1
    assert world.process(server=SearchServer(world.server.searcher)).ids("lậu") == [one.record_id]


def test_without_a_server_named_what_lies_there_is_said_to_be_missing(world):
    shelved(world, document("buôn lậu xăng"))
    process = world.process()
    process.index._server = None
    assert SERVER_AWAY in process.answer("lậu").notices
    with world.worker() as session:
        rebuilt = document("buôn lậu xăng", row_version=2)
        assert reindex_partition(session, PARTITION, iter([rebuilt])) == 1
    with world.worker() as session:
        assert check_wall(session, world.server.indexing, Wall.of(PARTITION)).sent == 0
        assert not list_walls(session)
    answer = process.answer("lậu")
    assert [hit.record_id for hit in answer.hits] == [rebuilt.record_id]
    assert SERVER_AWAY not in answer.notices, "everything is sealed again"


def test_few_documents_and_high_levels_get_no_tokens(world):
    few = Profiles(minimum=3, levels={"1": "ranked", "2": "sealed"})
    high = replace(PARTITION, level=2)
    world.process().write(*(document("a") for _ in range(2)), *(document("b", partition=high) for _ in range(5)))
    for partition, is_moved in ((PARTITION, False), (high, False)):
        with world.worker() as session:
            assert shelve_partition(session, world.server.indexing, partition, profiles=few) == is_moved
    world.process().write(document("c"))
    with world.worker() as session:
        assert shelve_partition(session, world.server.indexing, PARTITION, profiles=few)
    assert shipped_profiles() == Profiles(
        minimum=1000, levels={"0": "ranked", "1": "flat", "2": "sealed", "3": "sealed"}
    ), "a change of the promise in docs/search-security.md"


def is_moved(world, profiles, partition=PARTITION):
    with world.worker() as session:
        return shelve_partition(session, world.server.indexing, partition, profiles=profiles)


def test_what_is_changed_often_is_no_crowd(world):
    """Among few a token says too much: each record is counted once, wherever its versions and years lie."""
    few = Profiles(minimum=4, levels={"1": "ranked"})
    flat = replace(few, levels={"1": "flat"})
    process = world.process()
    one, other, gone = document("a"), document("b"), document("c")
    process.write(one, other, gone)
    for version in range(2, 8):
        process.write(replace(one, row_version=version), replace(other, row_version=version))
        if version % 2:
            with world.worker() as session:
                assert merge_partition(session, PARTITION)
    with process.session() as session:
        process.index.remove(session, record_id=gone.record_id, row_version=2, partition=PARTITION)
    process.write(document("d", partition=replace(PARTITION, year=2025)))
    process.write(document("e", partition=RIVERSIDE))
    assert not is_moved(world, few), "three records"
    with world.worker() as session:
        assert walls_of_level(session, 1, profiles=flat) == []
        assert levels_due(session, profiles=flat) == []
    process.write(document("f", partition=replace(PARTITION, year=2024)))
    with world.worker() as session:
        assert walls_of_level(session, 1, profiles=flat) == [Wall.of(PARTITION)]
    assert is_moved(world, few), "four"
    assert not is_moved(world, few, RIVERSIDE)


def test_what_comes_to_a_wall_that_has_shrunk_stays_sealed_until_there_are_as_many_again(world):
    few = Profiles(minimum=3, levels={"1": "ranked"})
    kept, *gone = documents = [document(word) for word in "abc"]
    process = world.process()
    process.write(*documents)
    assert is_moved(world, few)
    with process.session() as session:
        for one in gone:
            process.index.remove(session, record_id=one.record_id, row_version=2, partition=PARTITION)
    assert is_moved(world, few)
    process.write(*(replace(kept, row_version=version) for version in range(2, 6)))
    assert not is_moved(world, few)
    process.write(document("d"))
    assert not is_moved(world, few)
    process.write(document("e"))
    assert is_moved(world, few)


def test_two_indexers_and_a_move_that_stopped_half_way_end_in_the_same_index(world):
    one = document("buôn lậu xăng")
    process = world.process()
    process.write(one)
    with world.worker() as session:
        assert world.merge_in(session)
        session.rollback()
    assert process.ids("xăng") == [one.record_id], "what only the server knows is no hit of its own"
    newer = changed(one, texts=("buôn lậu dầu",))
    process.write(newer)
    assert world.merge()
    assert process.ids("xăng") == []
    assert process.ids("dầu") == [one.record_id]
    count = world.server.admin.count(index=index_name(world.vault, PARTITION.level))["count"]
    assert count == 1
