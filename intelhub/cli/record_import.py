"""The work of `intelhub records import`: every line its own transaction, every refusal reported with its line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from intelhub.access import may
from intelhub.cli.import_lines import WHOLE_LINE, Line, fields_in, read_lines
from intelhub.cli.opening import Acting, CommandRefused, acting_as
from intelhub.cli.output import print_table, printable, progress, say, warn
from intelhub.platform.errors import NotPermitted, Refused, RuleRefused
from intelhub.platform.messages import Message
from intelhub.records import check_import, import_record

_MOST_IN_TABLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a line was refused: one sentence about one field."""

    line: int
    name: str
    reason: str


@dataclass(slots=True, kw_only=True)
class RecordImport:
    """One import, from its first line to the report."""

    var: Path
    username: str
    submit: bool
    only_check: bool
    first_line: int
    taken: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)

    def run(self, path: Path) -> int:
        """Take the file in; returns the exit code. Raises `NotPermitted` when this person may not write at all."""
        with acting_as(self.var, self.username, "records import") as acting, _opened(path) as (file, size):
            if not may(acting.actor, "record.create"):
                raise NotPermitted("None of this person's duties includes writing records.")
            with progress("taking records in", size) as advance:
                self._take_all(acting, file, advance)
        self._report(path)
        return 1 if self.refused else 0

    def _take_all(self, acting: Acting, file: BinaryIO, advance: Callable[[int], None]) -> None:
        done = 0
        try:
            for line in read_lines(file):
                if line.number >= self.first_line:
                    self._take(acting, line)
                    done = line.number
                advance(line.size)
        except BaseException:
            if done:
                warn(f"Stopped after line {done}; what is in stays in. Go on with --first-line {done + 1}.")
            raise

    def _take(self, acting: Acting, line: Line) -> None:
        try:
            fields = fields_in(line)
            with acting.begin() as session:
                if self.only_check:
                    check_import(acting.actor, session, fields)
                else:
                    import_record(acting.actor, session, fields, submit=self.submit)
        except Refused as refused:
            self.refused += 1
            self._note(line, refused)
        else:
            self.taken += 1

    def _note(self, line: Line, refused: Refused) -> None:
        fields = refused.fields if isinstance(refused, RuleRefused) else {}
        for name, messages in (fields or {WHOLE_LINE: (refused.message,)}).items():
            for message in messages:
                problem = Problem(line=line.number, name=printable(name)[:60], reason=printable(message))
                warn(f"line {problem.line}: {problem.name}: {problem.reason}")
                if len(self.problems) < _MOST_IN_TABLE:
                    self.problems.append(problem)

    def _report(self, path: Path) -> None:
        if not self.taken and not self.refused:
            raise CommandRefused(
                Message("%(path)s holds no record: one JSON object a line is expected.", {"path": str(path)})
            )
        if self.problems:
            print_table(
                ("line", "field", "reason"), [(one.line, one.name, one.reason) for one in self.problems], err=True
            )
        did = "are in order" if self.only_check else "are submitted" if self.submit else "are in as drafts"
        say(f"{self.taken} records {did}, {self.refused} lines were refused.")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int | None]]:
    if str(path) == "-":
        yield sys.stdin.buffer, None
        return
    with path.open("rb") as file:
        yield file, path.stat().st_size
