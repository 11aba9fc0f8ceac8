"""Submitting records, as a browser does it, against the bare page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice, zip_longest

from benchmarks.bench import AT_ONCE, Bench, Figure, said
from benchmarks.client import Call, Run
from benchmarks.filling import CLEAR_ROWS, NOW
from benchmarks.people import Staff
from benchmarks.plan import TEXTS, invented_texts, plan
from benchmarks.reader import Reader, form_of
from intelhub.records.domain import RecordState

PART = "submitting"
_UNHEARD = 2
_UNITS = 24


def measure(bench: Bench) -> Iterator[Figure]:
    """Submissions a second (the POST of a checked draft), and drafts a second (the POST of the form)."""
    forms = list(_forms(bench))
    writers = bench.staff[:_UNITS]
    readers = {one.code: bench.reader(f"officer.{one.code.lower()}") for one in writers}
    submissions: list[Run] = []
    drafts: list[Run] = []
    pages: list[Run] = []
    bare = bench.bare_pages(islice(bench.planned(CLEAR_ROWS, RecordState.SHARED_UP), 60))
    for number in range(_UNHEARD + bench.rounds):
        share = forms[number :: _UNHEARD + bench.rounds]
        begun = [readers[code].post("/records/new", {**form, "do": "save"}) for code, form in share]
        begin = bench.client.run(begun, connections=AT_ONCE)
        # In turns: numbers of one unit are given one after the other, and nobody submits eight records at once.
        desks = [_submissions(bench, one, readers[one.code]) for one in writers]
        waiting = [call for calls in zip_longest(*desks) for call in calls if call]
        submit = bench.client.run(waiting, connections=AT_ONCE)
        read = bench.client.run(bare, connections=AT_ONCE)
        # As with opening: the first rounds are those in which each connection learns its statements.
        if number >= _UNHEARD:
            drafts.append(begin)
            submissions.append(submit)
            pages.append(read)
    page, draft, submission = _together(pages), _together(drafts), _together(submissions)
    yield Figure(
        part=PART,
        what=f"submitting a draft against the bare page, {AT_ONCE} at once",
        size=bench.size,
        value=submission.per_second / page.per_second,
        unit="x",
        words=f"submissions {submission.per_second:.0f}/s ({said(submission)}); bare {page.per_second:.0f}/s",
        at_least=0.5,
    )
    both = 1 / (1 / draft.per_second + 1 / submission.per_second)
    yield Figure(
        part=PART,
        what=f"draft and submission together against the bare page, {AT_ONCE} at once",
        size=bench.size,
        value=both / page.per_second,
        unit="x",
        words=f"drafts {draft.per_second:.0f}/s ({said(draft)}); both {both:.0f}/s",
    )


def _forms(bench: Bench) -> Iterator[tuple[str, dict[str, str]]]:
    """Forms that pass every check: unchanged texts of level 0, each to the writers in turn."""
    texts = invented_texts(NOW)
    codes = cycle(one.code for one in bench.staff[:_UNITS])
    open_texts = (one for one in plan(bench.staff, 0, TEXTS, NOW) if one.level == 0)
    for code, one in zip(codes, islice(open_texts, 30 * (_UNHEARD + bench.rounds)), strict=False):
        yield code, form_of({**one.fields(texts), "list_item": None})


def _submissions(bench: Bench, staff: Staff, reader: Reader) -> list[Call]:
    """Every draft that lies on a writer's desk, sent off."""
    from intelhub import access, records

    actor_name = f"officer.{staff.code.lower()}"
    with bench.units.begin(access.NOBODY, access.scope_for(access.NOBODY)) as session:
        actor = access.actor_named(session, actor_name)
    wanted = records.ListFilter(author_id=staff.officer, states=(RecordState.DRAFT,))
    with bench.units.begin(actor, access.scope_for(actor)) as session:
        lines = records.show_list(actor, session, wanted, limit=500).lines
    return [reader.post(f"/records/{line.id}/submit", {"row_version": str(line.row_version)}) for line in lines]


def _together(runs: list[Run]) -> Run:
    return Run(seconds=tuple(s for run in runs for s in run.seconds), elapsed=sum(run.elapsed for run in runs))
