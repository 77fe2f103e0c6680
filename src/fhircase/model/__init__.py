"""What a case worker means: frozen, strict pydantic models that know nothing of any wire format."""

from fhircase.model.assessment import Answer, Assessment, Question, Score
from fhircase.model.attachment import Attachment
from fhircase.model.care_plan import Acceptance, Activity, CarePlan, Goal, Target
from fhircase.model.case import Assignment, Case, Closure, Origin, StatusSpan, TeamMember
from fhircase.model.client import Address, Client, ClientContact, ContactPoint, Language, PersonName
from fhircase.model.consent import Consent, ConsentActor, ConsentData
from fhircase.model.contact import Contact, Visit
from fhircase.model.coverage import Authorisation, AuthorisedService, Coverage
from fhircase.model.custom import Custom
from fhircase.model.need import Need
from fhircase.model.outcome import Outcome
from fhircase.model.record import RECORDS, Record, record_type
from fhircase.model.referral import Offer, Referral, StatusChange
from fhircase.model.review import Review
from fhircase.model.team import Member, Team
from fhircase.model.value import (
    Coding,
    Concept,
    Document,
    Identifier,
    Key,
    Link,
    Money,
    Note,
    Period,
    Quantity,
    Recurrence,
)
from fhircase.model.work_item import WorkItem

__all__ = [
    "RECORDS",
    "Acceptance",
    "Activity",
    "Address",
    "Answer",
    "Assessment",
    "Assignment",
    "Attachment",
    "Authorisation",
    "AuthorisedService",
    "CarePlan",
    "Case",
    "Client",
    "ClientContact",
    "Closure",
    "Coding",
    "Concept",
    "Consent",
    "ConsentActor",
    "ConsentData",
    "Contact",
    "ContactPoint",
    "Coverage",
    "Custom",
    "Document",
    "Goal",
    "Identifier",
    "Key",
    "Language",
    "Link",
    "Member",
    "Money",
    "Need",
    "Note",
    "Offer",
    "Origin",
    "Outcome",
    "Period",
    "PersonName",
    "Quantity",
    "Question",
    "Record",
    "Recurrence",
    "Referral",
    "Review",
    "Score",
    "StatusChange",
    "StatusSpan",
    "Target",
    "Team",
    "TeamMember",
    "Visit",
    "WorkItem",
    "record_type",
]
