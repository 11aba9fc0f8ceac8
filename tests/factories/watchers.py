"""The worker's rounds over watched searches, under the database role that the worker has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from intelhub.platform.database import open_engine
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.watching import look_for_watchers
from tests.house import TestHouse


def look(house: TestHouse, **more: Any) -> UUID | None:
    """One round: the worker's role names the owners, the application's looks in their name."""
    engine = open_engine(house.database.worker_url, pool_size=2)
    try:
        worker: Any = SimpleNamespace(units=UnitsOfWork(engine, house.units.info))
        desk: Any = house
        return look_for_watchers(worker, desk, **more)
    finally:
        engine.dispose()
