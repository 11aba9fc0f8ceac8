"""The pages of records; each module is one part of an officer's day."""

from intelhub.platform.web import FeatureBlueprint

blueprint = FeatureBlueprint("records", __name__, template_folder="../templates")

from intelhub.records.views import (  # noqa: E402 - they add their routes
    alerts,  # noqa: F401
    choosing,  # noqa: F401
    disseminating,  # noqa: F401
    drafting,  # noqa: F401
    exporting,  # noqa: F401
    home,  # noqa: F401
    listing,  # noqa: F401
    marking,  # noqa: F401
    moving,  # noqa: F401
    pasting,  # noqa: F401
    reading,  # noqa: F401
    record_page,  # noqa: F401
    saved_searches,  # noqa: F401
    saved_views,  # noqa: F401
    searching,  # noqa: F401
)
