"""The worker as it starts: it signs the log whatever goes wrong beside, and nothing waits for the full hour."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager

from croniter import croniter

from intelhub.worker import _EVERY_HOUR

from .conftest import OFFICER

SECONDS = 30


@contextmanager
def running_worker(installation, log):
    """The process as a service manager starts it."""
    environ = {**os.environ, "INTELHUB_VAR": str(installation.var)}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "intelhub.worker"], env=environ, stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(SECONDS)


def wait_until_empty(installation, table, process, log):
    ends = time.monotonic() + SECONDS
    while installation.sql(f"SELECT 1 FROM {table}") and time.monotonic() < ends:
        assert process.poll() is None, log.read_text()
        time.sleep(0.2)


def test_a_figure_that_cannot_be_counted_leaves_the_log_signed(installation, tmp_path):
    installation.sequence()
    installation.done("user", "create", "moi.le", "--name", "Lê Mới")
    installation.sql("ALTER TABLE upkeep_report RENAME TO zuvoken_gone")
    assert installation.sql("SELECT 1 FROM audit_pending")
    log = tmp_path / "worker.log"
    with running_worker(installation, log) as process:
        ends = time.monotonic() + SECONDS
        wait_until_empty(installation, "audit_pending", process, log)
        assert installation.sql("SELECT 1 FROM audit_pending") == []
        while log.read_text().count("a count for operators failed") < 2 and time.monotonic() < ends:
            time.sleep(0.2)
        assert process.poll() is None
    said = log.read_text()
    assert "report_on_index" in said
    assert "report_on_keys" in said
    assert "upkeep_report" not in said, "the kind of an error, never its words"


def test_what_waited_while_no_worker_ran_is_merged_when_one_starts(installation, fields, write_lines, tmp_path):
    installation.done("records", "import", write_lines(fields), "--as", OFFICER, "--submit")
    assert installation.sql("SELECT 1 FROM search_tail")
    assert not installation.sql("SELECT 1 FROM search_segments")
    log = tmp_path / "worker.log"
    with running_worker(installation, log) as process:
        wait_until_empty(installation, "search_tail", process, log)
    assert not installation.sql("SELECT 1 FROM search_tail"), log.read_text()
    assert installation.sql("SELECT 1 FROM search_segments")


def keep_the_hour_away(installation):
    """What is due once an hour counts as asked for already: a worker asks late for it, up to ten minutes after."""
    times = croniter(_EVERY_HOUR, time.time())
    dues = [int(times.get_prev()), int(times.get_next()), int(times.get_next())]
    installation.sql(
        "INSERT INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)"
        f" SELECT 'search.merge_every_tail', '', due FROM unnest(ARRAY{dues}) AS due"
    )


def test_an_upkeep_that_killed_its_worker_is_left_to_the_full_hour(installation, fields, write_lines, tmp_path):
    """Or each start would end in the next kill, every few minutes."""
    installation.done("records", "import", write_lines(fields), "--as", OFFICER, "--submit")
    keep_the_hour_away(installation)
    installation.sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status) VALUES"
        " ('default', 'search.merge_every_tail', 'search.upkeep', 'search.merge_every_tail', '{}', 'doing')"
    )
    log = tmp_path / "worker.log"
    with running_worker(installation, log) as process:
        wait_until_empty(installation, "audit_pending", process, log)
        ends = time.monotonic() + SECONDS
        while not installation.sql("SELECT 1 FROM procrastinate_workers") and time.monotonic() < ends:
            time.sleep(0.2)
        assert installation.sql("SELECT 1 FROM procrastinate_workers"), log.read_text()
        # Another one would wait in line, or be done, and the tail merged; what stalled may be called failed by now.
        asked = "SELECT status::text FROM procrastinate_jobs WHERE task_name = 'search.merge_every_tail'"
        assert [status for (status,) in installation.sql(asked)] in (["doing"], ["failed"])
    assert installation.sql("SELECT 1 FROM search_tail")
