"""The policy in force stands in the log, so that a decision of any day can be explained with the lines of that day."""

from __future__ import annotations

from sqlalchemy.orm import Session

from intelhub.access import actions
from intelhub.access.policy import current_policy
from intelhub.audit import Criteria, record_act, search_entries
from intelhub.platform.actor import Actor


def record_policy_in_force(actor: Actor, session: Session) -> bool:
    """Write down the policy's version (its digest) unless the newest such entry names it already; whether it did.

    The reader must be allowed to see every entry.
    """
    version = current_policy().version
    known = search_entries(actor, session, Criteria(action=actions.POLICY_IN_FORCE), limit=1).entries
    if known and known[0].entry.rule == version:
        return False
    record_act(actor, session, actions.POLICY_IN_FORCE, rule=version)
    return True
