"""Profiles that a resource of ours claims: said in `meta.profile` while it has everything its claim asks for.

What a claim asks for is a list: `authoredOn` (it is there), `participant.role` (in every participant),
`statusReason?.text` (wherever there is a reason), `performed[x]` (by any name), `status!=received`, `intent=order`,
`code~task-code#fulfill` (with that code), `category~$sdoh` (with a code of that system). A claim that others made is
left alone.
Source: https://hl7.org/fhir/R4/resource-definitions.html#Meta.profile
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhircase.fhir.jsontext import Json
from fhircase.mapping.context import absent_marker
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.pathtext import Vocabulary
from fhircase.mapping.selector import codings

_DEMAND = re.compile(r"([A-Za-z.?]+)(\[x\])?(?:(!=|=|~)(\S+))?")


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that a resource has to have."""

    way: tuple[str, ...]
    """Names of elements; one with `?` need not be there, and then nothing below it."""
    choice: bool = False
    how: str = ""
    wanted: tuple[str, ...] = ()

    def met(self, resource: Json) -> bool:
        """Whether the resource has it."""
        found = list(self._found(resource, self.way))
        if self.how == "!=":
            return self.wanted[0] not in found
        if self.how == "=":
            return found == [self.wanted[0]]
        if self.how == "~":
            return any(self._coded(value) for value in found)
        return None not in found

    def _found(self, node: Any, way: tuple[str, ...]) -> Iterator[Any]:
        """What stands there; None wherever it should and does not."""
        if not way:
            yield None if node == absent_marker() else node
            return
        name = way[0].removesuffix("?")
        names = [key for key in node if key.startswith(name)] if self.choice and len(way) == 1 else [name]
        found = [node.get(each) for each in names if node.get(each) is not None]
        values = [value for each in found for value in (each if isinstance(each, list) else [each])]
        if not values and not way[0].endswith("?"):
            yield None
        for value in values:
            yield from self._found(value, way[1:])

    def _coded(self, concept: Any) -> bool:
        there = [(coding.get("system"), coding.get("code")) for coding in codings(concept)]
        return any((system, code)[: len(self.wanted)] == self.wanted for system, code in there)


Claim = tuple[str, tuple[Demand, ...]]
"""A profile, and what a resource that claims it has to have."""


def demand(text: str, words: Vocabulary) -> Demand:
    """What a text demands.

    Raises:
        SpecError: it cannot be read.
        PathError: it names a code system that is not declared.
    """
    if not (found := _DEMAND.fullmatch(text)):
        raise SpecError(f"`{text}` cannot be read: write like `code`, `reason?.text`, `status!=draft` or `code~x#y`")
    way, choice, how, wanted = found.groups()
    codes: tuple[str, ...] = (wanted,) if wanted else ()
    if how == "~":
        codes = (words.system(wanted[1:]),) if wanted.startswith("$") else words.code(wanted)
    return Demand(tuple(way.split(".")), bool(choice), how or "", codes)


def claim(resource: Json, claims: tuple[Claim, ...]) -> None:
    """Let a resource of ours claim the profiles that it fulfils, and no more those that it does not."""
    if not claims:
        return
    meta = resource.get("meta", {})
    before = meta.get("profile", []) if isinstance(meta, dict) else None
    if not isinstance(before, list):
        return
    fulfilled = [profile for profile, demands in claims if all(each.met(resource) for each in demands)]
    broken = {profile for profile, _ in claims} - set(fulfilled)
    now = [each for each in before if each.partition("|")[0] not in broken]
    there = {each.partition("|")[0] for each in now}
    now += [profile for profile in fulfilled if profile not in there]
    if now == before:
        return
    others = {name: value for name, value in meta.items() if name != "profile"}
    resource["meta"] = {**others, "profile": now} if now else others
    if not resource["meta"]:
        del resource["meta"]


def is_ours(resource: Json, key: Mapping[str, str]) -> bool:
    """Whether a resource has an identifier of the record's own, as those have that we made."""
    found = resource.get("identifier")
    systems = [each.get("system") for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return any(isinstance(system, str) and system.startswith(f"{key['namespace']}/") for system in systems)
