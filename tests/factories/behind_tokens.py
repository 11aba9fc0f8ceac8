"""A house whose records are moved behind tokens at once, as the worker does little by little."""

from __future__ import annotations

from functools import partial

from intelhub.platform.database import open_engine
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.search import (
    list_partitions,
    list_walls,
    next_epoch,
    rebuild_wall,
    shelve_partition,
    walls_of_level,
)
from intelhub.search.elastic import Profiles
from intelhub.system import WORKER, SystemScope
from tests.factories.search_world import ALL_RANKED

ALL_FLAT = Profiles(minimum=1, levels=dict.fromkeys("0123", "flat"))


def shelve_everything(begin, server):
    """What the worker does once every partition is due."""
    with begin() as session:
        partitions = list_partitions(session)
    for partition in partitions:
        with begin() as session:
            shelve_partition(session, server, partition, profiles=ALL_RANKED)


def flatten_everything(begin, server):
    """What the worker does at night, were every level flat."""
    for level in range(4):
        with begin() as session:
            walls, epoch = walls_of_level(session, level, profiles=ALL_FLAT), next_epoch(session, level)
        for wall in walls:
            with begin() as session:
                rebuild_wall(session, server, wall, epoch, profiles=ALL_FLAT)


def move_everything(house, server, move=shelve_everything):
    """Move a house's records; the epoch of each wall afterwards."""
    engine = open_engine(house.database.worker_url, pool_size=1)
    work = UnitsOfWork(engine, {"vault": house.vault})
    move(partial(work.begin, WORKER, SystemScope()), server)
    with work.begin(WORKER, SystemScope()) as session:
        epochs = {wall: row.epoch for wall, row in list_walls(session).items()}
    engine.dispose()
    assert epochs
    return epochs
