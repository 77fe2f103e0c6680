"""What profiles of guides demand beyond FHIR itself, from a table that `make tables` makes of the guides."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fhircase.fhir.definitions import Constraint, rows


@dataclass(frozen=True, slots=True)
class Demand:
    """What a profile says of one element or slice; only what is not FHIR's own is there."""

    id: str
    """`CarePlan.category`, or with slices `CarePlan.category:AssessPlan`."""
    low: int
    high: str
    kinds: frozenset[str]
    """Types, where it takes fewer than FHIR."""
    targets: frozenset[str]
    fixed: Any
    """A value that it has, or that is part of what it has; None where there is none."""
    value_set: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile of one guide, in one version."""

    name: str
    """`canonical|version`."""
    type: str
    fhir: str
    """The FHIR version that it is for."""
    demands: list[Demand] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)


@cache
def profiles() -> Mapping[str, Profile]:
    """All profiles that ship, by `canonical|version`."""
    found: dict[str, Profile] = {}
    at = Profile("", "", "")
    for row in rows("profiles"):
        if row[0] == "profile":
            at = found[row[1]] = Profile(row[1], row[2], row[3])
        elif row[0] == "constraint":
            at.constraints.append(Constraint(*row[1:]))
        else:
            id_, low, high, kinds, targets, fixed, value_set = row
            value = json.loads(fixed) if fixed else None
            at.demands.append(
                Demand(id_, int(low or 0), high, frozenset(kinds.split()), frozenset(targets.split()), value, value_set)
            )
    return found


def profile(name: str) -> Profile | None:
    """A profile by `canonical|version`, or by its canonical alone: then the newest version at hand."""
    known = profiles()
    return known.get(name) or next(
        (known[each] for each in sorted(known, reverse=True) if each.startswith(f"{name}|")), None
    )


def for_version(names: Iterable[str], fhir: str) -> tuple[str, ...]:
    """Those of the names that are profiles for a FHIR version."""
    shape = "R5" if fhir == "R5" else "R4"
    return tuple(name for name in names if (each := profile(name)) and each.fhir == shape)


def demanded(names: Iterable[str], fhir: str) -> frozenset[str]:
    """The elements that profiles for a FHIR version require beyond FHIR, by path; no slices and no choices."""
    found = [each for name in for_version(names, fhir) if (each := profile(name))]
    return frozenset(
        demand.id for each in found for demand in each.demands if demand.low and _PLAIN.isdisjoint(demand.id)
    )


_PLAIN = frozenset(":[")
