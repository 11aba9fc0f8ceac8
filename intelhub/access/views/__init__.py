"""The pages of access: signing in, one's own account, people, and why a decision fell as it did."""

from intelhub.platform.web import FeatureBlueprint

blueprint = FeatureBlueprint("access", __name__, template_folder="../templates")

from intelhub.access.views import explaining, managing, own_account, people, signing_in  # noqa: E402, F401 - they add their routes
