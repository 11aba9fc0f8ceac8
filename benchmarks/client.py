"""A bounded load from a process of its own: a list of requests, so many connections, the seconds each answer took."""

from __future__ import annotations

import http.client
import multiprocessing
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from intelhub.supervisor import LOOPBACK

_LONGEST_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; `form` makes it a POST. `expects` is the status it must come back with."""

    port: int
    path: str
    cookies: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    expects: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a load took: the seconds of each answer in no order, and of the whole."""

    seconds: tuple[float, ...]
    elapsed: float

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed


class Client:
    """The second process; it keeps no state between loads."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _value: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    def run(self, calls: Sequence[Call], *, connections: int = 1) -> Run:
        """Send these requests over so many connections; raises when an answer is not the expected one."""
        return self._pool.submit(run_here, tuple(calls), connections).result()


def run_here(calls: Sequence[Call], connections: int) -> Run:
    """The same in this process."""
    waiting: queue.SimpleQueue[Call] = queue.SimpleQueue()
    for call in calls:
        waiting.put(call)
    seconds: list[float] = []
    problems: list[str] = []
    deadline = time.monotonic() + _LONGEST_SECONDS
    threads = [threading.Thread(target=_work, args=(waiting, seconds, problems, deadline)) for _ in range(connections)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - begin
    if problems:
        raise RuntimeError(problems[0])
    return Run(seconds=tuple(seconds), elapsed=elapsed)


def _work(waiting: queue.SimpleQueue[Call], seconds: list[float], problems: list[str], deadline: float) -> None:
    open_connections: dict[int, http.client.HTTPConnection] = {}
    while not problems:
        try:
            call = waiting.get_nowait()
        except queue.Empty:
            break
        if time.monotonic() > deadline:
            problems.append(f"not done within {_LONGEST_SECONDS} seconds")
            break
        connection = open_connections.setdefault(call.port, http.client.HTTPConnection(LOOPBACK, call.port, timeout=60))
        begin = time.perf_counter()
        response, body = answer(connection, call)
        seconds.append(time.perf_counter() - begin)
        if response.status != call.expects:
            problems.append(f"{call.path} answered {response.status}: {body[:300].decode(errors='replace')}")
    for connection in open_connections.values():
        connection.close()


def answer(connection: http.client.HTTPConnection, call: Call) -> tuple[http.client.HTTPResponse, bytes]:
    """Send one request and read its answer whole."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in call.cookies.items())}
    if call.form is None:
        connection.request("GET", call.path, headers=headers)
    else:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST", call.path, urlencode(call.form), headers)
    response = connection.getresponse()
    return response, response.read()
