"""Who pays in a case: links to what a payer has, or what was read of it."""

from decimal import Decimal
from typing import Any, get_args

from fhircase.model import Authorisation, AuthorisedService, Coverage, Identifier, Link, Period, Quantity
from fhircase.model.coverage import CoverageKind, CoverageStatus
from fhircase.records.sample.chance import Chance
from fhircase.records.sample.days import day, moment
from fhircase.records.sample.words import NAMESPACE, concept, words

_STATUSES: tuple[CoverageStatus, ...] = ("active", "active", "active", *get_args(CoverageStatus)[1:])
_KINDS: tuple[CoverageKind, ...] = get_args(CoverageKind)[1:]
_PAYER = Link(display="County health plan")


def insurance(number: int, opened: int, chance: Chance) -> dict[str, Any]:
    """The coverages and authorisations of a case."""
    covered = chance.deal("coverage", (None, "link", "facts", "facts"))
    allowed = chance.deal("authorisation", (None, None, "link", "facts"))
    return {
        "coverages": (_coverage(number, opened, covered == "link", chance),) if covered else (),
        "authorisations": (_authorisation(number, opened, allowed == "link", chance),) if allowed else (),
    }


def _coverage(number: int, opened: int, linked: bool, chance: Chance) -> Coverage:  # noqa: FBT001 - one of two forms
    if linked:
        return Coverage(id="cov1", link=Link(reference=f"Coverage/{number}"))
    text = words()["insurance"]
    return Coverage(
        id="cov1",
        identifiers=(Identifier(system=f"{NAMESPACE}/policies", value=f"POL-{number:05}"),),
        status=chance.deal("coverage status", _STATUSES),
        kind=chance.deal("coverage kind", _KINDS),
        type=concept(chance.deal("coverage type", text["types"])),
        payer=_PAYER,
        subscriber_id=f"SUB{number:05}",
        relationship=concept(chance.deal("relationship", text["relationships"])),
        period=Period(start=day(opened - 200), end=day(opened + 165)),
    )


def _authorisation(number: int, opened: int, linked: bool, chance: Chance) -> Authorisation:  # noqa: FBT001
    if linked:
        return Authorisation(id="auth1", link=Link(reference=f"ClaimResponse/{number}"))
    units = Quantity(value=Decimal(chance.between(4, 12)), unit="visit")
    return Authorisation(
        id="auth1",
        identifiers=(Identifier(system=f"{NAMESPACE}/authorisations", value=f"AU-{number:05}"),),
        status=chance.deal("authorisation status", _STATUSES),
        number=f"PA-{number:05}",
        payer=_PAYER,
        decided=chance.deal("decided", (day(opened + 3), moment(opened + 3, chance))),
        period=Period(start=day(opened + 3), end=day(opened + 93)),
        services=(
            AuthorisedService(what=concept(chance.deal("service", words()["insurance"]["services"])), quantity=units),
        ),
    )
