"""Asks a filled house by its own pages: `make bench-house`, after `make load`, with a search server.

The server is named as the product's own is, in `VAR/intelhub.env`. Nothing is measured before the worker has moved
behind tokens what belongs there, nor while an answer says that something is missing. What lies in it is invented.
"""

from __future__ import annotations

import argparse
import gettext
import html
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import Engine, text

import intelhub
from benchmarks.bench import Figure
from benchmarks.client import Call, run_here
from benchmarks.filling import NOW
from benchmarks.people import HEADQUARTERS, list_staff
from benchmarks.plan import invented_texts
from benchmarks.reader import Reader, signed_in
from benchmarks.report import describe_machine, table
from benchmarks.search.measures import Times, median, p95
from benchmarks.serving import Installation, free_ports, served
from intelhub.search import Order
from intelhub.search.analysis import stop_words, words
from intelhub.search.elastic.engine import SERVER_AWAY
from intelhub.search.sealed import REBUILDING, TOO_LONG

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks-house.md"
_EACH = 12
_ROUNDS = 1
_QUIET_SECONDS = 20.0
_WORDS = re.compile(r"[^\W\d_]{3,}")
_LONGEST_WAIT = 3 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question with its kind."""

    kind: str
    typed: str


def main() -> int:
    """Serve, wait for the worker, ask, and write the page."""
    given = argparse.ArgumentParser(prog="python -m benchmarks.house")
    given.add_argument("var", type=Path)
    given.add_argument("--document", type=Path, default=DOCUMENT)
    given.add_argument("--each", type=int, default=_EACH, help="questions of each kind")
    options = given.parse_args()
    port, clear_port = free_ports(2)
    installation = Installation(var=options.var.resolve(), port=port, clear_port=clear_port)
    if installation.settings.elasticsearch_url is None:
        raise SystemExit(f"{options.var}/intelhub.env names no search server")
    begun = time.monotonic()
    with served(installation):
        superuser = installation.superuser()
        _wait_for_tokens(superuser)
        moved = time.monotonic() - begun
        machine = [*describe_machine(installation.var), *_what_lies_there(superuser)]
        _say("\n".join(machine))
        size = _number(superuser, "SELECT count(*) FROM records")
        figures: list[Figure] = []
        for one in _measured(installation, size, options.each):
            figures.append(one)
            _say(f"{one.value:9.1f} {one.unit} {one.what}; {one.words}")
        superuser.dispose()
    lines = ["# Search in a filled house", ""]
    lines += [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench-house EACH={options.each}`, over invented records.",
        "",
    ]
    lines += [*machine, f"- {moved / 60:.0f} minutes from the start until nothing waited to be moved behind tokens", ""]
    lines += table("Pages of results", figures)
    lines += Path(__file__).with_name("house.md").read_text("utf-8").splitlines()
    options.document.write_text("\n".join(lines) + "\n", "utf-8")
    _say(f"written to {options.document}")
    return 0


def _measured(installation: Installation, size: int, each: int) -> Iterator[Figure]:
    units = installation.units()
    staff = list_staff(units)
    middle = staff[len(staff) // 2].code.lower()
    people = {
        "headquarters": HEADQUARTERS,
        "a department's analyst": f"analyst.{middle}",
        "a leader of six units": f"leader.{middle}",
        "an officer": f"officer.{middle}",
    }
    readers = {who: signed_in(units, installation.port, username) for who, username in people.items()}
    asked = list(_questions(each))
    for reader in readers.values():
        _require_whole(reader, asked[0])
    found = _in_turns(readers, asked)
    for reader in readers.values():
        _require_whole(reader, asked[-1])
    for (who, order), times in found.items():
        yield Figure(
            part="search", what=f"{who}, {order} first", size=size, value=median(times.all), unit="ms",
            words=f"p95 {p95(times.all):.0f}; {_by_kind(times)}",
        )  # fmt: skip
    units.engine.dispose()


def _in_turns(readers: Mapping[str, Reader], asked: Sequence[Asked]) -> dict[tuple[str, Order], Times]:
    """Each question of everybody, one after the other: a minute in which the machine is slow is so for all of them."""
    found = {(who, order): Times() for who in readers for order in Order}
    for number in range(_ROUNDS + 1):
        for one in asked:
            for (who, order), times in found.items():
                seconds = _seconds([_call(readers[who], one, order)])
                if number:
                    times.add(one.kind, seconds)
    return found


def _questions(each: int) -> Iterator[Asked]:
    """Words, phrases and identifiers out of the texts that the house is filled with, stop words left out."""
    rng = Random(7)
    texts = [one for one in invented_texts(NOW) if len(_WORDS.findall(one["text"])) > 20]
    for _ in range(each):
        fields = rng.choice(texts)
        known = [word for word in _WORDS.findall(fields["text"]) if words(word)[0].folded not in stop_words()]
        yield Asked(kind="one word", typed=rng.choice(known))
        yield Asked(kind="two words", typed=" ".join(rng.sample(known, 2)))
        yield Asked(kind="either of two", typed=" OR ".join(rng.sample(known, 2)))
        yield Asked(kind="beginning", typed=f"{rng.choice(known)[:3]}*")
        yield Asked(kind="word and topic", typed=f"{rng.choice(known)} topic:{fields['topic']}")
        spoken = fields["text"].split()
        at = rng.randrange(len(spoken) - 3)
        bare = " ".join(spoken[at : at + 3]).replace('"', "")
        yield Asked(kind="phrase", typed=f'"{bare}"')
        subjects = [one["identifier"] for one in fields["subjects"] if one["identifier"]]
        if subjects:
            yield Asked(kind="identifier", typed=subjects[0])


def _require_whole(reader: Reader, one: Asked) -> None:
    """Refuse to measure without the search server: what is left out is quick."""
    _, page = reader.ask(_call(reader, one, Order.NEWEST))
    vietnamese = gettext.translation("messages", str(Path(intelhub.__file__).parent / "translations"), ["vi"])
    shown = html.unescape(page)
    for notice in (SERVER_AWAY, REBUILDING, TOO_LONG):
        if notice.msgid in shown or vietnamese.gettext(notice.msgid) in shown:
            raise SystemExit(f"an answer is not whole: {notice.msgid}")


def _call(reader: Reader, one: Asked, order: Order) -> Call:
    return reader.post("/search", {"q": one.typed, "order": str(order)}, expects=200)


def _seconds(calls: Sequence[Call]) -> float:
    return run_here(calls, 1).seconds[0]


def _wait_for_tokens(superuser: Engine) -> None:
    """Until for a while nothing more was moved, and something lies there."""
    deadline, before, since = time.monotonic() + _LONGEST_WAIT, (-1, -1), time.monotonic()
    while time.monotonic() < deadline:
        there = _number(superuser, "SELECT count(*) FROM search_documents")
        heads = _number(superuser, "SELECT coalesce(sum(documents), 0) FROM search_dictionaries")
        if (there, heads) != before:
            before, since = (there, heads), time.monotonic()
            _say(f"{heads:,} of {there:,} documents lie behind tokens")
        elif there and heads == there and time.monotonic() - since > _QUIET_SECONDS * 6:
            return
        time.sleep(_QUIET_SECONDS)
    raise SystemExit("the worker moves nothing behind tokens: is a search server named, and does it answer?")


def _what_lies_there(superuser: Engine) -> list[str]:
    with superuser.connect() as connection:
        levels: Mapping[int, int] = dict(
            connection.execute(text("SELECT level, count(*) FROM records GROUP BY level ORDER BY level")).all()
        )
        behind: Mapping[int, int] = dict(
            connection.execute(text("SELECT level, sum(documents) FROM search_dictionaries GROUP BY level")).all()
        )
    said = (f"level {level}: {count:,} ({behind.get(level, 0):,} behind tokens)" for level, count in levels.items())
    return [f"- {sum(levels.values()):,} records; {', '.join(said)}"]


def _number(superuser: Engine, sql: str) -> int:
    with superuser.connect() as connection:
        return int(connection.execute(text(sql)).scalar_one())


def _by_kind(times: Times) -> str:
    return ", ".join(f"{kind} {median(one):.0f} (p95 {p95(one):.0f})" for kind, one in times.by_kind.items())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
