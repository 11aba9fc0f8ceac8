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
from intelhub.organisation.people import Holder, PeopleLookup, forget_people, register_people
from intelhub.organisation.queries import (
    STAMP_IN_FORCE,
    find_unit,
    find_unit_meant,
    get_unit,
    hand_on_directory,
    list_units,
    load_directory,
    load_tree,
    search_units,
    today,
)
from intelhub.organisation.sealing import ORGANISATION_SEALED, ORGANISATION_TAMPERED, DirectoryMisfit
from intelhub.organisation.service import Loaded, apply_event, load_template, name_tier
from intelhub.organisation.templates import DEFAULT_TEMPLATE, read_template, template_names
from intelhub.organisation.views import organisation as blueprint
from intelhub.organisation.views import tier_name, tier_names

__all__ = [
    "DEFAULT_TEMPLATE",
    "ORGANISATION_SEALED",
    "ORGANISATION_TAMPERED",
    "STAMP_IN_FORCE",
    "Directory",
    "DirectoryMisfit",
    "EventKind",
    "Holder",
    "Identity",
    "Loaded",
    "PeopleLookup",
    "Tier",
    "Tree",
    "Unit",
    "UnitEvent",
    "UnitKind",
    "apply_event",
    "blueprint",
    "event_id",
    "find_unit",
    "find_unit_meant",
    "fold",
    "forget_people",
    "get_unit",
    "hand_on_directory",
    "list_units",
    "load_directory",
    "load_template",
    "load_tree",
    "name_tier",
    "read_template",
    "register_people",
    "search_units",
    "template_names",
    "tier_name",
    "tier_names",
    "today",
    "unit_id",
]
