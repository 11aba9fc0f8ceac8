"""Watched searches: looked through again by the worker, in their owner's name and with the rights of that moment.

Every look asks the whole question, so nothing is missed: neither what was written or changed, nor what came within the
owner's reach by a lower level, a new post or a compartment. What it found is told once: the records told of are kept
sealed beside the watch, in the transaction that writes the alert. A search that more fits than is looked through each
time is not watched. A look that could not see everything, because the search server was away or time was up, tells what
is new in what it saw and concludes nothing from what it did not see.

A look has the rights of a sign-in at the owner's own desk (`access.actor_at_own_desk`). An alert holds ids alone and is
read again wherever it is shown, with the rights of the session there: what a session elsewhere may not show is not
counted in it. Each look that finds something writes an alert of its own and changes none: an alert that took up later
finds would tell a session elsewhere, by its new time, that something out of its reach was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from intelhub.audit import ObjectRef, record_act
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, RuleRefused, Tampered
from intelhub.platform.messages import Message
from intelhub.records import actions, queries, saved_view_queries, sealing
from intelhub.records.domain import Alert, RecordSummary, SavedView, ViewKind, Watch
from intelhub.records.index_reader import ask_index
from intelhub.records.models import RecordAlertRow, RecordWatchRow
from intelhub.records.service import reading, saved_views
from intelhub.records.service.asked import request_of
from intelhub.search import Deadline, Order

MOST_MATCHES = 1000
SECONDS = 3.0
"""How long one look may take."""

_MOST_KNOWN = 5 * MOST_MATCHES
_MOST_READ = 20
MOST_UNREAD = 1000
"""Whoever has so many is looked for again when they have read some; nothing is lost."""

_MOST_LOGGED, _LONGEST_LOGGED = 50, 500  # ids and letters: together they fit into an entry

_TOO_WIDE = Message("Too much fits this search for it to be watched. Narrow it by more words or a filter.")
_NOT_WHOLE = Message(
    "Not all records can be looked through just now, so what is new could not be told from what is there already. "
    "Try again later, or narrow the search."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    """An alert of which this session may show something: how many records, and which search found them."""

    alert: Alert
    view: SavedView
    record_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a look found readable; not all that fits where there is more, or where not everything was looked through."""

    ids: tuple[UUID, ...]
    is_too_wide: bool
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What may be missed: more fits than is looked through, or the last look could not see everything."""

    is_too_wide: bool
    is_cut: bool


def list_watched(actor: Actor, session: Session) -> dict[UUID, Watched]:
    """The searches one has watched, each with what may be missed of it.

    A session below the one that was looked with is told nothing: it could be because of what lies above.
    """
    found = {}
    for row in saved_view_queries.list_watch_rows(actor, session):
        try:
            watch = sealing.open_watch(session, row)
        except Tampered:
            _let_go(actor, session, row)
        else:
            found[row.view_id] = Watched(
                is_too_wide=watch.is_too_wide and watch.looked_at <= actor.ceiling,
                is_cut=watch.cut_at is not None and watch.cut_at <= actor.ceiling,
            )
    return found


def watch_search(actor: Actor, session: Session, view_id: UUID) -> None:
    """Have a search of one's own watched from now on; raises `NotFound`, or `RuleRefused` when it cannot be."""
    saved_view_queries.let_one_at_a_time(actor, session)
    _, view = saved_views.own_view(actor, session, view_id, ViewKind.SEARCH)
    if saved_view_queries.find_watch_row(actor, session, view_id):
        return
    saved_views.check_room_to_watch(actor, session)
    found = _look(actor, session, view)
    if found.is_too_wide:
        raise RuleRefused(_TOO_WIDE, rule="watched_search")
    if not found.is_whole:
        raise RuleRefused(_NOT_WHOLE, rule="watched_search")
    row = RecordWatchRow(view_id=view_id, user_id=actor.user_id, sealed=b"")
    sealing.seal_watch(session, row, Watch(known=frozenset(found.ids), ceiling=actor.ceiling))
    session.add(row)
    session.flush()
    record_act(actor, session, actions.SEARCH_WATCHED, object=ObjectRef("record_view", view_id))


