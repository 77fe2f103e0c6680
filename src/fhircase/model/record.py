"""The kinds of record, by name."""

from fhircase.model.care_plan import CarePlan, Goal
from fhircase.model.case import Case
from fhircase.model.consent import Consent
from fhircase.model.need import Need
from fhircase.model.outcome import Outcome
from fhircase.model.referral import Referral
from fhircase.model.team import Team
from fhircase.model.work_item import WorkItem

Record = Case | CarePlan | Referral | WorkItem | Need | Goal | Team | Outcome | Consent

RECORDS: dict[str, type[Record]] = {
    "case": Case,
    "care-plan": CarePlan,
    "referral": Referral,
    "work-item": WorkItem,
    "need": Need,
    "goal": Goal,
    "team": Team,
    "outcome": Outcome,
    "consent": Consent,
}
"""Record class by kind, in the order in which a mixed set of resources is read."""


def record_type(record: Record) -> str:
    """The kind of a record, as it stands in its key and in record files."""
    return next(kind for kind, model in RECORDS.items() if type(record) is model)
