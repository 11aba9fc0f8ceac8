"""Opening what entries seal to the auditors, on the auditors' machine; servers hold no key for it."""

from __future__ import annotations

import json

from intelhub.audit.entry import Entry
from intelhub.crypto import AuditorsKey, open_as_auditor


def unseal(entry: Entry, key: AuditorsKey) -> dict[str, object]:
    """The sensitive part of an entry (a query, a reason); empty when it has none; raises `Tampered`."""
    if entry.sealed is None:
        return {}
    opened: dict[str, object] = json.loads(open_as_auditor(key, entry.sealed, context=entry.seal_context()))
    return opened
