"""What every engine keeps, sealed or with a search server: what processes see of each other, order, language."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text as sql

from intelhub.search import (
    Cursor,
    Deadline,
    Facet,
    Fuzzy,
    Order,
    Partition,
    Prefix,
    SearchRequest,
    Spotted,
    deadline,
    gathering,
    open_segments,
    register_recogniser,
    reindex_partition,
    segment,
)
from intelhub.search import query as q
from intelhub.search.analysis import _recognisers as recognisers
from intelhub.search.elastic import asking, candidates, dictionary
from intelhub.search.elastic.engine import NOT_TOLD
from intelhub.search.matching import indexed_words as words_of
from intelhub.search.merge import list_merges_due, list_partitions
from intelhub.search.open_segments import SegmentGone
from intelhub.search.query import UNREADABLE
from intelhub.search.sealed import MORE_MAY_ANSWER, TOO_LONG
from intelhub.search.snippets import best_snippet
from intelhub.search.tail import LivePartitions
from tests.factories.search_world import (
    DEPOT,
    EVERYTHING,
    GATE,
    PARTITION,
    RIVER,
    Context,
    FlatWorld,
    Reader,
    World,
    changed,
    document,
    flip_a_bit,
    minutes,
)


def request(text):
    return SearchRequest(text=text)


def test_another_process_finds_a_change_at_its_next_query(world):
    one, other = world.process(), world.process()
    assert other.ids("lậu") == []
    first = document("buôn lậu thuốc lá")
    one.write(first)
    assert other.ids("lau") == one.ids("lậu") == [first.record_id]
    second = document("buôn lậu xăng dầu", occurred_at=minutes(1))
    other.write(second)
    assert one.ids("buôn lậu") == [second.record_id, first.record_id]


def test_what_is_not_committed_is_not_found_and_what_is_rolled_back_never(world):
    one, other = world.process(), world.process()
    with one.session() as session:
        one.index.write(session, document("buôn lậu"))
        session.flush()
        assert other.ids("lậu") == []
        assert one.index.search(session, EVERYTHING, request("lậu")).hits == ()
        session.rollback()
    assert other.ids("lậu") == one.ids("lậu") == []


def test_commits_out_of_order_lose_nothing(world):
    slow, quick, reader = world.process(), world.process(), world.process()
    late, early = document("buôn lậu"), document("buôn lậu", occurred_at=minutes(1))
    with slow.session() as session:
        slow.index.write(session, late)
        session.flush()
        quick.write(early)
        assert reader.ids("lậu") == [early.record_id]
        quick.write(*(document("khác") for _ in range(3)))
        assert reader.ids("lậu") == [early.record_id]
    assert reader.ids("lậu") == [early.record_id, late.record_id]


def test_a_late_commit_is_found_after_a_merge_of_what_came_behind_it(world):
    slow, quick, reader = world.process(), world.process(), world.process()
    late, early = document("buôn lậu"), document("buôn lậu", occurred_at=minutes(1))
    with slow.session() as session:
        slow.index.write(session, late)
        session.flush()
        quick.write(early)
        assert reader.ids("lậu") == [early.record_id]
        assert world.merge()
        assert reader.ids("lậu") == [early.record_id]
    assert reader.ids("lậu") == [early.record_id, late.record_id]
    assert world.merge()
    assert reader.ids("lậu") == [early.record_id, late.record_id]


@pytest.mark.parametrize("when", ["tail", "merged before", "merged after", "merged twice"])
def test_only_the_newest_version_is_found(world, when):
    one, other = world.process(), world.process()
    old = document("phụ tùng ô tô")
    one.write(old, *(document("nền") for _ in range(8)))
    assert other.ids("phụ tùng") == [old.record_id]
    if when in ("merged before", "merged twice"):
        assert world.merge()
    new = changed(old, texts=("linh kiện điện tử",))
    one.write(new)
    if when in ("merged after", "merged twice"):
        assert world.merge()
    for process in (one, other, world.process()):
        assert process.ids("phụ tùng") == []
        assert process.ids("linh kiện") == [old.record_id]
        assert len(process.ids("nền")) == 8


def test_a_narrowed_document_is_not_visible_by_its_older_version(world):
    one, other = world.process(), world.process()
    shared = document("buôn lậu", exposure=3)
    one.write(shared, *(document("nền", exposure=3) for _ in range(8)))
    headquarters = Reader(exposure=3)
    assert world.merge()
    assert other.ids("lậu", reader=headquarters) == [shared.record_id]
    withdrawn = changed(shared, exposure=1)
    one.write(withdrawn)
    assert other.ids("lậu", reader=headquarters) == []
    assert other.ids("lậu") == [shared.record_id]
    moved = changed(withdrawn, unit_id=DEPOT)
    one.write(moved)
    assert other.ids("lậu", reader=Reader(unit=GATE)) == []
    assert other.ids("lậu", reader=Reader(unit=DEPOT)) == [shared.record_id]
    assert world.merge()
    assert other.ids("lậu", reader=Reader(unit=GATE)) == []


def test_a_record_that_moves_to_a_higher_level_leaves_the_lower_partition(world):
    one, other = world.process(), world.process()
    low = document("buôn lậu")
    one.write(low, *(document("nền") for _ in range(8)))
    assert world.merge()
    reader, scope = Reader(ceiling=1), Context(ceiling=1)
    assert other.ids("lậu", reader=reader, scope=scope) == [low.record_id]
    high = changed(low, partition=replace(PARTITION, level=2))
    one.write(high, left=PARTITION)
    for is_merged in (False, True):
        assert not is_merged or world.merge()
        assert other.ids("lậu", reader=reader, scope=scope) == []
        assert other.ids("lậu") == [low.record_id]


def test_removed_records_are_gone_from_everywhere(world):
    one, other = world.process(), world.process()
    doomed, kept = document("buôn lậu"), document("buôn lậu", occurred_at=minutes(1))
    one.write(doomed, kept)
    assert world.merge()
    assert set(other.ids("lậu")) == {doomed.record_id, kept.record_id}
    with one.session() as session:
        one.index.remove(session, record_id=doomed.record_id, row_version=2, partition=PARTITION)
    assert other.ids("lậu") == one.ids("lậu") == [kept.record_id]
    assert world.merge()
    assert other.ids("lậu") == one.ids("lậu") == world.process().ids("lậu") == [kept.record_id]


def test_pages_by_newest_follow_each_other_across_partitions_and_parts(world):
    one = world.process()
    partitions = [PARTITION, replace(PARTITION, level=2), replace(PARTITION, department_id=RIVER)]
    wanted = [document("buôn lậu", partition=partitions[n % 3], occurred_at=minutes(n // 2)) for n in range(40)]
    one.write(*wanted[:25])
    for partition in partitions[:2]:
        assert world.merge(partition)
    one.write(*wanted[25:])
    in_order = sorted(wanted, key=lambda doc: (-doc.occurred_at.timestamp(), doc.record_id.bytes))
    found, after = [], None
    while True:
        answer = one.answer("lậu", limit=7, after=after)
        found += [hit.record_id for hit in answer.hits]
        if answer.next is None:
            break
        after = Cursor.decode(answer.next.encode())
    assert found == [doc.record_id for doc in in_order]


def test_time_narrows(world):
    one = world.process()
    documents = [document("buôn lậu", occurred_at=minutes(60 * 24 * n)) for n in range(10)]
    one.write(*documents[:5])
    assert world.merge()
    one.write(*documents[5:])
    assert one.ids("lậu from:03/03/2026 to:08/03/2026") == [doc.record_id for doc in documents[7:1:-1]]
    assert one.ids(not_before=documents[4].occurred_at, not_after=documents[4].occurred_at) == [documents[4].record_id]


def test_facets_narrow_in_the_query_and_beside_it(world):
    one = world.process()
    smuggling = document("xe tải", facets={"topic": ("smuggling",), "grade": ("C2", "C")})
    drugs = document("xe tải", facets={"topic": ("drugs",)}, occurred_at=minutes(1), state="COLLATED")
    one.write(smuggling, drugs)
    assert one.ids("xe topic:smuggling") == [smuggling.record_id]
    assert one.ids("NOT topic:smuggling") == [drugs.record_id]
    assert one.ids("grade:c") == [smuggling.record_id]
    assert one.ids("level:mật") == [drugs.record_id, smuggling.record_id]
    assert one.ids("xe", facets={"topic": ("drugs", "smuggling"), "state": ("COLLATED",)}) == [drugs.record_id]
    assert one.ids("xe", facets={"unit": (str(GATE),)}) == [drugs.record_id, smuggling.record_id]
    assert one.ids("smuggling") == []  # a field's value is no word of the text


def test_with_and_without_diacritics(world):
    one = world.process()
    texts = ["Phụ tùng ô tô giả xuất xứ", "phu tung o to gia xuat xu", "Ðồng chí Đặng", "kiếm tra", "kiểm tra"]
    written = [document(text, occurred_at=minutes(-n)) for n, text in enumerate(texts)]
    one.write(*written)
    ids = [doc.record_id for doc in written]
    assert one.ids('"phu tung o to"') == one.ids("phụ tùng ô tô") == ids[:2]
    assert one.ids('"phụ tùng ô tô"') == ids[:1]
    assert one.ids("đồng chí dang") == one.ids("Ðặng") == [ids[2]]
    assert one.ids('"kiểm tra"') == [ids[4]]
    assert one.ids('NOT "kiểm tra" tra') == [ids[3]]
    assert one.ids("kiem tra") == ids[3:]
    assert one.ids("kiểm tra", order=Order.RELEVANCE) == [ids[4], ids[3]]


def test_relevance_prefers_titles_rare_words_and_neighbours(world):
    one = world.process()
    filler = [document("hàng hóa thông thường " * 5) for _ in range(30)]
    in_text = document("hàng chở thuốc lá ngoại " + "x " * 50)
    in_title = document("hàng", title="Thuốc lá ngoại")
    one.write(*filler, in_text, in_title)
    answer = one.answer("thuốc lá", order=Order.RELEVANCE, limit=1)
    assert [hit.record_id for hit in answer.hits] == [in_title.record_id]
    assert answer.ranking == (in_title.record_id, in_text.record_id)
    rest = one.answer("thuốc lá", order=Order.RELEVANCE, among=answer.ranking[1:])
    assert [hit.record_id for hit in rest.hits] == [in_text.record_id]
    assert any(piece.is_hit for piece in rest.hits[0].snippet)


EVERY_KIND = pytest.mark.parametrize(
    "typed",
    [
        '"xe tai" OR gao',
        "x* OR gao",
        "MSKU1234565 OR gao",
        "plate:29C-123.45 OR gao",
        "plate:29C* OR gao",
        "tham~ OR gao",
        "MSKU1234565 OR gao OR tai",
        "xe tai",
    ],
)


@pytest.fixture(params=[World, FlatWorld], ids=["ranked", "flat"])
def moving_world(request, database, search_server):
    """Where a merge moves what is sealed behind tokens."""
    return request.param(database.app_url, database.worker_url, database.superuser_url, server=search_server)


@EVERY_KIND
def test_in_which_order_answers_come_does_not_tell_where_they_lie(moving_world, typed):
    """How rare a word is decides, and that is counted alike in sealed parts and behind tokens."""
    world = moving_world
    texts = [
        *["chuyến tải không xe"] * 9,
        *["chuyến xưa"] * 5,
        *["thâm"] * 5,
        *["gạo"] * 3,
        "xe tải",
        "xe 29C-123.45",
        "29c12346",
        "MSKU 123456-5",
        "msku1234565 xe tải thảm gạo",
    ]
    one = world.process()
    # A record without a source has an empty passage.
    one.write(*(document(texts=(text, ""), occurred_at=minutes(place)) for place, text in enumerate(texts)))
    waiting = one.answer(typed, order=Order.RELEVANCE).ranking
    assert len(waiting) > 3
    assert world.merge()
    assert one.answer(typed, order=Order.RELEVANCE).ranking == waiting


@EVERY_KIND
def test_what_lies_in_sealed_parts_stands_in_one_line_with_what_lies_behind_tokens(moving_world, monkeypatch, typed):
    """Where a document lies hangs on what others write, so which are weighed may not hang on that."""
    world = moving_world
    monkeypatch.setattr(gathering, "MOST_RANKED", 2)
    monkeypatch.setattr(candidates, "MOST_NAMED", 2)
    texts = [
        "tải xe gạo",
        "gạo chở bằng xe tải",
        "xăng gạo thảm",
        "MSKU 123456-5 tải",
        "msku1234565 gạo",
        "xe 29C-123.45",
        "29c12346 gạo",
        "gạo",
    ]
    one = world.process()
    one.write(*(document(text, occurred_at=minutes(place * 3_000)) for place, text in enumerate(texts)))
    waiting = set(one.answer(typed, order=Order.RELEVANCE).ranking)
    assert len(waiting) == 2
    assert world.merge()
    assert set(one.answer(typed, order=Order.RELEVANCE).ranking) == waiting


@pytest.mark.parametrize("is_merged", [True, False])
def test_of_too_many_alternatives_the_fullest_are_weighed_however_old(world, monkeypatch, is_merged):
    monkeypatch.setattr(gathering, "MOST_RANKED", 3)
    monkeypatch.setattr(candidates, "MOST_NAMED", 3)
    one = world.process()
    words = ["xăng", "gạo", "thép", "voi", "sừng"]
    full = [document(" ".join(words[:count]), occurred_at=minutes(count)) for count in (5, 4, 3)]
    newer = [document(word, occurred_at=minutes(5_000 * place)) for place, word in enumerate(words * 2, start=1)]
    one.write(*full, *newer)
    assert world.merge() if is_merged else True
    answer = one.answer(" OR ".join(words), order=Order.RELEVANCE)
    assert set(answer.ranking) == {each.record_id for each in full}
    assert (answer.notices, answer.is_whole) == ((MORE_MAY_ANSWER,), False)
    older = one.answer(f"({' OR '.join(words)}) to:2026-03-02", order=Order.RELEVANCE)
    assert set(older.ranking) == {each.record_id for each in full}
    assert len(one.answer("voi OR sừng", order=Order.RELEVANCE).ranking) == 3


def test_a_question_without_limit_counts_words_for_this_reader_and_finds_nothing(world):
    one = world.process()
    one.write(*(document(f"thuốc lá chuyến {number}") for number in range(3)))
    one.write(document("thuốc tây"), document("thuốc lá bí mật", partition=replace(PARTITION, level=3)))
    world.merge()
    one.write(document("thuốc nổ"))
    counted = one.answer("thuốc OR lá OR voi", order=Order.RELEVANCE, limit=0, reader=Reader(ceiling=1))
    assert counted.counts == {"thuoc": 5, "la": 3, "voi": 0}
    assert counted.hits == counted.ranking == ()


def test_no_search_server_is_told_words_from_above_its_walls(world):
    one = world.process()
    one.write(document("thuốc lá", title="cũ"))
    assert world.merge()
    one.write(document("thuốc lá", title="mới"))
    above = one.answer("thuốc OR lá", order=Order.RELEVANCE, words_level=PARTITION.level + 1)
    if world.server is None:
        assert len(above.hits) == 2
        assert (above.notices, above.is_whole) == ((), True)
    else:
        assert [piece.text for hit in above.hits for piece in hit.title] == ["mới"]
        assert (above.notices, above.is_whole) == ((NOT_TOLD,), False)
    assert len(one.answer("thuốc OR lá", order=Order.RELEVANCE, words_level=PARTITION.level).hits) == 2


def test_identifiers_in_any_spelling(world):
    def containers(text):
        compact = text.upper().replace(" ", "").replace("-", "")
        at = text.upper().find("MSKU")
        return [Spotted(at, len(text), "MSKU1234565")] if at >= 0 and compact.endswith("MSKU1234565") else []

    register_recogniser(containers)
    try:
        one = world.process()
        written = document("công MSKU 123456-5")
        one.write(written)
        for typed in ("MSKU1234565", "msku 123456 5", "MSKU-123456-5", '"MSKU 1234565"'):
            assert one.ids(typed) == [written.record_id], typed
    finally:
        recognisers.remove(containers)


def test_a_slip_of_the_finger_is_found_by_its_letters_alone(world):
    one = world.process()
    texts = ("hàng phế liệu", "hàng phé lieu", "hàng pheu", "contaienr rỗng", "container đầy", "cotnainrs", "xe")
    written = [document(text, occurred_at=minutes(-n)) for n, text in enumerate(texts)]
    ids = [doc.record_id for doc in written]
    one.write(*written[:4])
    assert world.merge()
    one.write(*written[4:])
    assert one.ids("lieuu~") == one.ids("LIEEU~") == ids[:2]
    assert one.ids("phe~") == ids[:3]  # one slip in a short word
    assert one.ids("container~") == ids[3:5]  # two in a long one
    assert one.ids("container~ NOT container") == [ids[3]]
    assert one.ids("NOT phe~", limit=20) == ids[3:]
    assert one.ids("xi~") == []
    assert q.TOO_SHORT in one.answer("xe~").notices
    assert one.ids("xe~") == [ids[6]]


def test_a_number_typed_with_one_wrong_sign_is_found(world):
    one = world.process()
    written = document("kiện hàng", identifiers=("MSKU1234565",))
    other = document("kiện hàng", identifiers=("MSKU1234999",))
    one.write(written, other)
    assert world.merge()
    for typed in ("MSKU1234566~", "MSKU1243565~", "msku123456~", "container:MSKU1234566~"):
        assert one.ids(typed) == [written.record_id], typed
    assert one.ids("MSKU1234666~") == []  # two


def test_however_many_words_are_near_all_of_them_are_found(world):
    """Neither engine may leave out the rarer ones: what is left out would follow from what others wrote."""
    one = world.process()
    near = [f"{first}{last}am" for first in "bcdghklmnprstvx" for last in "hlr"] + [f"t{n}am" for n in "aeiouybcdfgkmn"]
    written = [document(f"{word} tham", title=word) for word in near]
    one.write(*written, document("khác hẳn"))
    assert world.merge()
    assert len(one.ids("tham~ NOT khac", limit=200)) == len(written)
    best = one.answer("tham~", order=Order.RELEVANCE, limit=5)
    assert len(best.ranking) == len(written)
    marked = [piece.text for piece in best.hits[0].snippet if piece.is_hit]
    assert "tham" in marked


def test_however_many_words_begin_so_all_of_them_are_found(world, monkeypatch):
    monkeypatch.setattr(asking, "_MOST_TERMS", 3)
    one = world.process()
    numbers = {letter: f"MSKU12345{n}" for n, letter in enumerate("abcdeghik")}
    kept = [
        document(f"lau{letter} lu{letter}", identifiers=(number,), facets={"container": (number,)})
        for letter, number in numbers.items()
    ]
    one.write(*kept, document("gạo"))
    assert world.merge()
    for typed in ("lau*", "l*", "msku*", "container:msku*", "container:m*"):
        for order in Order:
            assert set(one.ids(typed, limit=50, order=order)) == {each.record_id for each in kept}, typed


def test_fields_of_identifiers_and_names(world):
    one = world.process()
    plate = document("xe", identifiers=("29C12345",), facets={"plate": ("29C12345",)})
    seal = document("chì", identifiers=("29C12345",), facets={"seal": ("29C12345",)}, occurred_at=minutes(-1))
    named = document(
        "công ty",
        facets={"company": ("Công ty TNHH Auto Parts Mẫu", "Mẫu Hai"), "taxcode": ("0101234567",), "hs": ("870899",)},
        identifiers=("0101234567", "870899"),
        occurred_at=minutes(-2),
    )
    person = document("Auto Parts", facets={"person": ("Trần Mẫu",)}, occurred_at=minutes(-3))
    one.write(plate, seal)
    assert world.merge()
    one.write(named, person)
    both = [plate.record_id, seal.record_id]
    for _ in range(2):
        assert one.ids("29C-123.45") == both
        assert one.ids("plate:29C-123.45") == one.ids("biển-số:29c12345") == both[:1]
        assert one.ids("seal:29C12345") == one.ids("seal:29C*") == both[1:]
        assert one.ids("plate:29*") == both[:1]
        assert one.ids("NOT plate:29*", limit=9) == [seal.record_id, named.record_id, person.record_id]
        assert one.ids('company:"auto parts"') == one.ids('doanhnghiep:"Auto Parts"') == [named.record_id]
        assert one.ids('company:"parts auto"') == one.ids('company:"mau mau"') == []
        assert one.ids('company:"cong ty"') == one.ids('company:"Công ty"') == [named.record_id]
        assert one.ids('company:"cồng ty"') == []
        assert one.ids("company:0101234567") == one.ids("mst:0101234567") == [named.record_id]
        assert one.ids("hs:8708*") == [named.record_id]
        assert one.ids("person:mẫu") == [person.record_id]
        world.merge()


def test_words_are_proposed_that_stand_in_what_the_reader_may_read(world):
    one = world.process()
    secret = document("containero", partition=replace(PARTITION, level=3))
    one.write(
        document("Côn Container contai", identifiers=("CONX1",), facets={"seal": ("CONX1",)}),
        document("container"),
        document("conhidden consecret", unit_id=DEPOT),
        secret,
    )
    assert world.merge()
    one.write(document("contem"))
    few = Reader(ceiling=1, unit=GATE)

    def proposed(asked, most=64, reader=EVERYTHING):
        with one.session() as session:
            found = one.index.propose(session, reader, asked, most=most, until=None)
        return [proposal.word for proposal in found]

    assert proposed(Prefix("con")) == [
        "container", "con", "conhidden", "consecret", "contai", "containero", "contem", "conx1",
    ]  # fmt: skip
    assert proposed(Prefix("con"), most=1) == ["container"]
    assert proposed(Prefix("con"), reader=few) == ["container", "con", "contai", "contem", "conx1"]
    assert proposed(Prefix("consec"), reader=few) == []
    assert proposed(Fuzzy("contaimer")) == ["container", "containero"]
    assert proposed(Fuzzy("container"), reader=few) == []
    assert proposed(Facet("seal", "con", is_beginning=True)) == ["conx1"]
    assert proposed(Prefix("topic")) == proposed(Prefix("level")) == []
    with one.session() as session:
        assert one.index.propose(session, EVERYTHING, Prefix("con"), most=64, until=Deadline(0.0)) == []
        (first,) = one.index.propose(session, EVERYTHING, Prefix("container"), most=1, until=None)
    assert {record.spell() for record in first.records} == {"Container", "container"}


def test_hostile_slips_take_no_longer_than_a_question_may(world):
    one = world.process()
    rubbish = [document(" ".join(f"{n:x}{m:x}abcdefgh"[: 4 + m % 9] for m in range(400))) for n in range(40)]
    one.write(*rubbish)
    assert world.merge()
    start = time.thread_time()
    answer = one.answer(" OR ".join(f"{n:x}abcdefgh~" for n in range(64)))
    assert q.TOO_MANY_FUZZY in answer.notices
    one.answer("~" * 1000)
    one.answer("a" * 999 + "~")
    assert time.thread_time() - start < 6, "of this thread's own time"


def test_snippets_show_original_text(world):
    one = world.process()
    one.write(document("Hàng hóa qua cửa khẩu Hữu Nghị <b>", title="Tin về Hữu Nghị"))
    hit = one.answer("huu nghi").hits[0]
    assert "".join(piece.text for piece in hit.snippet) == "Hàng hóa qua cửa khẩu Hữu Nghị <b>"
    assert [piece.text for piece in hit.title if piece.is_hit] == ["Hữu", "Nghị"]


def test_what_nobody_looks_at_is_not_marked(world, monkeypatch):
    """A first page counts a hundred hits and shows a quarter of them."""
    marked = []

    def mark(texts, leaves):
        marked.append(texts)
        return best_snippet(texts, leaves)

    monkeypatch.setattr(gathering, "best_snippet", mark)
    one = world.process()
    one.write(*(document(f"Hàng hóa số {number}") for number in range(5)))
    hits = one.answer("hàng hóa").hits
    assert (len(hits), marked) == (5, [])
    assert any(piece.is_hit for piece in hits[0].snippet)
    assert hits[0].title == ()
    assert len(marked) == 1


def test_what_cannot_be_read_says_so(world):
    one = world.process()
    written = document("buôn lậu")
    one.write(written)
    answer = one.answer('(buôn "lậu')
    assert [hit.record_id for hit in answer.hits] == [written.record_id]
    assert UNREADABLE in answer.notices


def test_merges_are_due_at_their_size_and_join_small_segments(sealed_world):
    world = sealed_world
    one = world.process()
    one.write(*(document(f"chữ {n}") for n in range(30)))
    with world.worker() as session:
        assert list_merges_due(session) == []
        assert list_merges_due(session, at_least=30) == [PARTITION]
    assert world.merge()
    assert not world.merge()
    for round_ in range(12):
        one.write(*(document(f"chữ vòng{round_}") for _ in range(5)))
        assert world.merge()
        assert len(one.ids("chữ", limit=200)) == 30 + 5 * (round_ + 1)
    with world.worker() as session:
        sizes = session.execute(sql("SELECT documents, size_class, from_at, to_at FROM search_segments")).all()
        assert sum(row.documents for row in sizes) == 90
        assert len(sizes) <= 4
        assert all(row.from_at.minute == row.to_at.minute == 0 for row in sizes)
        assert list_partitions(session) == [PARTITION]


def test_two_workers_never_merge_one_partition_at_once(world):
    one = world.process()
    one.write(*(document("chữ") for _ in range(5)))
    with world.worker() as session:
        assert world.merge_in(session)
        assert not world.merge()
    assert len(one.ids("chữ")) == 5


def test_readers_lose_nothing_while_writers_write_and_workers_merge(world):
    reader, stop, problems = world.process(), threading.Event(), []
    known: list[UUID] = []

    def write():
        process = world.process()
        for n in range(60):
            each = document(f"chữ {n}", occurred_at=minutes(n))
            process.write(each)
            known.append(each.record_id)
            if n % 3 == 0:
                process.write(changed(each, texts=("chữ đã sửa",)))
        stop.set()

    def merge():
        while not stop.is_set():
            world.merge()

    def read():
        process = reader
        while not stop.is_set():
            before = set(known)
            found = process.ids("chữ", limit=500)
            if not before <= set(found) or len(found) != len(set(found)):
                problems.append((before - set(found), found))

    with ThreadPoolExecutor(5) as pool:
        for future in [pool.submit(job) for job in (write, merge, merge, read, read)]:
            future.result()
    assert not problems
    assert set(reader.ids("chữ", limit=500)) == set(known)


def test_reindex_rebuilds_beside_live_traffic(world):
    one = world.process()
    lost, stale, fresh = document("chữ mất"), document("chữ cũ"), document("chữ mới")
    one.write(lost, stale)
    assert world.merge()
    meanwhile = changed(stale, texts=("chữ sửa",))

    def records():
        yield stale
        one.write(meanwhile)  # somebody changes it after it was read
        assert not world.merge()
        yield fresh

    with world.worker() as session:
        assert reindex_partition(session, PARTITION, records()) == 2
        assert set(one.ids("chữ")) == {lost.record_id, stale.record_id}  # not committed: the old index answers
    for process in (one, world.process()):
        assert set(process.ids("chữ")) == {stale.record_id, fresh.record_id}
        assert process.ids("cũ") == []
        assert process.ids("sửa") == [stale.record_id]


def test_a_damaged_segment_is_a_notice_and_reindex_heals_it(world):
    one = world.process()
    other_partition = Partition(level=1, department_id=RIVER, year=2026)
    hurt, well = document("chữ"), document("chữ", partition=other_partition)
    one.write(hurt, well)
    assert world.merge()
    flip_a_bit(world, "search_segments")
    for process in (one, world.process()):
        answer = process.answer("chữ")
        assert [hit.record_id for hit in answer.hits] == [well.record_id]
        assert answer.damaged == (PARTITION,)
        assert answer.notices
        assert not answer.is_whole
    with world.worker() as session:
        reindex_partition(session, PARTITION, iter([hurt]))
    assert set(one.ids("chữ")) == {hurt.record_id, well.record_id}
    healed = one.answer("chữ")
    assert (healed.notices, healed.is_whole) == ((), True)


def slowed(monkeypatch, owner, name, seconds):
    as_ever = getattr(owner, name)

    def slow(*given, **named):
        time.sleep(seconds)
        return as_ever(*given, **named)

    monkeypatch.setattr(owner, name, slow)


@pytest.mark.parametrize("is_merged", [False, True])
def test_what_a_process_opens_for_the_first_time_is_not_the_time_of_whoever_asks_first(world, monkeypatch, is_merged):
    world.process().write(document("chữ"))
    assert not is_merged or world.merge()
    slowed(monkeypatch, LivePartitions, "refresh", 1.2)
    slowed(monkeypatch, open_segments, "open_image", 1.2)
    slowed(monkeypatch, dictionary, "open_blob", 1.2)
    answer = world.process(seconds=1.0).answer("chữ", until=Deadline(time.monotonic() + 1.0))
    assert (len(answer.hits), answer.is_whole) == (1, True)


def test_what_was_lent_stays_lent_when_a_merge_has_everything_asked_again(sealed_world, monkeypatch):
    sealed_world.process().write(document("chữ"))
    assert sealed_world.merge()
    one = sealed_world.process(seconds=1.0)
    taken_away = [SegmentGone]
    as_ever = gathering.Gathering.take

    def take(*given):
        if taken_away:
            raise taken_away.pop()
        as_ever(*given)

    monkeypatch.setattr(gathering.Gathering, "take", take)
    slowed(monkeypatch, open_segments, "open_image", 1.2)
    answer = one.answer("chữ")
    assert (len(answer.hits), answer.is_whole, taken_away) == (1, True, [])


def test_more_than_twenty_seconds_are_lent_to_no_question(sealed_world, monkeypatch):
    sealed_world.process().write(document("chữ"))
    monkeypatch.setattr(deadline, "MOST_LENT", 0.1)
    slowed(monkeypatch, LivePartitions, "refresh", 0.5)
    assert sealed_world.process(seconds=0.2).answer("chữ").notices == (TOO_LONG,)


def test_to_complete_a_word_nothing_is_lent(sealed_world, monkeypatch):
    years = [replace(PARTITION, year=year) for year in (2024, 2025, 2026)]
    sealed_world.process().write(*(document("chữ", partition=partition) for partition in years))
    assert all(map(sealed_world.merge, years))
    opened = []
    as_ever = open_segments.open_image
    monkeypatch.setattr(
        open_segments, "open_image", lambda *given, **named: opened.append(1) or as_ever(*given, **named)
    )
    slowed(monkeypatch, open_segments, "open_image", 0.6)
    one = sealed_world.process()
    with one.session() as session:
        one.index.propose(session, EVERYTHING, Prefix("ch"), most=8, until=Deadline.in_seconds(0.3))
    assert len(opened) == 1


def test_what_does_not_fit_into_memory_is_opened_in_the_time_of_the_question(sealed_world, monkeypatch):
    years = [replace(PARTITION, year=year) for year in (2024, 2025, 2026)]
    sealed_world.process().write(*(document("chữ", partition=partition) for partition in years))
    assert all(map(sealed_world.merge, years))
    one = sealed_world.process(seconds=1.0, memory=1)
    assert one.answer("chữ").is_whole
    slowed(monkeypatch, open_segments, "open_image", 0.6)
    assert one.answer("chữ").notices == (TOO_LONG,)


def test_of_many_versions_a_process_that_starts_indexes_the_newest(world, monkeypatch):
    one = document("chữ đầu")
    writer = world.process()
    for version in range(1, 5):
        writer.write(replace(one, row_version=version, texts=(f"chữ {version}",)))
    indexed = []
    monkeypatch.setattr(segment, "indexed_words", lambda entry: indexed.append(entry.row_version) or words_of(entry))
    assert world.process().ids("chữ") == [one.record_id]
    assert indexed == [4]


def test_an_answer_that_ran_out_of_time_says_that_it_is_not_whole(world):
    one = world.process()
    one.write(document("chữ"))
    assert one.answer("chữ").is_whole
    for is_merged in (False, True):
        assert not is_merged or world.merge()
        stopped = one.answer("chữ", until=Deadline(0.0, lends=0.0))
        assert (stopped.hits, stopped.notices, stopped.is_whole) == ((), (TOO_LONG,), False)
    assert one.answer("colour:đỏ").notices
    assert one.answer("colour:đỏ").is_whole, "what was odd about the question leaves nothing out"


def test_the_budget_lets_segments_go_and_brings_them_back(world):
    one = world.process(memory=1)
    partitions = [replace(PARTITION, year=year) for year in (2024, 2025, 2026)]
    written = [document("chữ", partition=partition) for partition in partitions]
    one.write(*written)
    for partition in partitions:
        assert world.merge(partition)
    for _ in range(2):
        assert set(one.ids("chữ")) == {doc.record_id for doc in written}
        assert one.index._segments.kept.bytes_used < 200_000


def test_a_session_without_actor_finds_nothing(world):
    one = world.process()
    one.write(document("chữ"))
    assert one.ids("chữ", scope=Context(ceiling=None)) == []
    assert len(one.ids("chữ")) == 1


def test_large_partitions_come_in_several_segments(world, monkeypatch):
    monkeypatch.setattr("intelhub.search.merge.MOST_DOCUMENTS", 4)
    one = world.process()
    written = [document("chữ", occurred_at=minutes(n)) for n in range(10)]
    with world.worker() as session:
        assert reindex_partition(session, PARTITION, iter(written)) == 10
        assert session.execute(sql("SELECT count(*) FROM search_segments")).scalar_one() == 3
    assert one.ids("chữ") == [each.record_id for each in reversed(written)]
    one.write(changed(written[0], texts=("khác",)))
    assert world.merge()
    assert one.ids("chữ") == [each.record_id for each in reversed(written[1:])]
    assert one.ids("khác") == [written[0].record_id]


def test_what_holds_one_of_many_identifiers_is_found_with_those_it_holds(world):
    one = world.process()
    spelt = document("Xe 29c12345 qua cổng", occurred_at=minutes(1))
    held = document("Lô hàng lạ", occurred_at=minutes(2), identifiers=("MSKU1234565", "29C12345"))
    behind = document("Lô hàng khác", identifiers=("0101234567-001",))
    for written in (spelt, held, behind, document("Không có số nào", occurred_at=minutes(3))):
        one.write(written)
    world.merge()
    plates = tuple(f"30A{number:05}" for number in range(97))
    asked = {"identifiers": ("29C12345", "MSKU1234565", "0101234567-001", *plates)}
    hits = one.answer(**asked).hits
    assert [hit.record_id for hit in hits] == [held.record_id, spelt.record_id, behind.record_id]
    assert [set(hit.identifiers) for hit in hits] == [{"29C12345", "MSKU1234565"}, {"29C12345"}, {"0101234567-001"}]
    assert one.ids("lạ", **asked) == [held.record_id]
    assert one.answer("lạ").hits[0].identifiers == ()
