"""What the worker does for the search index: merges, moves behind tokens, checks and rebuilds on the search server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from intelhub.app import House
from intelhub.platform.errors import Tampered
from intelhub.records import raise_index_alarm
from intelhub.search import (
    CHANGED_SHARE,
    TAIL_ROWS,
    Checked,
    Partition,
    SearchServer,
    ServerAway,
    Wall,
    check_wall,
    clear_epoch,
    drop_epochs,
    forget_wall,
    gets_tokens,
    hold_level,
    levels_due,
    list_indices,
    list_merges_due,
    list_moves_due,
    list_walls,
    merge_partition,
    next_epoch,
    rebuild_wall,
    shelve_partition,
    walls_of_level,
)
from intelhub.system import WORKER, SystemScope

_LEVELS = 4
_log = structlog.get_logger(__name__)


def merge_tails(house: House, *, at_least: int = TAIL_ROWS) -> None:
    """Merge every partition whose tail is long enough, each in a transaction of its own."""
    with house.units.begin(WORKER, SystemScope()) as session:
        due = list_merges_due(session, at_least=at_least)
    _move(house, due)


def catch_up(house: House) -> None:
    """Move behind tokens what was merged into sealed parts: without a server, or while few documents stood there."""
    if house.search_server is None:
        return
    with house.units.begin(WORKER, SystemScope()) as session:
        due = list_moves_due(session)
    _move(house, due)


def _move(house: House, due: Sequence[Partition]) -> None:
    """Move each partition behind tokens while the server answers; what cannot be moved is merged into sealed parts."""
    server = _answering(house) if due else None
    for partition in due:
        try:
            if server is not None:
                try:
                    with house.units.begin(WORKER, SystemScope()) as session:
                        is_moved = shelve_partition(session, server, partition)
                except ServerAway:
                    is_moved, server = False, _answering(house)  # sealed parts take it until the server is back
                if is_moved:
                    continue
            with house.units.begin(WORKER, SystemScope()) as session:
                merge_partition(session, partition)
        except Tampered:
            _log.error("a search partition does not fit its seal; run intelhub reindex", level=partition.level)


def _answering(house: House) -> SearchServer | None:
    """The search server, if there is one that answers: a move opens a whole partition before it speaks to it."""
    server = house.search_server
    return server if server is not None and server.answers() else None


def check_search_server(house: House) -> None:
    """Bring the search server to what the database holds, each wall in its own transaction."""
    if house.search_server is None:
        return
    with house.units.begin(WORKER, SystemScope()) as session:
        walls = list(list_walls(session))
    found = {wall: _check_wall(house, house.search_server, wall) for wall in walls}
    for wall in [wall for wall, checked in found.items() if checked is None]:  # another worker was at it
        found[wall] = _check_wall(house, house.search_server, wall)
        if found[wall] is None:
            _log.warning("a wall of the search server could not be checked: it is being changed", level=wall.level)
    for level in sorted({wall.level for wall, checked in found.items() if checked and checked.lost}):
        _rebuild_level(house, level)


def _check_wall(house: House, server: SearchServer, wall: Wall) -> Checked | None:
    """Check one wall and tell what is wrong with it."""
    try:
        with house.units.begin(WORKER, SystemScope()) as session:
            found = check_wall(session, server, wall)
            if found is not None and found.damaged:
                raise_index_alarm(WORKER, session)
    except (ServerAway, Tampered) as error:
        _log.error("the search server could not be checked", level=wall.level, kind=type(error).__name__)
        return Checked()
    if found is None:
        return None
    if found.damaged:
        _log.critical("sealed documents do not fit their seal", level=wall.level, documents=found.damaged)
    if found.sent or found.lost:
        _log.error("the search server had lost documents", level=wall.level, documents=found.sent + found.lost)
    return found


def rebuild_search_server(house: House, *, changed: float = CHANGED_SHARE) -> None:
    """Send every level anew that is due, wall by wall, under keys and ids of a fresh epoch.

    A flat level is due each night with any change, and by the hour once a twentieth of it has changed.
    """
    if _answering(house) is None:
        return
    with house.units.begin(WORKER, SystemScope()) as session:
        due = levels_due(session, changed=changed)
    for level in due:
        _rebuild_level(house, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How many documents went behind tokens; `is_away` where the server stopped answering and the rest is sealed."""

    documents: int = 0
    is_away: bool = False


