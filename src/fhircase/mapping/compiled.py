"""A mapping ready to run: its resources, how they are recognised, and its rules for one FHIR version."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from fhircase.errors import FhircaseError, MappingFileError, Problem
from fhircase.fhir.elements import VERSIONS
from fhircase.fhir.jsontext import Json
from fhircase.mapping import files
from fhircase.mapping.build import Builder, Place, via
from fhircase.mapping.check import problems
from fhircase.mapping.context import Context, Scope
from fhircase.mapping.index import Index
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.related import Via
from fhircase.mapping.kinds.rule import Shape
from fhircase.mapping.path import Path
from fhircase.model import RECORDS


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping for one FHIR version, overlays included."""

    name: str
    kind: str
    """The kind of record."""
    version: str
    types: dict[str, str]
    """Resource type by role, the record's own and its items'."""
    roles: tuple[str, ...]
    """The record's own roles, in order."""
    anchors: tuple[str, ...]
    """Roles of which one must be there for the record to be read."""
    always: tuple[str, ...]
    """Roles that are made with every new record."""
    linked: frozenset[str]
    """Roles that are linked and never written on a server."""
    when: dict[str, str]
    """Fields of the model that choose this mapping."""
    refuses: tuple[tuple[Path, Any], ...]
    """What a resource must not say to be read by this mapping."""
    vias: tuple[Via, ...]
    shape: Shape
    later: dict[frozenset[str], Shape] = field(default_factory=dict)
    """The rules with something to say in resources that other rules have made, by those resources' roles."""

    def anchor(self, resource: Json) -> str | None:
        """The role that a resource would anchor a record in, if it is such a resource."""
        for role in self.anchors:
            if self.types[role] == resource.get("resourceType") and self._recognised(role, resource):
                return role
        return None

    def _recognised(self, role: str, resource: Json) -> bool:
        scope = Scope(_NO_CONTEXT, {**dict.fromkeys(self.types), role: resource}, types=self.types)
        for rule in self.shape.rules.values():
            if isinstance(rule, Constant) and rule.recognises and rule.path.role == role and not rule.holds(scope):
                return False
        return not any(path.role == role and path.get(scope) == value for path, value in self.refuses)

    def scope(self, ctx: Context) -> Scope:
        """An empty scope for the record."""
        return Scope(ctx, dict.fromkeys(self.types), types=self.types)


_NO_CONTEXT = Context("", [], Index())


@cache
def compiled(name: str, version: str, overlays: tuple[str, ...] = ()) -> Mapping:
    """The mapping of that name for a FHIR version.

    Raises:
        MappingFileError: the file is wrong; all problems at once, each with its line.
    """
    if version not in VERSIONS:
        raise FhircaseError(f"fhircase speaks {', '.join(VERSIONS)}, not `{version}`")
    document = files.flattened(name, overlays)
    builder = Builder(document, version)
    resources = {role: builder.versioned(spec) for role, spec in document["resources"].items()}
    builder.roles.update({role: spec["type"] for role, spec in resources.items()})
    own = dict(builder.roles)
    vias = [via(builder, role, spec) for role, spec in document["resources"].items() if "via" in spec]
    shape = builder.shape(document["rules"], own, "", "")
    place = Place(builder, own, "", "")
    refuses = tuple((place.path(text), value) for text, value in document.get("refuses", {}).items())
    if builder.problems:
        raise MappingFileError(builder.problems)
    linked = frozenset(role for role, spec in resources.items() if spec.get("linked"))
    when = dict(document.get("when", {}))
    exempt = frozenset({*when, *document.get("lacks", ())})
    if wrong := list(problems(shape, RECORDS[document["record"]], exempt, builder.roles, linked, version)):
        raise MappingFileError([replace(each, source=each.source or str(name)) for each in wrong])
    for each in vias:
        each.name = f"{getattr(document, 'file', name)} resources.{each.role}"
    return Mapping(
        str(document["mapping"]),
        str(document["record"]),
        version,
        builder.roles,
        tuple(own),
        tuple(document.get("anchors", list(own)[:1])),
        tuple(role for role, spec in resources.items() if spec.get("make") == "always" or role == next(iter(own))),
        linked,
        when,
        refuses,
        tuple(vias),
        shape,
    )


@cache
def all_compiled(version: str, overlays: tuple[str, ...] = ()) -> tuple[Mapping, ...]:
    """Every shipped mapping, in the order in which a mixed set of resources is read."""
    order = list(RECORDS)
    found = [compiled(name, version, overlays) for name in files.names()]
    return tuple(sorted(found, key=lambda mapping: order.index(mapping.kind)))


def mapping_for(kind: str, data: Json, version: str, overlays: Sequence[str] = ()) -> Mapping:
    """The mapping that writes a record of this kind and content."""
    for mapping in all_compiled(version, tuple(overlays)):
        if mapping.kind == kind and all(data.get(name) == value for name, value in mapping.when.items()):
            return mapping
    raise MappingFileError(Problem(f"no mapping writes a record of kind `{kind}`"))
