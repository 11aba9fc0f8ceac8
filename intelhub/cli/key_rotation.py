"""The steps of rotating keys: each batch is a transaction, so that an interruption loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from intelhub.audit import record_act
from intelhub.cli import actions
from intelhub.cli.opening import CONSOLE, Acting, CommandRefused
from intelhub.cli.passphrases import passphrase_in
from intelhub.crypto import (
    KekScope,
    RootKeys,
    add_data_root,
    drop_retired_roots,
    open_key_file,
    roots_in_use,
    rotate_kek,
    rotate_root,
)
from intelhub.organisation import load_directory, today
from intelhub.platform.messages import Message
from intelhub.records import rewrap_records


def add_root(acting: Acting) -> None:
    """Put a new data root into the key file; raises `CommandRefused` while a former one is still there."""
    settings = acting.house.settings
    if _keys(acting).retired_data:
        raise CommandRefused(
            "A former data root is still in the key file: finish that rotation first, with --restarted and then"
            " --drop-former."
        )
    with acting.begin() as session:
        record_act(CONSOLE, session, actions.ROOT_ADDED)
        session.flush()
        # The file last: an entry without a new root is harmless, a root nobody was told of is not.
        add_data_root(settings.key_file, passphrase_in(settings.passphrase_file))


def rewrap_keys(acting: Acting, advance: Callable[[int], None]) -> int:
    """Wrap every key that rests on a former root under the present one; returns how many."""
    total = 0
    while True:
        with acting.begin() as session:
            count = rotate_root(session)
            if count == 0:
                record_act(CONSOLE, session, actions.ROOT_ROTATED)
                return total
        total += count
        advance(count)


def drop_roots(acting: Acting) -> int:
    """Forget former roots; raises `CommandRefused` while a key rests on one."""
    settings = acting.house.settings
    former = _keys(acting).retired_data
    if not former:
        raise CommandRefused("There is no former root in the key file.")
    with acting.begin() as session:
        if roots_in_use(session) & former.keys():
            raise CommandRefused("Keys still rest on the former root. Run: intelhub keys rotate-root --restarted")
        record_act(CONSOLE, session, actions.ROOTS_DROPPED)
        session.flush()
        drop_retired_roots(settings.key_file, passphrase_in(settings.passphrase_file))
    return len(former)


def scope_of(acting: Acting, level: int, department: str, compartments: Iterable[Any]) -> KekScope:
    """The scope somebody named; raises `CommandRefused` for a code of a unit that has no keys of its own."""
    with acting.begin() as session:
        directory = load_directory(session)
        tree = directory.as_of(today())
        unit = tree.find(department)
        if unit is None or tree.department_of(unit.id).id != unit.id:
            raise CommandRefused(
                Message(
                    "There is no %(tier)s “%(code)s”: keys belong to one, or to the %(top)s.",
                    {"code": department, "tier": directory.tier(2), "top": directory.tier(1)},
                )
            )
    return KekScope(level=level, compartments=tuple(compartments), department_id=unit.id)


def replace_kek(acting: Acting, scope: KekScope) -> None:
    """Put a new key in force for a scope."""
    with acting.begin() as session:
        rotate_kek(session, scope)
        record_act(CONSOLE, session, actions.KEK_ROTATED, level=scope.level)


def rewrap_content(acting: Acting, scope: KekScope, advance: Callable[[int], None]) -> int:
    """Wrap the data keys of a scope under its newest key; returns how many."""
    total = 0
    while True:
        with acting.begin() as session:
            count = rewrap_records(session, scope)
        if count == 0:
            return total
        total += count
        advance(count)


def _keys(acting: Acting) -> RootKeys:
    settings = acting.house.settings
    return open_key_file(settings.key_file, passphrase_in(settings.passphrase_file))