def rebuild_everything(
    house: House, partitions: Iterable[Partition], rebuild: Callable[[Partition], None], advance: Callable[[int], None]
) -> Sent:
    """Make the index anew wall by wall, its parts by `rebuild` and then its tokens: searches open what is sealed.

    Tells of each part and each wall. Walls that have changed over stay so, the others are asked as before.
    """
    parts: dict[Wall, list[Partition]] = {}
    for partition in partitions:
        parts.setdefault(Wall.of(partition), []).append(partition)
    with house.units.begin(WORKER, SystemScope()) as session:
        for wall in list_walls(session):
            parts.setdefault(wall, [])
    documents, is_away = 0, False

    def take_next(waiting: deque[Wall]) -> Wall:
        wall = waiting.popleft()
        for partition in parts[wall]:
            rebuild(partition)
            advance(1)
        return wall

    for level in range(_LEVELS):
        waiting = deque(wall for wall in parts if wall.level == level)
        try:
            with _new_epoch(house, level) as begun:
                while waiting:
                    wall = take_next(waiting)
                    documents += _send_wall(house, wall, begun)
                    advance(1)
        except ServerAway:
            is_away = True
        while waiting:  # sealed until the server is back
            take_next(waiting)
            advance(1)
    return Sent(documents=documents, is_away=is_away)


def _send_wall(house: House, wall: Wall, begun: _Begun | None) -> int:
    with house.units.begin(WORKER, SystemScope()) as session:
        if house.search_server is None:
            forget_wall(session, wall)  # or every answer would go on saying that what lay there is missing
        if begun is None or not gets_tokens(session, wall):
            return 0
    return _rebuild_wall(house, begun.server, wall, begun.epoch)


class _Begun(NamedTuple):
    server: SearchServer
    epoch: int


@contextmanager
def _new_epoch(house: House, level: int) -> Iterator[_Begun | None]:
    """Hold a level while its walls change over, and drop what none lies in then; `None` where there is nobody to tell.

    That is without a server, and while somebody else rebuilds the level.
    """
    if house.search_server is None:
        yield None
        return
    with house.units.begin(WORKER, SystemScope()) as holding:
        if not hold_level(holding, level):
            yield None
            return
        begun = _Begun(house.search_server, next_epoch(holding, level))
        clear_epoch(holding, begun.server, level, begun.epoch)
        yield begun
        drop_epochs(holding, begun.server, level, before=begun.epoch)


def _rebuild_level(house: House, level: int) -> None:
    """Rebuild a level unless somebody is at it; what is wrong with one wall stops no other."""
    try:
        with _new_epoch(house, level) as begun:
            if begun is None:
                return
            with house.units.begin(WORKER, SystemScope()) as session:
                walls = walls_of_level(session, level)
            for wall in walls:
                _rebuild_wall(house, begun.server, wall, begun.epoch)
    except ServerAway:
        _log.error("a level of the search server could not be rebuilt", level=level)


def _rebuild_wall(house: House, server: SearchServer, wall: Wall, epoch: int) -> int:
    try:
        with house.units.begin(WORKER, SystemScope()) as session:
            rebuilt = rebuild_wall(session, server, wall, epoch)
            if rebuilt.damaged:
                raise_index_alarm(WORKER, session)
    except Tampered:
        _log.critical("a part of the index does not fit its seal; run intelhub reindex", level=wall.level)
        with house.units.begin(WORKER, SystemScope()) as session:
            raise_index_alarm(WORKER, session)
        return 0
    if rebuilt.damaged:
        _log.critical("sealed documents do not fit their seal", level=wall.level, documents=rebuilt.damaged)
    return rebuilt.documents


def tidy_search_server(house: House) -> None:
    """Let the server forget what it keeps of each document beside its tokens; it takes half a minute and a merge."""
    if house.search_server is None:
        return
    try:
        with house.units.begin(WORKER, SystemScope()) as session:
            indices = list_indices(session)
        for index in indices:
            house.search_server.forget_what_was_sent(index)
    except (ServerAway, Tampered) as error:
        _log.error("the search server could not be tidied", kind=type(error).__name__)
