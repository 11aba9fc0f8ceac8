"""What is said to Elasticsearch, and nothing else: opaque names, keyed tokens, ids that name nothing.

Every fault of the server is one exception, so that whoever asks goes on without it; after one it is left alone for a
while, or a server that hangs would hold every search for its whole time.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit
from uuid import UUID

from elastic_transport import SerializationError
from elasticsearch import ApiError, ConnectionTimeout, Elasticsearch, TransportError

from intelhub.platform.shipped import shipped

MOST_IDS = 10_000
_REST_SECONDS = 10.0
_FAIR_SECONDS = 2.0  # whoever has less left learns nothing of the server from its silence
_TOO_MUCH = frozenset({400, 413, 429})
_REFUSED = frozenset({403, 429, 507})
_OTHER_NODES = 2  # asked when one cannot be reached; a question that took too long is not asked again
_BULK = 500
_API_KEY = "api-key"
_PATHS = ["timed_out", "_shards.failed", "hits.hits._id", "hits.hits.fields"]
_LEASE_SECONDS = 35.0
_A_MINUTE = 60.0
_LONG_SECONDS = 3_600.0
_T = TypeVar("_T")

logger = logging.getLogger(__name__)


class ServerAway(Exception):
    """The search server does not answer, or not as it should."""


class IndexGone(ServerAway):
    """There is no index of this name; it was rebuilt under another one meanwhile, or is lost."""


class AskedTooMuch(ServerAway):
    """This one question is more than the server takes, or had too little time left; others may be asked."""


class _IsThere(Exception):
    """An index of this name is there already."""


class Proposed(NamedTuple):
    """What the server names: an id, and the partition it says it lies in."""

    id: UUID
    partition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one document on the server; without fields it goes, and without a version whatever it is."""

    index: str
    id: UUID
    version: int | None
    fields: Mapping[str, object] | None


def connect(urls: str, ca_file: Path | None = None) -> Elasticsearch:
    """A client of the server at one or more addresses, parted by commas, which carry the user and the password.

    Of the user `api-key` the password is an API key of the server.
    """
    options: dict[str, Any] = {"ca_certs": str(ca_file)} if ca_file else {}
    addresses = [urlsplit(one) for one in urls.split(",")]
    if addresses[0].username == _API_KEY:
        options["api_key"] = unquote(addresses[0].password or "")
        addresses = [one._replace(netloc=one.netloc.rpartition("@")[2]) for one in addresses]
    return Elasticsearch([urlunsplit(one) for one in addresses], **options)


