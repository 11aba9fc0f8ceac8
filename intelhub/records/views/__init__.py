"""The pages of records; each module is one part of an officer's day."""

from intelhub.platform.web import FeatureBlueprint

blueprint = FeatureBlueprint("records", __name__, template_folder="../templates")

from intelhub.records.views import drafting, home, moving, reading, searching  # noqa: E402, F401 - they add their routes
