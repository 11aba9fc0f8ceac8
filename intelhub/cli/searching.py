"""`intelhub search` and `intelhub reindex`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from intelhub.cli.options import APP, WORKER, Command, as_option, var_option
from intelhub.cli.output import progress, say, warn


@click.command(cls=Command, roles=(APP,))
@click.argument("query")
@var_option
@as_option(required=True)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.option("--limit", type=click.IntRange(1, 100), default=25, show_default=True, help="At most so many records.")
@click.option("--relevance", is_flag=True, help="The best first instead of the newest.")
def search(query: str, var: Path, acting_as: str, as_json: bool, limit: int, relevance: bool) -> None:
    """Search the records that a person may read; the words are those of the search field.

    A query on the command line stands in the shell's history and in the list of processes: give - as QUERY to type
    it on standard input instead.
    """
    from intelhub.cli.search_answer import search_as

    search_as(
        var,
        acting_as,
        sys.stdin.readline().strip() if query == "-" else query,
        as_json=as_json,
        limit=limit,
        by_relevance=relevance,
    )


@click.command(cls=Command, roles=(WORKER,))
@var_option
def reindex(var: Path) -> None:
    """Rebuild the search index from the records, part by part, while everybody goes on."""
    from intelhub.audit import record_act
    from intelhub.cli.actions import REINDEXED
    from intelhub.cli.opening import CONSOLE, CommandRefused, system_work
    from intelhub.index_upkeep import rebuild_everything
    from intelhub.platform.messages import Message
    from intelhub.records import list_rebuilds, rebuild_partition
    from intelhub.search import Partition, Wall, delete_impossible_rows

    documents, damaged = 0, 0
    with system_work(var, role="worker") as acting:

        def rebuild(partition: Partition) -> None:
            nonlocal documents, damaged
            with acting.begin() as session:
                rebuilt = rebuild_partition(session, partition)
            documents += rebuilt.documents
            damaged += len(rebuilt.damaged)
            for record_id in rebuilt.damaged:
                warn(f"Record {record_id} does not fit its seal and was left out.")

        with acting.begin() as session:
            delete_impossible_rows(session)
            partitions = list_rebuilds(session)
        steps = len(partitions) + len(set(map(Wall.of, partitions)))
        with progress("rebuilding the index", steps) as advance:
            sent = rebuild_everything(acting.house, partitions, rebuild, advance)
        with acting.begin() as session:
            record_act(CONSOLE, session, REINDEXED, rule=f"{documents} records")
    say(f"{documents} records in {len(partitions)} parts of the index.")
    if sent.documents:
        say(f"{sent.documents} of them behind tokens on the search server, in new indices.")
    if sent.is_away:
        warn("The search server does not answer. Everything is sealed; the worker sends tokens when it is back.")
    if damaged:
        raise CommandRefused(
            Message("%(count)d records do not fit their seal. Tell the security officer.", {"count": damaged})
        )
