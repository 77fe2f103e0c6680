"""Whose patient, and which organisation: known by identifiers only, and only if a server knows exactly one."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhircase.exchange.references import Json, nodes, token
from fhircase.fhir.lenient import object_at, objects_at, text_at
from fhircase.mapping.kinds.link import record_key

PATIENT = "Patient"
PARTIES = ("Organization", "Practitioner", "PractitionerRole")
"""What somebody may be whose link does not say."""


@dataclass(frozen=True, slots=True)
class Person:
    """A client as a record names them: by identifiers, or by nothing that a server could be asked for."""

    tokens: tuple[str, ...]
    """`system|value`, of trusted systems only."""
    untrusted: bool = False
    """Whether there are identifiers, but of systems that the configuration does not trust."""


@dataclass(frozen=True, slots=True)
class Held:
    """Why a record cannot be sent before somebody acts."""

    code: str
    reason: str


def person(identifiers: Iterable[Any], trusted: Collection[str]) -> Person:
    """Take the identifiers that may find a client."""
    named = [token(identifier) for identifier in identifiers]
    fine = tuple(dict.fromkeys(each for each in named if each and each.partition("|")[0] in trusted))
    return Person(fine, untrusted=any(named) and not fine)


def logical(resource: Json) -> Iterator[tuple[str, str]]:
    """Whom a resource names by identifier only, none of our records: (type or empty, `system|value`)."""
    for node in nodes(resource):
        if "reference" not in node and (named := token(node.get("identifier"))) and not record_key(node["identifier"]):
            yield text_at(node, "type"), named


def found_by(resources: Iterable[Json]) -> dict[str, set[str]]:
    """References of resources by each of their identifiers; those that were merged into others left out."""
    found: dict[str, set[str]] = {}
    for resource in resources:
        if any(text_at(link, "type") == "replaced-by" for link in objects_at(resource, "link")):
            continue
        one = object_at(resource, "identifier")
        for identifier in [one] if one else objects_at(resource, "identifier"):
            reference = f"{resource.get('resourceType')}/{resource.get('id')}"
            found.setdefault(token(identifier), set()).add(reference)
    return found


def matched(who: Person, found: Mapping[str, Collection[str]]) -> str | Held:
    """The one Patient that a client is, or why that cannot be said."""
    if not who.tokens:
        what = (
            "none of the client's identifiers is of a system that this server's `patient_identifiers` trusts"
            if who.untrusted
            else "the client has no identifier to find the patient by"
        )
        return Held("no-identifier", what)
    matches = {reference for each in who.tokens for reference in found.get(each, ())}
    if len(matches) == 1:
        return matches.pop()
    if matches:
        return Held(
            "several-patients",
            f"{len(matches)} patients of the server have the client's identifiers: "
            f"{', '.join(sorted(matches))}; merge them there, or correct the identifiers",
        )
    return Held(
        "no-patient",
        "no patient of the server has the client's identifiers; register the client there, "
        "or allow it with create_patients",
    )


def criteria(tokens: Iterable[str]) -> str:
    """The value of a search parameter that matches any of these identifiers.

    Source: https://hl7.org/fhir/R4/search.html#escaping
    """
    return ",".join(escaped(each) for each in tokens)


def escaped(named: str) -> str:
    """An identifier as a search value."""
    system, _, value = named.partition("|")
    return "|".join(
        part.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$").replace("|", "\\|")
        for part in (system, value)
    )


def reference_of(resource: Json) -> str:
    """A resource's reference on its server."""
    return f"{resource['resourceType']}/{resource['id']}"


def version_of(resource: Json) -> str:
    """The version a server gave a resource; empty if it gives none."""
    return text_at(object_at(resource, "meta"), "versionId")
