"""`intelhub org`: loading an organisation, showing it, letting dated events change it, naming its tiers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from intelhub.cli.options import APP, MIGRATOR, Day, Subject, var_option
from intelhub.cli.output import print_table, printable, say

if TYPE_CHECKING:
    from intelhub.organisation import Tree, Unit


@click.group(cls=Subject)
def org() -> None:
    """The tree of units."""


@org.command("load", roles=(MIGRATOR,))
@var_option
@click.argument("template", default="VN-2006-2024")
def load(template: str, var: Path) -> None:
    """Load a shipped organisation, or what a newer version of it knows more. Local changes stay."""
    from intelhub.cli.opening import system_work
    from intelhub.cli.organisation_load import load_recorded

    with system_work(var, role="migrator") as acting, acting.begin() as session:
        loaded = load_recorded(session, template)
    say(f"{template}: {loaded.units} units and {loaded.events} events are new.")


@org.command("list", roles=(APP,))
@var_option
@click.option("--under", metavar="CODE", help="Only the unit of this code and what stands below it.")
@click.option("--day", type=Day(), help="The tree of another day than today.")
@click.option("--templates", is_flag=True, help="The organisations this version brings, instead.")
def show_tree(var: Path, under: str | None, day: date | None, templates: bool) -> None:
    """The tree of units with their codes."""
    if templates:
        from intelhub.organisation import template_names

        say("\n".join(template_names()))
        return
    from intelhub.access import NOBODY, scope_for
    from intelhub.cli.opening import open_installation
    from intelhub.cli.organisation_event import unit_named
    from intelhub.organisation import load_tree, today

    with open_installation(var) as house, house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        tree = load_tree(NOBODY, session, day=day or today())
    print_table(("code", "unit", "tier"), _lines(tree, unit_named(tree, under) if under else tree.root, 0))


def _lines(tree: Tree, unit: Unit, depth: int) -> list[tuple[str, str, int]]:
    lines = [(unit.code, f"{'  ' * depth}{unit.name}", unit.tier)]
    for child in tree.children(unit.id):
        lines += _lines(tree, child, depth + 1)
    return lines


@org.command("event", roles=(MIGRATOR,))
@click.argument("kind", type=click.Choice(["founded", "renamed", "moved", "merged", "split", "closed"]))
@click.argument("unit")
@var_option
@click.option("--on", "day", type=Day(), required=True, help="The first day it holds, past or future.")
@click.option("--name", default="", help="The name from then on (founded, renamed).")
@click.option("--name-en", default="", help="The same in English.")
@click.option("--short-name", default="", help="The name for narrow places.")
@click.option("--parent", metavar="CODE", help="The unit above it from then on (founded, moved).")
@click.option("--into", metavar="CODE", multiple=True, help="Who takes over (merged: one, split: several).")
@click.option("--basis", default="", help="The decision it rests on.")
@click.option("--tier", type=click.IntRange(1, 3), help="The tier of a founded unit.")
@click.option("--unit-kind", help="The kind of a founded unit, such as border_gate.")
def happen(kind: str, unit: str, var: Path, day: date, **said: str | int | tuple[str, ...] | None) -> None:
    """Let something happen to the UNIT of a code on a day."""
    from intelhub.audit import ObjectRef, record_act
    from intelhub.cli.actions import ORGANISATION_CHANGED
    from intelhub.cli.opening import CONSOLE, system_work
    from intelhub.cli.organisation_event import event_of
    from intelhub.organisation import apply_event, load_directory

    with system_work(var, role="migrator") as acting, acting.begin() as session:
        event, founded = event_of(load_directory(session), kind, unit, day, said)
        apply_event(CONSOLE, session, event, founded=founded)
        record_act(CONSOLE, session, ORGANISATION_CHANGED, object=ObjectRef("unit", event.unit_id), rule=kind)
    say(f"{unit}: {kind} on {day}.")


@org.command("tier", roles=(MIGRATOR,))
@click.argument("number", type=click.IntRange(1, 3))
@var_option
@click.option("--name", default="", help="What it is called from now on.")
@click.option("--name-en", default="", help="The same in English.")
@click.option("--reason", required=True, help="Why, such as the decision it rests on; kept in the audit log.")
def call_tier(number: int, var: Path, name: str, name_en: str, reason: str) -> None:
    """Give the tier of a NUMBER another name, on every page and in every message."""
    from intelhub.cli.opening import system_work
    from intelhub.cli.tier_naming import name_recorded

    with system_work(var, role="migrator") as acting:
        tier = name_recorded(acting, number, name=name, name_en=name_en, reason=reason)
    say(f"Tier {number} is called “{printable(tier.name)}”, in English “{printable(tier.name_en)}”.")
