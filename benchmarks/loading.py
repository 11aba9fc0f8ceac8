"""Fills a house with invented records and keeps it: `make load RECORDS=1000000 VAR=var-load`, grown when run again.

The rate is said as it goes. The house is served meanwhile, and its worker seals what is new, or moves it behind tokens
where `VAR/intelhub.env` names a search server, as ever; what it has not come to is done once the house is served again.
What lies in it is what `benchmarks.filling` writes: nothing of it is real.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from sqlalchemy import text

from benchmarks.filling import fill
from benchmarks.serving import Installation, free_ports, served

_AT_ONCE = 20_000


def main() -> int:
    """Load until so many records stand there."""
    given = argparse.ArgumentParser(prog="make load")
    given.add_argument("--records", type=int, default=100_000)
    given.add_argument("--var", type=Path, default=Path("var-load"))
    options = given.parse_args()
    port, clear_port = free_ports(2)
    installation = Installation(var=options.var.resolve(), port=port, clear_port=clear_port)
    begun = time.monotonic()
    with served(installation):
        there = first = _count(installation)
        _say(f"{there:,} records stand there already")
        while there < options.records:
            end = min(there + _AT_ONCE, options.records)
            seconds = fill(installation.settings, there, end, leaves_to_worker=True)
            rate = (end - there) / seconds
            left = (options.records - end) / rate
            _say(f"{end:,} records, {rate:.0f} a second; about {left / 60:.0f} minutes left")
            there = end
    minutes = (time.monotonic() - begun) / 60
    _say(f"{there - first:,} records in {minutes:.1f} minutes")
    _say(f"to serve it: python -m benchmarks.serving {options.var} 8080 8081")
    return 0


def _count(installation: Installation) -> int:
    engine = installation.superuser()
    with engine.connect() as connection:
        count, last = connection.execute(text("SELECT count(*), coalesce(max(pos), 0) FROM records")).one()
    engine.dispose()
    if count != last:
        raise SystemExit(
            f"a loading of {installation.var} was stopped half way, or it holds other records; name another"
        )
    return int(count)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
