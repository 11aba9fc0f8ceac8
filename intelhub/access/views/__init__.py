"""The pages of access: signing in, one's own account, people, and why a decision fell as it did."""

from intelhub.platform.web import FeatureBlueprint

blueprint = FeatureBlueprint("access", __name__, template_folder="../templates")

from intelhub.access.views import (  # noqa: E402 - they add their routes
    endings,  # noqa: F401
    explaining,  # noqa: F401
    managing,  # noqa: F401
    own_account,  # noqa: F401
    people,  # noqa: F401
    signing_in,  # noqa: F401
)
