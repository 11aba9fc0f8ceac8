"""How the chain stands, judged without reading every entry: the worst thing that is known of it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy.orm import Session

from intelhub.audit.actions import AUDIT_VERIFIED
from intelhub.audit.note import NoteKey, NoteRejected, open_checkpoint
from intelhub.audit.queries import ChainStatus, Criteria, LoggedEntry, get_chain_status, search_entries
from intelhub.crypto import vault_of, verify_checkpoint
from intelhub.platform.actor import Actor
from intelhub.platform.messages import Message

HOLDS: Final = "holds"
BROKEN: Final = "broken"

Tone = Literal["good", "warning", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the chain stands, in one word for the eye and in sentences."""

    tone: Tone
    sentences: tuple[Message, ...]


def judge_chain(status: ChainStatus, key: NoteKey, last_verified: LoggedEntry | None) -> Standing:
    """What can be said without reading every entry; the worst thing decides."""
    bad = _contradictions(status, key)
    if last_verified is not None and last_verified.entry.rule != HOLDS:
        bad.append(Message("The last verification found entries that do not hold. Tell the security officer."))
    if bad:
        return Standing(tone="bad", sentences=tuple(bad))
    late: list[Message] = []
    if status.is_late:
        late.append(Message("Entries have been waiting for more than five seconds: the worker does not keep up."))
    if status.note is None:
        late.append(Message("Nothing has been signed yet: the worker signs the first checkpoint."))
    if late:
        return Standing(tone="warning", sentences=tuple(late))
    said = Message("The last checkpoint is signed with the key of this log, and nothing contradicts it.")
    return Standing(tone="good", sentences=(said,))


def _contradictions(status: ChainStatus, key: NoteKey) -> list[Message]:
    if status.root is None:
        return [Message("What says how far the tree reaches was changed or is missing.")]
    if status.note is None:
        return []
    try:
        signed = open_checkpoint(status.note, key, verify_checkpoint)
    except NoteRejected:
        return [Message("The last checkpoint is not signed with the key of this log.")]
    if signed.size > status.size:
        return [Message("Entries are missing: more of them were signed than there are.")]
    if signed.size == status.size and signed.root != status.root:
        return [Message("The tree is not the one that was signed.")]
    return []


def note_key(session: Session, status: ChainStatus) -> NoteKey:
    """The key that checkpoints of this log are signed with."""
    return NoteKey.of_log(status.origin, vault_of(session).checkpoint_public_key)


def last_verification(actor: Actor, session: Session) -> LoggedEntry | None:
    """The entry of the last verification, as far as row-level security shows it."""
    wanted = Criteria(action=AUDIT_VERIFIED.name)
    return next(iter(search_entries(actor, session, wanted, limit=1).entries), None)


def look_at_chain(actor: Actor, session: Session) -> tuple[ChainStatus, Standing]:
    """The chain's figures, and what can be said of it; whoever shows them writes down that somebody looked."""
    status = get_chain_status(session)
    return status, judge_chain(status, note_key(session, status), last_verification(actor, session))
