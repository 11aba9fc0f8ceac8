"""The state of the chain: what was signed last, what speaks against it, verifying all of it now."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from intelhub.audit.actions import AUDIT_VERIFIED, CHAIN_SHOWN, CHECKPOINT_TAKEN
from intelhub.audit.log import record_act
from intelhub.audit.patterns import count_refused
from intelhub.audit.queries import get_chain_status
from intelhub.audit.standing import BROKEN, HOLDS, judge_chain, last_verification, look_at_chain, note_key
from intelhub.audit.verify import Verification, verify_log
from intelhub.audit.views import blueprint
from intelhub.audit.views.asking import written_minute
from intelhub.audit.views.words import names_for
from intelhub.crypto import vault_of
from intelhub.platform import clock
from intelhub.platform.errors import Conflict, NotFound, NotPermitted
from intelhub.platform.web import current_actor, current_session, needs, station
from intelhub.platform.web.current import house

MOST_VERIFIED_HERE: Final = 100_000
"""A longer log is verified by the command line: a page must not keep a server busy for a minute."""


@blueprint.get("/audit/chain", access=needs("chain.read"))
def show_chain() -> ResponseReturnValue:
    """How the chain stands, and the signed checkpoint to keep."""
    record_act(current_actor(), current_session(), CHAIN_SHOWN.name)
    return _page(None)


@station(blueprint, "chain.read", "audit.read")
def show_station() -> str:
    """On the home of whoever reads the log: how the chain stands, and the ways into the log."""
    actor, session = current_actor(), current_session()
    status, standing = look_at_chain(actor, session)
    # To the minute, as the links say it, so that a figure opens exactly what it counts.
    since = clock.now().replace(second=0, microsecond=0) - timedelta(days=1)
    refused, sign_ins = count_refused(actor, session, since)
    record_act(actor, session, CHAIN_SHOWN.name)
    return render_template(
        "audit/_station.html",
        status=status,
        standing=standing,
        refused=refused,
        sign_ins=sign_ins,
        since=written_minute(since),
    )


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


def _page(found: Verification | None) -> str:
    actor, session = current_actor(), current_session()
    status = get_chain_status(session)
    key = note_key(session, status)
    may_read = house().permits(actor, "audit.read")
    verified = last_verification(actor, session) if may_read else None
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
