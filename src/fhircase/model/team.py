"""A team that cares for a client and is no part of a case."""

from typing import Literal

from fhircase.model.base import Extensible, Many, Said, Text
from fhircase.model.client import ContactPoint
from fhircase.model.value import Concept, Key, Link, Note, Period

TeamStatus = Literal["unspecified", "proposed", "active", "suspended", "inactive", "entered-in-error"]


class Member(Said):
    """Somebody in the team, as what, for whom and when."""

    who: Link | None = None
    role: Concept | None = None
    on_behalf_of: Link | None = None
    period: Period | None = None


class Team(Extensible):
    """Who cares for a client together; the team of a case is part of the case."""

    key: Key
    client: Link | None = None
    status: TeamStatus = "unspecified"
    name: Text | None = None
    categories: Many[Concept] = ()
    period: Period | None = None
    members: Many[Member] = ()
    agencies: Many[Link] = ()
    """The organisations that are responsible for the team."""
    reasons: Many[Concept] = ()
    needs: Many[Link] = ()
    points: Many[ContactPoint] = ()
    notes: Many[Note] = ()
