"""An export as the file that leaves: its lines in words, and on it whose copy it is."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext, ngettext

from intelhub.organisation import load_directory
from intelhub.platform.clock import HANOI
from intelhub.platform.web import current_actor, current_session
from intelhub.platform.web.look import format_moment, say
from intelhub.records.domain import ExportFormat, RecordSummary
from intelhub.records.export_files import Cell, Table, write_csv, write_xlsx
from intelhub.records.service import taking_along
from intelhub.records.views.reading import compartments_held, names_of, state_words
from intelhub.records.views.words import word

_TYPES = {
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.CSV: "text/csv; charset=utf-8",
}


def level_words(level: int) -> str:
    """A level as it stands on paper."""
    words: dict[int, str] = {0: gettext("Not marked"), 1: "MẬT", 2: "TỐI MẬT", 3: "TUYỆT MẬT"}
    return words[level]


def file_of(export: taking_along.Export, kind: ExportFormat) -> ResponseReturnValue:
    """The export as a file whose name says nothing of it but the beginning of its number."""
    table = _table(export)
    written = write_csv(table, HANOI) if kind is ExportFormat.CSV else write_xlsx(table, HANOI)
    response = Response(written, content_type=_TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="intelhub-{export.id.hex[:8]}.{kind.value}"'
    return response


def _table(export: taking_along.Export) -> Table:
    actor, selection = current_actor(), export.selection
    level, who = level_words(selection.level), f"{actor.display_name} ({actor.username})"
    titles: list[str] = [
        gettext("Number"), gettext("Learned"), gettext("Unit"), gettext("Topic"), gettext("Channel"),
        gettext("Grade"), gettext("Urgency"), gettext("Level"), gettext("Compartment"), gettext("Handling code"),
        gettext("State"), gettext("Abstract"),
    ]  # fmt: skip
    return Table(
        level=level,
        mark=f"{level} · {who} · {format_moment(export.at)} · {export.id}",
        marks=list(_marks(export, who)),
        titles=titles,
        rows=[_row(line) for line in selection.lines],
    )


def _marks(export: taking_along.Export, who: str) -> Iterator[tuple[str, str]]:
    """Whose copy it is: who, where, when, how many, under which number of the log, who agreed, and what is missing."""
    actor, selection = current_actor(), export.selection
    yield gettext("Exported by"), who
    yield gettext("Unit"), ", ".join(dict.fromkeys(_unit_name(post.unit_id) for post in actor.posts))
    yield gettext("Working from"), word("place", actor.place.value)
    yield gettext("At"), format_moment(export.at)
    yield gettext("Number of the export"), str(export.id)
    yield gettext("Records in this file"), str(len(selection.lines))
    if export.approver_id:
        yield gettext("Agreed to by"), names_of([export.approver_id]).get(export.approver_id, "")
    if selection.is_cut:
        first = gettext("There are more than %(count)d; the first %(count)d were asked for.", count=taking_along.MOST)
        yield gettext("Not whole"), first
    for notice in selection.notices:
        yield gettext("Not whole"), say(notice)
    if selection.kept_back:
        left = ngettext("%(num)s record stays here.", "%(num)s records stay here.", selection.kept_back)
        yield gettext("Left out"), left


def _unit_name(unit_id: UUID) -> str:
    unit = load_directory(current_session()).ever.find(unit_id)
    return unit.short_label(str(get_locale())) if unit else ""


def _row(line: RecordSummary) -> list[Cell]:
    head, held = line.head, dict(compartments_held())
    return [
        head.number, head.learned_at, _unit_name(line.unit_id), word("topic", head.topic),
        word("channel", head.channel), str(head.grade) if head.grade else "", word("urgency", head.urgency),
        level_words(line.level), ", ".join(held.get(str(one), "") for one in line.compartments), line.handling,
        state_words(line.state)[0], head.abstract,
    ]  # fmt: skip
