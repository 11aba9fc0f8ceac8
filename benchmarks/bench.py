"""What every part of the benchmark shares: the running installation, its people, the client, and the figures found."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.client import Call, Client, Run
from benchmarks.people import HEADQUARTERS, Staff
from benchmarks.plan import Planned, plan
from benchmarks.reader import Reader, signed_in
from benchmarks.serving import Installation
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.records.domain import RecordState

AT_ONCE = 8  # as many as the server has threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the report; `value` is what the limit is about, `words` say what it is made of.

    `bare` is the bare page's median in milliseconds, measured in turns with it.
    """

    part: str
    what: str
    size: int
    value: float
    unit: str
    words: str = ""
    at_most: float | None = None
    at_least: float | None = None
    bare: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether it keeps its limit; None without one."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One installation at one size."""

    installation: Installation
    units: UnitsOfWork
    staff: tuple[Staff, ...]
    client: Client
    size: int
    rounds: int
    readers: dict[str, Reader] = field(default_factory=dict)

    def reader(self, username: str) -> Reader:
        """Somebody signed in, once a bench."""
        if username not in self.readers:
            self.readers[username] = signed_in(self.units, self.installation.port, username)
        return self.readers[username]

    @property
    def headquarters(self) -> Reader:
        """The analyst at headquarters, who reads what was shared up."""
        return self.reader(HEADQUARTERS)

    @property
    def department(self) -> Staff:
        """The department whose people do the work of the bench."""
        return self.staff[len(self.staff) // 2]

    @property
    def analyst(self) -> Reader:
        """The analyst of that department."""
        return self.reader(f"analyst.{self.department.code.lower()}")

    def planned(self, among: int, *states: RecordState) -> Iterator[Planned]:
        """The records in these states among the first so many."""
        from benchmarks.filling import NOW

        return (one for one in plan(self.staff, 0, min(among, self.size), NOW) if one.state in states)

    def bare_pages(self, planned: Iterable[Planned]) -> list[Call]:
        """The bare page of each of these records, with a reader's cookies: neither server hands out a token anew."""
        port, kept = self.installation.clear_port, self.headquarters.cookies
        return [Call(port=port, path=f"/clear/{one.id}", cookies=kept) for one in planned]

    def alternate(self, loads: Sequence[Sequence[Call]], *, connections: int = 1, unheard: int = 0) -> tuple[Run, ...]:
        """Send several loads in turns, a slice of each a round, so that a busy moment of the machine hits them all."""
        found: list[list[Run]] = [[] for _ in loads]
        for number in range(unheard + self.rounds):
            for place, load in enumerate(loads):
                share = load if number < unheard else load[(number - unheard) :: self.rounds]
                run = self.client.run(share[: 4 * AT_ONCE] if number < unheard else share, connections=connections)
                if number >= unheard:
                    found[place].append(run)
        return tuple(
            Run(seconds=tuple(s for run in runs for s in run.seconds), elapsed=sum(run.elapsed for run in runs))
            for runs in found
        )


def median(run: Run) -> float:
    """The middle answer, in milliseconds."""
    return statistics.median(run.seconds) * 1000


def p95(run: Run) -> float:
    """The answer that 95 in a hundred are quicker than, in milliseconds."""
    return statistics.quantiles(run.seconds, n=20)[-1] * 1000


def page_figure(part: str, what: str, size: int, run: Run, *, bare: Run) -> Figure:
    """How long a page takes, and how often the bare page would go into it."""
    return Figure(
        part=part, what=what, size=size, value=median(run), unit="ms", words=said(run, bare=bare), bare=median(bare)
    )


def said(run: Run, *, bare: Run | None = None) -> str:
    """A run in words, and how often the bare page would go into its median."""
    words = f"median {median(run):.1f} ms, p95 {p95(run):.1f} ms"
    return f"{words}; {median(run) / median(bare):.1f}x the bare page" if bare else words
