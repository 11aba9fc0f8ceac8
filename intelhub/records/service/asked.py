"""What somebody asked, sealed so that it may stand in an address: to come back to it, and to mark its words.

An address is kept by browsers, logs and people. What stands there says nothing but its rough length, opens in the
session it was sealed in and nowhere else, and is worth nothing when that session is over.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from intelhub.crypto import open_blob, seal_blob, vault_of
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Tampered
from intelhub.search import Order, SearchRequest

LONGEST = 1200
"""Characters of the sealed question: with an address around it, it passes every server and proxy."""

LONGEST_IN_A_FORM = 20_000
"""The same in a form's field: any question that the page takes."""

_PURPOSE = b"intelhub/search/asked/v1"
_LIVES = timedelta(hours=8)
_MOST_MARKED = 200


def seal_question(actor: Actor, session: Session, request: SearchRequest, *, most: int = LONGEST) -> str:
    """The whole question as text for an address; empty when it is too long for one, or nobody's session asks.

    What a form carries may be longer: `most` characters.
    """
    if actor.session_id is None:
        return ""
    written = json.dumps(
        {
            "at": int(clock.now().timestamp()),
            "q": request.text,
            "facets": {name: list(values) for name, values in request.facets.items()},
            "from": request.not_before.isoformat() if request.not_before else "",
            "to": request.not_after.isoformat() if request.not_after else "",
            "order": request.order.value,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    packed = zlib.compress(written.encode("utf-8", "surrogatepass"))
    sealed = seal_blob(vault_of(session).derive(_PURPOSE), packed, context=_context(actor))
    text = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    return text if len(text) <= most else ""


def seal_words(actor: Actor, session: Session, request: SearchRequest) -> str:
    """What the links of a result carry: the question, or of one that is too long its first words."""
    first = request.text[:_MOST_MARKED].rpartition(" ")[0] if len(request.text) > _MOST_MARKED else request.text
    return seal_question(actor, session, request) or seal_question(actor, session, SearchRequest(text=first))


def open_question(actor: Actor, session: Session, sealed: str) -> SearchRequest | None:
    """The question again; `None` for everything that was not sealed here, for this session, in its time."""
    if not sealed or len(sealed) > LONGEST_IN_A_FORM or actor.session_id is None:
        return None
    try:
        raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        opened = open_blob(vault_of(session).derive(_PURPOSE), raw, context=_context(actor))
    except (Tampered, ValueError):
        return None
    kept = json.loads(zlib.decompress(opened).decode("utf-8", "surrogatepass"))
    if not timedelta() <= clock.now() - datetime.fromtimestamp(kept["at"], clock.now().tzinfo) <= _LIVES:
        return None
    return SearchRequest(
        text=kept["q"],
        facets={name: tuple(values) for name, values in kept["facets"].items()},
        not_before=datetime.fromisoformat(kept["from"]) if kept["from"] else None,
        not_after=datetime.fromisoformat(kept["to"]) if kept["to"] else None,
        order=Order(kept["order"]),
    )


def pairs_of(request: SearchRequest) -> tuple[tuple[str, str], ...]:
    """What a search asks, as a saved one keeps it."""
    times = (("from", request.not_before), ("to", request.not_after))
    return (
        ("q", request.text),
        ("order", request.order.value),
        *((name, value) for name, values in sorted(request.facets.items()) for value in values),
        *((name, moment.isoformat()) for name, moment in times if moment),
    )


def request_of(pairs: Iterable[tuple[str, str]]) -> SearchRequest:
    """The search that a saved one keeps."""
    given: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        given[name] = (*given.get(name, ()), value)
    own = {name: given.pop(name, ("",))[0] for name in ("q", "order", "from", "to")}
    return SearchRequest(
        text=own["q"],
        facets=given,
        not_before=datetime.fromisoformat(own["from"]) if own["from"] else None,
        not_after=datetime.fromisoformat(own["to"]) if own["to"] else None,
        order=Order(own["order"] or Order.NEWEST),
    )


def _context(actor: Actor) -> bytes:
    """Whose it is, and in which session."""
    session_id = actor.session_id.bytes if actor.session_id else b""
    return b"\0".join((_PURPOSE, actor.user_id.bytes, session_id))
