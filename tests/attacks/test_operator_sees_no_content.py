"""An operator looks at everything there is for operators: no word, number, unit or id of a record is on any page."""

from __future__ import annotations

import psycopg
import pytest

from intelhub.audit import sequence_once
from intelhub.health import report_on_index, report_on_keys
from intelhub.platform.database import open_engine
from intelhub.platform.roles import driver_address
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.system import WORKER, SystemScope
from tests.factories.record_world import fill
from tests.house import PEOPLE

PAGES = ("/", "/health", "/health/runbook")
WORDS = ("Phụ tùng", "xuất xứ", "CSQU3054383", "15BB-TT-", "kiểm hóa")
# What an operator is told of the whole house; a column a level or a unit would tell who is busy with what.
TOLD = {
    "id", "index_at", "tail_rows", "tails_overdue", "server_answers", "server_takes_writes", "server_documents",
    "rest_at", "older_wraps", "exported_at", "checked_at",
}  # fmt: skip


@pytest.fixture
def world(house):
    """Records in every state, indexed, logged and reported on."""
    found = fill(house)
    sequencer = open_engine(house.database.sequencer_url, pool_size=1)
    sequence_once(sequencer, house.vault)
    sequencer.dispose()
    worker = open_engine(house.database.worker_url, pool_size=1)
    with UnitsOfWork(worker, house.units.info).begin(WORKER, SystemScope()) as session:
        report_on_index(session)
        report_on_keys(session)
    worker.dispose()
    return found


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_page_of_an_operator_tells_of_a_record(world, client_as, language):
    browser = client_as("operator")
    browser.set_cookie("language", language)
    for address in PAGES:
        answer = browser.get(address)
        assert answer.status_code == 200
        page = answer.get_data(as_text=True).split("<main")[1]
        for word in (*WORDS, *map(str, world.values())):
            assert word not in page, (address, word)
        assert not [code for code in ("15BB", "15ZZ", "20ZZ") if code in page], address


def test_a_job_s_arguments_are_closed_to_the_application(house):
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        connection.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args) values ('default', 'any', '{\"r\": 1}')"
        )
    with psycopg.connect(driver_address(house.database.app_url), autocommit=True) as connection:
        assert connection.execute("select task_name, status::text from procrastinate_jobs").fetchall()
        for column in ("args", "lock", "queueing_lock", "queue_name"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select {column} from procrastinate_jobs")


def test_the_report_of_the_worker_has_totals_alone(house):
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        rows = connection.execute(
            "select attname from pg_attribute where attrelid = 'upkeep_report'::regclass and attnum > 0"
        ).fetchall()
    assert {name for (name,) in rows} == TOLD


def test_the_state_of_the_house_is_closed_to_everybody_else(client_as):
    for username in PEOPLE:
        if username != "operator":
            for address in ("/health", "/health/runbook"):
                assert client_as(username).get(address).status_code in {403, 404}, (username, address)
