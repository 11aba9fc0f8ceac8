"""The demo: invented officers and records, marked as such, that show what the product does."""

from intelhub.demo.content import DemoPerson, DemoPost, DemoRecord, DemoStep
from intelhub.demo.generator import generate_records
from intelhub.demo.people import generate_people
from intelhub.demo.stories import STORY_COMPANY_NAME, STORY_TAX_CODE

__all__ = [
    "STORY_COMPANY_NAME",
    "STORY_TAX_CODE",
    "DemoPerson",
    "DemoPost",
    "DemoRecord",
    "DemoStep",
    "generate_people",
    "generate_records",
]