def stop_watching(actor: Actor, session: Session, view_id: UUID) -> None:
    """Have a search of one's own watched no longer; raises `NotFound`."""
    saved_view_queries.let_one_at_a_time(actor, session)
    saved_views.own_view(actor, session, view_id, ViewKind.SEARCH)
    row = saved_view_queries.find_watch_row(actor, session, view_id)
    if row is None:
        raise NotFound
    session.delete(row)
    session.flush()
    record_act(actor, session, actions.SEARCH_UNWATCHED, object=ObjectRef("record_view", view_id))


def list_watched_ids(actor: Actor, session: Session) -> tuple[UUID, ...]:
    """The searches to be looked through for this person."""
    return tuple(row.view_id for row in saved_view_queries.list_watch_rows(actor, session))


def look_again(actor: Actor, session: Session, view_id: UUID) -> int:
    """Look a watched search through for its owner, who acts; how many records are new to them.

    One that was removed, is damaged, or whose words the owner may not see any more, finds nothing.
    """
    saved_view_queries.let_one_at_a_time(actor, session)
    row = saved_view_queries.find_watch_row(actor, session, view_id)
    if row is None:
        return 0
    try:
        _, view = saved_views.own_view(actor, session, view_id, ViewKind.SEARCH)
        watch = sealing.open_watch(session, row)
    except NotFound:
        return 0
    except Tampered:
        _let_go(actor, session, row)
        return 0
    if saved_view_queries.count_alert_rows(actor, session) >= MOST_UNREAD and is_full(list_alerts(actor, session)):
        return 0
    found = _look(actor, session, view)
    unknown = queries.list_by_ids(actor, session, [one for one in found.ids if one not in watch.known])
    sound = [line for line in unknown if not line.is_damaged]  # whoever looks at a damaged one raises the alarm
    news = [line for line in sound if watch.has_begun or line.level <= watch.ceiling]
    if news:
        _tell(actor, session, view, news)
    after = _after(replace(watch, known=watch.known | {line.id for line in sound}), found, actor.ceiling)
    if after != watch:
        sealing.seal_watch(session, row, after)
        session.flush()
    return len(news)


def _after(watch: Watch, found: _Found, ceiling: int) -> Watch:
    """A watch as a look leaves it; what a look did not see may fit all the same, and stays known."""
    if not found.is_whole and not found.is_too_wide:
        return replace(watch, cut_at=ceiling)  # how much fits is as it was counted before, by whoever counted it
    is_all = found.is_whole and not found.is_too_wide
    return replace(
        watch,
        known=watch.known & frozenset(found.ids) if is_all and len(watch.known) > _MOST_KNOWN else watch.known,
        has_begun=watch.has_begun or found.is_whole,
        is_too_wide=found.is_too_wide,
        looked_at=ceiling,
        cut_at=None if found.is_whole else ceiling,
    )


def _look(actor: Actor, session: Session, view: SavedView) -> _Found:
    asked = replace(request_of(view.asked), limit=MOST_MATCHES + 1, order=Order.NEWEST, with_snippets=False)
    request = replace(asked, until=Deadline.in_seconds(SECONDS))
    answer = ask_index(session, request)
    hits = [hit.record_id for hit in answer.hits]
    readable = saved_view_queries.list_readable(actor, session, hits)
    ids = tuple(one for one in hits if one in readable)
    return _Found(ids=ids[:MOST_MATCHES], is_too_wide=len(ids) > MOST_MATCHES, is_whole=answer.is_whole)


def _tell(actor: Actor, session: Session, view: SavedView, news: Sequence[RecordSummary]) -> None:
    """Write an alert; the look is an entry of the log."""
    ids = tuple(line.id for line in news)
    alert = Alert(id=uuid4(), view_id=view.id, found_at=clock.now(), record_ids=ids)
    session.add(_sealed(actor, session, alert))
    session.flush()
    record_act(
        actor,
        session,
        actions.WATCH_FOUND,
        object=ObjectRef("record_view", view.id),
        shown=ids[:_MOST_LOGGED],
        level=max(line.level for line in news),
        sensitive={"search": view.name, "query": request_of(view.asked).text[:_LONGEST_LOGGED]},
    )


def _sealed(actor: Actor, session: Session, alert: Alert) -> RecordAlertRow:
    row = RecordAlertRow(id=alert.id, view_id=alert.view_id, user_id=actor.user_id, sealed=b"")
    sealing.seal_alert(session, row, alert)
    return row


