"""Keeping keys out of core dumps and out of other processes' reach; best effort, and it says what it reached."""

from __future__ import annotations

import ctypes
import resource
from dataclasses import dataclass

_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardening:
    """What the operating system granted."""

    no_core_dumps: bool
    not_traceable: bool


def harden_process() -> Hardening:
    """Forbid core dumps and attaching debuggers of the same user.

    Forked children inherit both, started programs only the first: every process calls this for itself.
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        no_core_dumps = True
    except (OSError, ValueError):
        no_core_dumps = False
    try:
        not_traceable = ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
    except (OSError, AttributeError):  # not Linux
        not_traceable = False
    return Hardening(no_core_dumps=no_core_dumps, not_traceable=not_traceable)
