"""The pages of the audit log: looking through it, one entry, refusals, the state of the chain; never a word of content.

Whoever looks is written down as well, in the same transaction, before the answer leaves.
"""

from intelhub.platform.web import FeatureBlueprint

blueprint = FeatureBlueprint("audit", __name__, template_folder="../templates")

from intelhub.audit.views import chain, overview, refusals, searching  # noqa: E402, F401 - they add their routes
