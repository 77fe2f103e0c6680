"""What can be known to be wrong with a mapping before any value flows.

Every field of the model has a rule and every rule a field; code tables cover the model's enum both ways; every element
that FHIR requires of a resource we write is filled; no two rules own the same place.
"""

from collections.abc import Iterator

from fhircase.errors import Problem
from fhircase.mapping.check.bare import bare
from fhircase.mapping.check.codes import constants
from fhircase.mapping.check.fields import OWN, Fields
from fhircase.mapping.check.merging import merging
from fhircase.mapping.check.places import doubled, refers
from fhircase.mapping.check.profiles import profiled
from fhircase.mapping.check.required import required
from fhircase.mapping.check.tables import tables
from fhircase.mapping.check.targets import misled
from fhircase.mapping.check.walk import Checked, key_way, problem

__all__ = ["Checked", "key_way", "problems"]

_THEIR_KEY = "add a rule for the field that is its number: `{key: role.identifier, system: https://...}`"


def problems(of: Checked) -> Iterator[Problem]:
    """Everything that is wrong with the rules of a record for one FHIR version."""
    if key_way(of.shape) is None:
        hint = "add `key: {key: role.identifier, kind: ...}`" if of.model.ours else _THEIR_KEY
        yield problem(of.at[""], "the record has no key", hint)
    exempt = of.exempt | OWN | {"key"} if of.model.ours else of.exempt
    yield from Fields(ours=of.model.ours).problems(of.shape, of.model.described, exempt, of.at[""])
    yield from doubled(of)
    yield from refers(of.shape)
    yield from required(of)
    yield from tables(of)
    yield from constants(of)
    yield from bare(of)
    yield from misled(of)
    yield from merging(of)
    yield from profiled(of)
