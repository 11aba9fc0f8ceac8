"""Whether the installation works: probes for machines, pages for operators, and never a word of content."""

from intelhub.health.report import report_on_index, report_on_keys
from intelhub.health.views import blueprint

__all__ = ["blueprint", "report_on_index", "report_on_keys"]
