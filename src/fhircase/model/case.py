"""A case: who is helped, by which case manager, and where it stands."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from fhircase.model.assessment import Assessment, Score
from fhircase.model.base import Extensible, Items, Many, Said
from fhircase.model.client import Client
from fhircase.model.consent import Consent
from fhircase.model.contact import Contact, Visit
from fhircase.model.coverage import Authorisation, Coverage
from fhircase.model.custom import OrLocal
from fhircase.model.need import Need
from fhircase.model.review import Review, in_order
from fhircase.model.time import Moment
from fhircase.model.value import Coding, Concept, Key, Link, Note, Period

CaseStatus = Annotated[
    Literal[
        "unspecified",
        "draft",
        "referred",
        "screening",
        "accepted",
        "waitlisted",
        "assessing",
        "planning",
        "active",
        "monitoring",
        "on-hold",
        "closed",
        "closed-unmet",
        "declined",
        "withdrawn",
        "entered-in-error",
    ],
    OrLocal(),
]
Priority = Literal["unspecified", "routine", "urgent", "asap", "stat"]

CASE_MANAGER = Coding(system="http://snomed.info/sct", code="768832004", display="Case manager")
"""SNOMED CT's code for the role; who holds or held it stands in `Case.assignments`."""


class StatusSpan(Said):
    """A status the case had, and for how long."""

    status: CaseStatus = "unspecified"
    period: Period | None = None


class Origin(Said):
    """How and from whom a case came in."""

    how: Concept | None = None
    source: Link | None = None
    referral: Link | None = None
    """The request that brought the client."""
    stay: Link | None = None
    """The hospital stay that the case follows."""


class Assignment(Said):
    """A case manager who has or had the case."""

    who: Link | None = None
    period: Period | None = None


class TeamMember(Said):
    """Somebody else who helps, and as what."""

    who: Link | None = None
    role: Concept | None = None
    period: Period | None = None

    @model_validator(mode="after")
    def _is_no_case_manager(self) -> Self:
        if self.role and self.role.has(str(CASE_MANAGER.system), str(CASE_MANAGER.code)):
            raise ValueError("a case manager belongs into `assignments`")
        return self


class Closure(Said):
    """Why, with what outcome and when a case was closed."""

    reason: Concept | None = None
    outcome: Concept | None = None
    on: Moment | None = None


class Case(Extensible):
    """A client in the care of a case manager, from referral-in to closure."""

    key: Key
    client: Client
    status: CaseStatus = "unspecified"
    status_reason: Concept | None = None
    history: Many[StatusSpan] = ()
    held_until: Moment | None = None
    """When a case on hold is taken up again."""
    priority: Priority = "unspecified"
    acuity: Concept | None = None
    programme: Concept | None = None
    origin: Origin | None = None
    opened: Moment | None = None
    case_manager: Link | None = None
    assignments: Many[Assignment] = ()
    team: Many[TeamMember] = ()
    needs: Items[Need] = ()
    reviews: Annotated[Items[Review], AfterValidator(in_order)] = ()
    consents: Items[Consent] = ()
    coverages: Items[Coverage] = ()
    authorisations: Items[Authorisation] = ()
    assessments: Items[Assessment] = ()
    scores: Items[Score] = ()
    satisfaction: Items[Assessment] = ()
    """What the client says of the help."""
    contacts: Items[Contact] = ()
    visits: Items[Visit] = ()
    notes: Many[Note] = ()
    closure: Closure | None = None

    @model_validator(mode="after")
    def _insurance_has_distinct_ids(self) -> Self:
        if {each.id for each in self.coverages} & {each.id for each in self.authorisations}:
            raise ValueError("a coverage and an authorisation need distinct ids: they stand in one list")
        return self

    @model_validator(mode="after")
    def _scores_are_of_assessments(self) -> Self:
        known = {assessment.id for assessment in self.assessments}
        if any(set(score.assessments) - known for score in self.scores):
            raise ValueError("a score names an assessment that the case does not have")
        return self
