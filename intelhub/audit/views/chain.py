"""The state of the chain: what was signed last, what speaks against it, verifying all of it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from intelhub.audit.actions import AUDIT_VERIFIED, CHAIN_SHOWN, CHECKPOINT_TAKEN
from intelhub.audit.log import record_act
from intelhub.audit.note import NoteKey, NoteRejected, open_checkpoint
from intelhub.audit.queries import ChainStatus, Criteria, LoggedEntry, get_chain_status, search_entries
from intelhub.audit.verify import Verification, verify_log
from intelhub.audit.views import blueprint
from intelhub.audit.views.words import names_for
from intelhub.crypto import vault_of, verify_checkpoint
from intelhub.platform.errors import Conflict, NotFound, NotPermitted
from intelhub.platform.messages import Message
from intelhub.platform.web import current_actor, current_session, needs
from intelhub.platform.web.current import house

MOST_VERIFIED_HERE: Final = 100_000
"""A longer log is verified by the command line: a page must not keep a server busy for a minute."""

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


@blueprint.get("/audit/chain", access=needs("chain.read"))
def show_chain() -> ResponseReturnValue:
    """How the chain stands, and the signed checkpoint to keep."""
    record_act(current_actor(), current_session(), CHAIN_SHOWN.name)
    return _page(None)


@blueprint.post("/audit/chain/verify", access=needs("chain.read"))
def verify_chain() -> ResponseReturnValue:
    """Verify every entry, checkpoint and the tree now; the result is an entry itself."""
    actor, session = current_actor(), current_session()
    if not house().permits(actor, "audit.read"):
        # Row-level security would hide the entries from them, and hidden ones look like missing ones.
        raise NotPermitted("Only who may read the audit log can verify it.", rule="no_line:audit.read")
    if get_chain_status(session).size > MOST_VERIFIED_HERE:
        raise Conflict("This log is too long to be verified on a page. Run “intelhub audit verify”.")
    found = verify_log(session, vault_of(session).checkpoint_public_key)
    record_act(actor, session, AUDIT_VERIFIED.name, rule=HOLDS if found.holds else BROKEN)
    return _page(found)


@blueprint.get("/audit/chain/checkpoint", access=needs("chain.read"))
def download_checkpoint() -> ResponseReturnValue:
    """The newest signed checkpoint as the file that a later verification asks for."""
    note = get_chain_status(current_session()).note
    if note is None:
        raise NotFound(rule="nothing_signed")
    record_act(current_actor(), current_session(), CHECKPOINT_TAKEN.name)
    response = Response(note.encode(), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="checkpoint"'
    return response


def last_verification(*, may_read: bool) -> LoggedEntry | None:
    """The entry of the last verification, for those who may read the log."""
    if not may_read:
        return None
    wanted = Criteria(action=AUDIT_VERIFIED.name)
    return next(iter(search_entries(current_actor(), current_session(), wanted, limit=1).entries), None)


def _page(found: Verification | None) -> str:
    actor, session = current_actor(), current_session()
    status = get_chain_status(session)
    key = NoteKey.of_log(status.origin, vault_of(session).checkpoint_public_key)
    may_read = house().permits(actor, "audit.read")
    verified = last_verification(may_read=may_read)
    # What has just been found out counts, not the entry about the time before.
    standing = judge_chain(status, key, None if found is not None else verified)
    return render_template(
        "audit/chain.html",
        page_level=0,
        status=status,
        key=str(key),
        standing=standing,
        found=found,
        verified=verified,
        names=names_for([verified] if verified else []),
        may_read=may_read,
        may_verify=may_read and status.size <= MOST_VERIFIED_HERE,
    )
