"""What can be known to be wrong with a mapping before any value flows.

Every field of the model has a rule and every rule a field; code tables cover the model's enum both ways; every element
that FHIR requires of a resource we write is filled; no two rules own the same place.
"""

from collections.abc import Iterator

from fhircase.errors import Problem
from fhircase.mapping.check.fields import OWN, fields
from fhircase.mapping.check.places import doubled, refers
from fhircase.mapping.check.required import required
from fhircase.mapping.check.walk import Checked, problem
from fhircase.mapping.kinds.identity import RecordKey

__all__ = ["Checked", "problems"]


def problems(of: Checked) -> Iterator[Problem]:
    """Everything that is wrong with the rules of a record for one FHIR version."""
    if not isinstance(of.shape.rules.get("key"), RecordKey):
        yield problem(of.at[""], "the record has no key", "add `key: {key: role.identifier, kind: ...}`")
    yield from fields(of.shape, of.model, of.exempt | OWN | {"key"}, of.at[""])
    yield from doubled(of.shape)
    yield from refers(of.shape)
    yield from required(of)
