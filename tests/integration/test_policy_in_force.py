"""The log says which policy was in force when."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from intelhub.access import current_policy, record_policy_in_force
from intelhub.audit import sequence_once
from intelhub.platform.database import open_engine
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.system import WORKER, SystemScope


@pytest.fixture
def start_worker(house):
    worker = open_engine(house.database.worker_url, pool_size=1)
    sequencer = open_engine(house.database.sequencer_url, pool_size=1)

    def start() -> bool:
        with UnitsOfWork(worker, house.units.info).begin(WORKER, SystemScope()) as session:
            written = record_policy_in_force(WORKER, session)
        sequence_once(sequencer, house.vault)
        return written

    yield start
    worker.dispose()
    sequencer.dispose()


def test_the_policy_is_written_down_when_it_changed_and_only_then(house, start_worker, monkeypatch):
    assert start_worker()
    assert not start_worker()
    policy = current_policy()
    former = policy.version
    monkeypatch.setattr(policy, "version", "0" * 64)
    assert start_worker()
    monkeypatch.undo()
    assert start_worker(), "the former one came into force again"
    worker = open_engine(house.database.worker_url, pool_size=1)
    with worker.connect() as connection:
        said = connection.scalars(text("SELECT rule FROM audit_entries WHERE action = 'policy:in-force' ORDER BY seq"))
        assert list(said) == [former, "0" * 64, former]
    worker.dispose()
