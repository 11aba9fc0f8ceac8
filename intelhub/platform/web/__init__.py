"""The web's mechanism: routes that declare their access, the gate before them, headers, errors and pages."""

from intelhub.platform.web.blueprint import FeatureBlueprint, keep_work, needs, open_to_all, signed_in
from intelhub.platform.web.current import current_actor, current_session
from intelhub.platform.web.stations import show_stations, station

__all__ = [
    "FeatureBlueprint",
    "current_actor",
    "current_session",
    "keep_work",
    "needs",
    "open_to_all",
    "show_stations",
    "signed_in",
    "station",
]