def list_alerts(actor: Actor, session: Session) -> tuple[ShownAlert, ...]:
    """What one's watched searches found and this session may show: what is unread first, and the newest first."""
    alerts = [alert for alert, _ in _opened(actor, session)]
    views = {view.id: view for view in saved_views.list_views(actor, session, ViewKind.SEARCH) if not view.is_removed}
    readable = saved_view_queries.list_readable(actor, session, {one for alert in alerts for one in alert.record_ids})
    shown = (
        ShownAlert(alert=alert, view=views[alert.view_id], record_ids=ids)
        for alert in alerts
        if alert.view_id in views and (ids := tuple(one for one in alert.record_ids if one in readable))
    )
    return tuple(sorted(shown, key=lambda one: (not one.alert.is_read, one.alert.found_at), reverse=True))


def is_full(alerts: Iterable[ShownAlert]) -> bool:
    """Whether so many of these are unread that nothing new is looked for."""
    return sum(not one.alert.is_read for one in alerts) >= MOST_UNREAD


def count_alerts(actor: Actor, session: Session) -> int | None:
    """How many alerts are unread of which this session may show something; None for whoever has none watched."""
    if not saved_view_queries.list_alert_rows(actor, session):
        return None
    return sum(not one.alert.is_read for one in list_alerts(actor, session))


def open_alert(actor: Actor, session: Session, alert_id: UUID) -> tuple[ShownAlert, tuple[RecordSummary, ...]]:
    """An alert with the lines of its first records, read again and logged as a list; raises `NotFound`."""
    shown = next((one for one in list_alerts(actor, session) if one.alert.id == alert_id), None)
    if shown is None:
        raise NotFound
    lines = queries.list_by_ids(actor, session, shown.record_ids[: queries.PAGE])
    reading.log_shown(actor, session, lines)
    return shown, lines


def mark_read(actor: Actor, session: Session, alert_id: UUID) -> None:
    """Say that one has read what this session shows of an alert; raises `NotFound`."""
    saved_view_queries.let_one_at_a_time(actor, session)
    shown = [one for one in list_alerts(actor, session) if one.alert.id == alert_id]
    if not shown:
        raise NotFound
    _mark(actor, session, shown)


def mark_these_read(actor: Actor, session: Session, alert_ids: Collection[UUID]) -> None:
    """Say that one has read these alerts, as far as this session shows them; what came since stays unread."""
    saved_view_queries.let_one_at_a_time(actor, session)
    alerts = list_alerts(actor, session)
    _mark(actor, session, [one for one in alerts if one.alert.id in alert_ids and not one.alert.is_read])


def _mark(actor: Actor, session: Session, shown: Sequence[ShownAlert]) -> None:
    """Keep what was shown as read, the last twenty; what of it this session may not show stays unread behind."""
    rows = {alert.id: row for alert, row in _opened(actor, session)}
    for one in shown:
        seen = set(one.record_ids)
        hidden = tuple(identity for identity in one.alert.record_ids if identity not in seen)
        if hidden and not one.alert.is_read:
            behind = replace(one.alert, id=uuid4(), record_ids=hidden)
            session.add(_sealed(actor, session, behind))
        sealing.seal_alert(session, rows[one.alert.id], replace(one.alert, record_ids=one.record_ids, is_read=True))
        record_act(actor, session, actions.ALERT_READ, object=ObjectRef("record_alert", one.alert.id))
    session.flush()
    read = [(alert, old) for alert, old in _opened(actor, session) if alert.is_read]
    read.sort(key=lambda one: one[0].found_at, reverse=True)
    for _, old in read[_MOST_READ:]:
        session.delete(old)
    session.flush()


def _opened(actor: Actor, session: Session) -> list[tuple[Alert, RecordAlertRow]]:
    found = []
    for row in saved_view_queries.list_alert_rows(actor, session):
        try:
            found.append((sealing.open_alert(session, row), row))
        except Tampered:
            _let_go(actor, session, row)
    return found


def _let_go(actor: Actor, session: Session, row: RecordWatchRow | RecordAlertRow) -> None:
    """Raise the alarm for a row that does not fit its seal and remove it: what remains of it is the alarm."""
    saved_views.raise_alarm(actor, session, row.view_id)
    session.delete(row)
    session.flush()
