"""The kinds of record, by name."""

from fhircase.model.care_plan import CarePlan, Goal
from fhircase.model.case import Case
from fhircase.model.need import Need
from fhircase.model.referral import Referral
from fhircase.model.work_item import WorkItem

Record = Case | CarePlan | Referral | WorkItem | Need | Goal

RECORDS: dict[str, type[Record]] = {
    "case": Case,
    "care-plan": CarePlan,
    "referral": Referral,
    "work-item": WorkItem,
    "need": Need,
    "goal": Goal,
}
"""Record class by kind, in the order in which a mixed set of resources is read."""


def record_type(record: Record) -> str:
    """The kind of a record, as it stands in its key and in record files."""
    return next(kind for kind, model in RECORDS.items() if type(record) is model)
