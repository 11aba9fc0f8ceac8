"""The demo itself: how long the first start takes with its records, and the second."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench import Figure
from benchmarks.serving import free_ports, started
from intelhub.demo.loading import COUNT

PART = "demo"


def measure() -> Iterator[Figure]:
    """Seconds from the command to the line that says it is ready."""
    folder = Path(tempfile.mkdtemp(prefix="intelhub-bench-demo-"))
    (port,) = free_ports(1)
    command = [
        str(Path(sys.executable).with_name("intelhub")),
        "demo",
        "--port",
        str(port),
        "--var",
        str(folder / "var"),
    ]
    try:
        for what in ("first start of the demo, loading its records", "second start of the demo"):
            with started(command) as seconds:
                yield Figure(part=PART, what=what, size=COUNT, value=seconds, unit="s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