class SearchServer:
    """One a process, shared by its threads."""

    def __init__(self, client: Elasticsearch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._away_until = float("-inf")
        self.made: set[str] = set()
        self.takes_writes = True
        """Whether the last write was taken: a server without room, or made read-only, answers and takes nothing."""

    def find(self, index: str, query: Mapping[str, object], *, limit: int, seconds: float) -> list[Proposed]:
        """What fits, in no order."""
        return self._asked(
            seconds,
            lambda client: _proposed(
                client.search(
                    index=index,
                    query=dict(query),
                    size=min(limit, MOST_IDS),
                    docvalue_fields=[{"field": "p"}],
                    track_total_hits=False,
                    allow_partial_search_results=False,
                    filter_path=_PATHS,
                )
            ),
        )

    def find_fullest(
        self,
        index: str,
        query: Mapping[str, object],
        alternatives: Sequence[Mapping[str, object]],
        *,
        limit: int,
        seconds: float,
    ) -> list[tuple[int, Proposed]]:
        """What fits with how many alternatives it holds, those with most first, the server choosing among the last.

        Each alternative counts one: nothing of how rare the server takes a word to be is in that.
        """
        counted = [{"constant_score": {"filter": one}} for one in alternatives]
        return self._asked(
            seconds,
            lambda client: _scored(
                client.search(
                    index=index,
                    query={"bool": {"filter": [dict(query)], "should": counted}},
                    size=limit,
                    docvalue_fields=[{"field": "p"}],
                    track_total_hits=False,
                    allow_partial_search_results=False,
                    filter_path=[*_PATHS, "hits.hits._score"],
                )
            ),
        )

    def versions(self, index: str, partitions: Sequence[str]) -> dict[UUID, int]:
        """Every id in some partitions, by their tokens, and its version; read in the order of writing, page by page."""
        found: dict[UUID, int] = {}
        after: list[int] | None = None
        while True:
            page, after = self._asked(_A_MINUTE, partial(_versions, index, list(partitions), after))
            found |= page
            if after is None:
                return found

    def count(self, index: str, queries: Sequence[Mapping[str, object]], *, most: int, seconds: float) -> list[int]:
        """How many documents fit each query, counted no further than `most`."""
        if not queries:
            return []
        lines: list[Mapping[str, object]] = []
        for query in queries:
            lines += [{}, {"query": query, "size": 0, "track_total_hits": most}]
        return self._asked(seconds, lambda client: _counts(client.msearch(index=index, searches=lines), len(queries)))

    def write(self, changes: Iterable[Change], *, seconds: float = _A_MINUTE) -> None:
        """Bring documents to these versions and let them be found; an older version than the one there does nothing."""
        waiting = list(changes)
        for start in range(0, len(waiting), _BULK):
            lines: list[Mapping[str, object]] = []
            for change in waiting[start : start + _BULK]:
                lines += _lines(change)
            self._asked(seconds, partial(_bulk, lines))
            self.takes_writes = True
        for index in {change.index for change in waiting}:
            self._asked(seconds, partial(_refresh, index))

    def answers(self) -> bool:
        """Whether it answers at all; asked of a server that is left alone too, and says nothing into the log."""
        try:
            self._client.options(request_timeout=_FAIR_SECONDS, max_retries=0).cluster.health()
        except ApiError:
            return True  # whoever may not ask that was answered all the same
        except TransportError:
            return False
        return True

    def prepare(self, index: str) -> None:
        """Make an index as reviewed, unless it is there."""
        if index in self.made:
            return
        known = index_definition()
        with suppress(_IsThere):  # another worker made it, or this one before it was started again
            self._asked(
                _A_MINUTE,
                lambda client: client.indices.create(
                    index=index, settings=known["settings"], mappings=known["mappings"]
                ),
            )
        self.made.add(index)

    def drop(self, index: str) -> None:
        """Take an index away, if it is there."""
        self.made.discard(index)
        self._asked(_A_MINUTE, lambda client: client.indices.delete(index=index, ignore_unavailable=True))

    def forget_what_was_sent(self, index: str) -> None:
        """Let go what the server keeps of each document for its own recovery: seven eighths of an index.

        It prunes that (`_recovery_source`) in a merge, behind the place its shard's own retention lease has reached.
        That moves within half a minute of a flush; and a single segment is merged only when another one is there.
        """
        self._asked(_LONG_SECONDS, partial(_flush, index))
        time.sleep(_LEASE_SECONDS)
        self.write([Change(index=index, id=UUID(int=0), version=None, fields=None)])
        self._asked(_LONG_SECONDS, partial(_flush, index))
        self._asked(_LONG_SECONDS, partial(_merge, index))

    def _asked(self, seconds: float, ask: Callable[[Elasticsearch], _T]) -> _T:
        if self._clock() < self._away_until:
            raise ServerAway
        try:
            return ask(self._client.options(request_timeout=seconds, max_retries=_OTHER_NODES, retry_on_status=()))
        except _Refused:
            self.takes_writes = False
            logger.error("the search server takes nothing new")  # noqa: TRY400 - an error may quote what was sent
            raise ServerAway from None
        except (
            ApiError,
            TransportError,
            SerializationError,
            LookupError,
            TypeError,
            ValueError,
            OverflowError,
        ) as error:
            if isinstance(error, ApiError) and error.error == "resource_already_exists_exception":
                raise _IsThere from None
            if isinstance(error, ApiError) and error.error == "index_not_found_exception":
                self.made.clear()
                raise IndexGone from None
            is_ours = isinstance(error, ApiError) and error.status_code in _TOO_MUCH
            is_slow = isinstance(error, ConnectionTimeout) and (seconds < _FAIR_SECONDS or self.answers())
            if is_ours or is_slow:
                raise AskedTooMuch from None
            self.made.clear()  # whatever is gone there is made again
            with self._lock:
                self._away_until = self._clock() + _REST_SECONDS
            # The kind alone: the words of an error may quote the tokens that were asked for.
            logger.error("the search server failed: %s", type(error).__name__)  # noqa: TRY400
            raise ServerAway from None


class _Partial(ValueError):
    """An answer that leaves something out."""


class _Refused(ValueError):
    """A write that the server does not take, though it answers: no room, read-only, or not allowed."""


def _proposed(answer: Any) -> list[Proposed]:
    if answer["timed_out"] or answer["_shards"]["failed"]:
        raise _Partial
    return [
        Proposed(UUID(hit["_id"]), str(hit["fields"]["p"][0]))
        for hit in (answer["hits"]["hits"] if "hits" in answer else ())
    ]


def _scored(answer: Any) -> list[tuple[int, Proposed]]:
    proposed = _proposed(answer)
    scores = (round(hit["_score"]) for hit in (answer["hits"]["hits"] if "hits" in answer else ()))
    return list(zip(scores, proposed, strict=True))


def _versions(
    index: str, partitions: list[str], after: list[int] | None, client: Elasticsearch
) -> tuple[dict[UUID, int], list[int] | None]:
    """A page of ids with their versions, and where the next one begins."""
    answer = client.search(
        index=index,
        query={"bool": {"filter": [{"terms": {"p": partitions}}]}},
        size=MOST_IDS,
        version=True,
        sort=[{"_seq_no": "asc"}],
        search_after=after,
        allow_partial_search_results=False,
        filter_path=["timed_out", "_shards.failed", "hits.hits._id", "hits.hits._version", "hits.hits.sort"],
    )
    if answer["timed_out"] or answer["_shards"]["failed"]:
        raise _Partial
    hits: Sequence[Any] = answer["hits"]["hits"] if "hits" in answer else ()
    page = {UUID(hit["_id"]): int(hit["_version"]) for hit in hits}
    return page, list(hits[-1]["sort"]) if len(hits) == MOST_IDS else None


def _counts(answer: Any, asked: int) -> list[int]:
    counts = []
    for one in answer["responses"]:
        if one.get("status") in _TOO_MUCH:
            raise AskedTooMuch
        if "error" in one or one["timed_out"] or one["_shards"]["failed"]:
            raise _Partial
        counts.append(int(one["hits"]["total"]["value"]))
    if len(counts) != asked:
        raise _Partial
    return counts


def _bulk(lines: list[Mapping[str, object]], client: Elasticsearch) -> None:
    try:
        items = client.bulk(operations=lines)["items"]
    except ApiError as error:
        if error.status_code in _REFUSED:
            raise _Refused from None
        raise
    outcomes = {int(outcome["status"]) for item in items for outcome in item.values()}
    if outcomes & _REFUSED:
        raise _Refused
    # 409: a newer version is there already. 404: what is to go is gone.
    if any(status >= 300 for status in outcomes - {404, 409}):  # noqa: PLR2004 - HTTP's own classes
        raise _Partial


def _refresh(index: str, client: Elasticsearch) -> Any:
    return client.indices.refresh(index=index)


def _flush(index: str, client: Elasticsearch) -> Any:
    return client.indices.flush(index=index, force=True, wait_if_ongoing=True)


def _merge(index: str, client: Elasticsearch) -> Any:
    return client.indices.forcemerge(index=index, max_num_segments=1)


def _lines(change: Change) -> list[Mapping[str, object]]:
    versioned: dict[str, object] = {"_index": change.index, "_id": change.id.hex}
    if change.version is not None:
        versioned |= {"version": change.version, "version_type": "external_gte"}
    if change.fields is None:
        return [{"delete": versioned}]
    return [{"index": versioned}, change.fields]


@cache
def index_definition() -> Mapping[str, Any]:
    """The reviewed settings and mappings of every index, from `search/elastic-index.json`."""
    known: Mapping[str, Any] = json.loads(shipped("search/elastic-index.json").read_text(encoding="utf-8"))
    return known
