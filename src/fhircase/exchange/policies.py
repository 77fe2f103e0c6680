"""The policies by which both sides' changes to a kind of record are brought together, as the mappings state them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType

from fhircase.errors import Problem
from fhircase.mapping.compiled import all_compiled
from fhircase.mapping.merging import Merging, Policy, merging

_WHY = {
    Policy.OURS: "what we say counts",
    Policy.THEIRS: "what the server says counts",
    Policy.UNION: "what was changed is kept though the other side took it out",
    Policy.FORWARD: "a status only goes forward",
}


def passed_over(paths: Iterable[str], known: Mapping[str, Merging]) -> Iterator[Problem]:
    """Name each change that a policy did not let come to be."""
    for path in paths:
        way = re.sub(r"\[[^\]]*\]", "", path)
        while way and way not in known:
            way = way.rpartition(".")[0]
        found = known.get(way)
        if found and found.owned:
            what = "belongs to the server, so the change stays here"
            yield Problem(what, path, "what belongs to the server", "change it on the server")
        elif found:
            hint = "another policy is `merge:` in an overlay"
            yield Problem("one side's change was passed over", path, _WHY.get(found.policy, ""), hint)


@cache
def policies(kind: str, fhir: str, overlays: tuple[str, ...]) -> Mapping[str, Merging]:
    """By the path of the field, without the ids of items: `offers.status`. What is not there is asked."""
    found: dict[str, Merging] = {}
    for mapping in all_compiled(fhir, overlays):
        if mapping.kind == kind:
            found |= merging(mapping.shape, mapping.linked)
    return MappingProxyType(found)
