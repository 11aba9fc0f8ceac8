"""A first visit: every byte a browser fetches for its first page, headers included; and pages after it, alone."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from benchmarks.bench import Bench, Figure
from intelhub.supervisor import LOOPBACK

PART = "visiting"
_REFERENCES = re.compile(r'(?:src|href)="(/static/[^"]+)"')
_RECORDS = re.compile(r'href="(/records/[0-9a-f-]{36})"')
_IN_STYLES = re.compile(r"url\(\"?'?([^)\"']+)")


def measure(bench: Bench) -> Iterator[Figure]:
    """The page to sign in at, an analyst's home as the first page of all, and the list and a record as later ones."""
    pages: list[tuple[str, str, Mapping[str, str]]] = [
        ("the sign-in page", "/sign-in", {}),
        ("an analyst's home", "/", bench.analyst.cookies),
    ]
    for what, path, cookies in pages:
        sizes = dict(_fetched(bench.installation.port, path, cookies))
        largest = sorted(sizes.items(), key=lambda item: -item[1])[:4]
        words = ", ".join(f"{name.rsplit('/', 1)[-1].split('?')[0] or '/'} {size / 1000:.0f}" for name, size in largest)
        yield Figure(
            part=PART,
            what=f"first visit, {what}",
            size=bench.size,
            value=sum(sizes.values()) / 1000,
            unit="kB",
            words=f"{len(sizes)} files; largest: {words}",
            at_most=300.0,
        )

    yield from _measure_later(bench)


def _measure_later(bench: Bench) -> Iterator[Figure]:
    """Pages that load nothing else; what an analyst grades with brings its lists of choices, and has no limit yet."""
    pages = [
        ("the list, a department's analyst", bench.analyst, "/records", 40.0),
        ("the list, headquarters", bench.headquarters, "/records", 40.0),
        ("a record, headquarters", bench.headquarters, None, 40.0),
        ("a record, a department's analyst", bench.analyst, None, None),
    ]
    for what, reader, path, most in pages:
        _, _, listed = _fetch(bench.installation.port, "/records", reader.cookies)
        size, _, _ = _fetch(bench.installation.port, path or _RECORDS.findall(listed)[0], reader.cookies)
        yield Figure(
            part=PART,
            what=f"a later page, {what}",
            size=bench.size,
            value=size / 1000,
            unit="kB",
            words="the page alone, not compressed",
            at_most=most,
        )


def _fetched(port: int, path: str, cookies: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    waiting, seen = [path], set()
    while waiting:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        size, kind, body = _fetch(port, address, cookies)
        yield address, size
        found = _REFERENCES.findall(body) if "html" in kind else _IN_STYLES.findall(body) if "css" in kind else []
        # A sprite is fetched once, whatever part of it is used.
        waiting += [urljoin(address, one).split("#")[0] for one in found if not one.startswith("data:")]


def _fetch(port: int, path: str, cookies: Mapping[str, str]) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    connection.request("GET", path, headers={"Accept-Encoding": "gzip, br", "Cookie": cookie})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status in {302, 303}:
        return _fetch(port, urlsplit(response.getheader("Location", "/")).path, cookies)
    assert response.status == 200, (path, response.status)
    head = sum(len(name) + len(value) + 4 for name, value in response.getheaders()) + 17
    kind = response.getheader("Content-Type", "")
    is_text = response.getheader("Content-Encoding") is None
    return head + len(body), kind, body.decode("utf-8", "replace") if is_text else ""
