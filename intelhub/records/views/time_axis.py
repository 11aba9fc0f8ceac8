"""The time axis over a result: months or years, each with its hits, and what narrows the search to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from intelhub.records.service import searching

_MOST_MONTHS = 30
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A month or a year of the time axis, with its hits; `value` is what narrows the search to it.

    A month is counted to 100, so a year with such a month has at least that many.
    """

    value: str
    words: str
    label: str
    count: int
    has_more: bool = False
    year: str = ""


def spans_of(months: tuple[tuple[str, int], ...]) -> list[Span]:
    """The time axis without holes: months, or years where there would be too many of them."""
    if not months:
        return []
    counts = {month: min(count, searching.EXACT) for month, count in months}
    more = {month for month, count in months if count > searching.EXACT}
    first, last = (int(one[:4]) * _MONTHS_A_YEAR + int(one[5:]) - 1 for one in (months[0][0], months[-1][0]))
    if last - first >= _MOST_MONTHS:
        years = range(first // _MONTHS_A_YEAR, last // _MONTHS_A_YEAR + 1)
        return [_year_span(f"{year:04}", counts, more) for year in years]
    spans = []
    for number in range(first, last + 1):
        year, month = divmod(number, _MONTHS_A_YEAR)
        value = f"{year:04}-{month + 1:02}"
        spans.append(
            Span(
                value=value,
                words=f"{month + 1:02}/{year:04}",
                label=str(month + 1),
                count=counts.get(value, 0),
                has_more=value in more,
                year=str(year) if number in {first, last} or month == 0 else "",
            )
        )
    return spans


def _year_span(year: str, counts: Mapping[str, int], more: Collection[str]) -> Span:
    count = sum(count for month, count in counts.items() if month.startswith(year))
    return Span(value=year, words=year, label=year, count=count, has_more=any(one.startswith(year) for one in more))
