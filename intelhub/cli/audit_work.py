"""What the commands on the audit log do; each look at it is an entry of its own."""

from __future__ import annotations

import base64
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from intelhub.audit import (
    Entry,
    Exported,
    Verification,
    export_log,
    get_entry,
    offline_verifier,
    parse_entry,
    record_act,
    verify_log,
)
from intelhub.cli.opening import CONSOLE, CommandRefused, load_settings, system_work
from intelhub.cli.output import say, warn
from intelhub.platform.errors import NotFound
from intelhub.platform.messages import Message
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.system import SystemScope


def verify_here(var: Path, seen: Path | None) -> bool:
    """Verify the log in the database and say what was found; whether it holds."""
    kept = None if seen is None else seen.read_text("utf-8")
    with system_work(var, role="worker") as acting, acting.begin() as session:
        found = verify_log(session, acting.house.vault.checkpoint_public_key, seen=kept)
        record_act(CONSOLE, session, "audit:verified", rule="holds" if found.holds else "broken")
    for finding in found.findings:
        say(f"BROKEN: {finding}")
    if found.holds:
        say(f"The chain holds: {found.size} entries, root {base64.b64encode(found.root).decode()}.")
    else:
        say(f"The chain does not hold: {found.found} findings{_first(found)}. Tell the security officer.")
    if found.is_late:
        warn(f"{found.waiting} entries have been waiting for too long: is the worker running?")
    return found.holds


def export_to(var: Path, folder: Path) -> Exported:
    """Write the log into a new folder."""
    with system_work(var, role="worker") as acting, acting.begin() as session:
        exported = export_log(session, folder, acting.house.vault.checkpoint_public_key)
        record_act(CONSOLE, session, "audit:exported", rule=f"{exported.size} entries")
    return exported


def entry_here(var: Path, seq: int) -> Entry:
    """An entry of the database; the server's keys stay closed. Raises `CommandRefused`."""
    engine = create_engine(load_settings(var).url_for("worker"), poolclass=NullPool)
    try:
        with UnitsOfWork(engine, {}).begin(CONSOLE, SystemScope()) as session:
            logged = get_entry(CONSOLE, session, seq)
            record_act(CONSOLE, session, "audit:unsealed", rule=f"entry {seq}")
    except NotFound:
        raise _no_entry(seq) from None
    finally:
        engine.dispose()
    if not logged.is_intact:
        raise CommandRefused(Message("Entry %(seq)d is damaged. Run “intelhub audit verify”.", {"seq": seq}))
    return logged.entry


def entry_in(folder: Path, seq: int) -> Entry:
    """An entry of an exported folder, whose chain is verified first; raises `CommandRefused`."""
    try:
        key = offline_verifier.read_key((folder / "key").read_text("utf-8"))
        size, _, _ = offline_verifier.verify(folder, key, None)
        if seq >= size:
            raise _no_entry(seq)
        index, at = divmod(seq, offline_verifier.WIDTH)
        first = index * offline_verifier.WIDTH
        width = min(offline_verifier.WIDTH, size - first)
        bundle = offline_verifier.read_tile(folder, "entries", index, width)
        return parse_entry(offline_verifier.entries_of(bundle, first, width)[at])
    except offline_verifier.BrokenLog as problem:
        raise CommandRefused(Message("The export does not hold: %(reason)s.", {"reason": str(problem)})) from problem


def _first(found: Verification) -> str:
    return "" if found.first_broken is None else f", the first at entry {found.first_broken}"


def _no_entry(seq: int) -> CommandRefused:
    return CommandRefused(Message("There is no entry %(seq)d.", {"seq": seq}))
