"""The tree of units with tiers, codes and dated changes; import it from here."""

from intelhub.organisation.domain import (
    Directory,
    EventKind,
    Identity,
    Tier,
    Tree,
    Unit,
    UnitEvent,
    UnitKind,
    event_id,
    fold,
    unit_id,
)
from intelhub.organisation.queries import (
    find_unit,
    get_unit,
    list_units,
    load_directory,
    load_tree,
    search_units,
    today,
)
from intelhub.organisation.service import Loaded, apply_event, load_template
from intelhub.organisation.templates import DEFAULT_TEMPLATE, read_template, template_names

__all__ = [
    "DEFAULT_TEMPLATE",
    "Directory",
    "EventKind",
    "Identity",
    "Loaded",
    "Tier",
    "Tree",
    "Unit",
    "UnitEvent",
    "UnitKind",
    "apply_event",
    "event_id",
    "find_unit",
    "fold",
    "get_unit",
    "list_units",
    "load_directory",
    "load_template",
    "load_tree",
    "read_template",
    "search_units",
    "template_names",
    "today",
    "unit_id",
]
