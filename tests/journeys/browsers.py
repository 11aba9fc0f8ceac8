"""Which browser the journeys and the pictures are taken with."""

from __future__ import annotations

import os
import shutil

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def find_chromium() -> str | None:
    """Debian's Chromium, the one without windows where it is there: it takes half as long for the same pages."""
    found = map(shutil.which, ("chromium-headless-shell", "chromium"))
    return os.environ.get("INTELHUB_CHROMIUM") or next(filter(None, found), None)
