"""A mapping ready to run: its resources, how they are recognised, and its rules for one FHIR version."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from ruamel.yaml.comments import CommentedMap

from fhircase.errors import FhircaseError, MappingFileError, Problem
from fhircase.fhir.elements import VERSIONS
from fhircase.fhir.jsontext import Json
from fhircase.fhir.profiles import for_version
from fhircase.mapping import files
from fhircase.mapping.build import Builder, via
from fhircase.mapping.check import Checked, key_way, problems
from fhircase.mapping.claims import Claim, Demand, demand
from fhircase.mapping.context import Context, Misfit, Scope
from fhircase.mapping.custom import Sayable
from fhircase.mapping.differing import Following, following
from fhircase.mapping.grammar import problems as form_problems
from fhircase.mapping.index import Index
from fhircase.mapping.kinds.constant import Constant, recognising
from fhircase.mapping.kinds.identity import RecordKey
from fhircase.mapping.kinds.place import Place
from fhircase.mapping.kinds.related import Via
from fhircase.mapping.kinds.rule import Shape
from fhircase.mapping.lines import beside, source
from fhircase.mapping.models.fitting import Unfit
from fhircase.mapping.models.model import Model, of_code, of_schema, ours
from fhircase.mapping.path import Path
from fhircase.mapping.straight.mapped import Straight
from fhircase.model import RECORDS


@dataclass(frozen=True)
class Mapping:
    """One mapping for one FHIR version, overlays included."""

    name: str
    kind: str
    """The kind of record."""
    model: Model
    """Whose records they are: ours, or those of somebody's own model."""
    key: tuple[str, ...]
    """The names that lead to a record's key."""
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
    sayable: Sayable
    """What of a record the rules can say."""
    profiles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The profiles that the resource of a role is claimed to conform to, each `canonical|version`."""
    claims: dict[str, tuple[Claim, ...]] = field(default_factory=dict)
    """What the resource of a role has to have to claim a profile in `meta.profile`."""
    later: dict[frozenset[str], Shape] = field(default_factory=dict)
    """The rules with something to say in resources that other rules have made, by those resources' roles."""

    @cached_property
    def straight(self) -> Straight:
        """The rules as functions; those of a mapping for one of our records."""
        name, model = f"{self.name} {self.version}", RECORDS[self.kind]
        return Straight(name, model, self.shape, self.vias, self.roles, self.always)

    @cached_property
    def following(self) -> list[Following]:
        """The rules, and what each of them follows when only some fields differ."""
        return following(self.shape)

    def taken(self, data: Json, source: str = "") -> tuple[Any, tuple[Problem, ...]]:
        """A record of its plain data; or None, and what is wrong with them."""
        try:
            return self.model.load(data), ()
        except Unfit as error:
            return None, tuple(
                Problem(what, ".".join(str(part) for part in way), self.model.described.name, source=source)
                for way, what in error.errors
            )

    def key_rule(self) -> RecordKey:
        """The rule of the record's key."""
        rule: Any = self.shape.rules[self.key[0]]
        for name in self.key[1:]:
            rule = rule.shape.rules[name]
        assert isinstance(rule, RecordKey)  # noqa: S101 - a mapping without is refused
        return rule

    def key_of(self, data: Json) -> dict[str, str] | None:
        """The key of a record, by its plain data; none where it has none."""
        found: Any = data
        for name in self.key:
            found = found.get(name) if isinstance(found, dict) else None
        return None if found is None else self.key_rule().of(found)

    def identity(self, record: Any) -> tuple[str, ...]:
        """What tells a record of its kind from all others."""
        key = self.key_of(self.model.dump(record)) or {}
        return tuple(key.values())

    def anchor(self, resource: Json) -> str | None:
        """The role that a resource would anchor a record in, if it is such a resource."""
        for role in self._anchoring.get(str(resource.get("resourceType")), ()):
            if self._recognised(role, resource):
                return role
        return None

    def role(self, anchor: Json) -> str:
        """The role of a resource that is known to anchor a record."""
        roles = self._anchoring[anchor["resourceType"]]
        return roles[0] if len(roles) == 1 else self.anchor(anchor) or roles[0]

    @cached_property
    def _anchoring(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for role in self.anchors:
            found.setdefault(self.types[role], []).append(role)
        return found

    def _recognised(self, role: str, resource: Json) -> bool:
        def scope() -> Scope:
            return Scope(_NO_CONTEXT, {**dict.fromkeys(self.types), role: resource}, types=self.types)

        says, refuses = self._recognising[role]
        try:
            for rule in says:
                if not rule.holds_in(resource, scope):
                    return False
            return not any(path.get_in(resource, scope) == value for path, value in refuses)
        except Misfit:
            return False

    @cached_property
    def _recognising(self) -> dict[str, tuple[list[Constant], list[tuple[Path, Any]]]]:
        """What a resource of each role has to say to be recognised, and what it must not say."""
        known = recognising(self.shape)
        return {
            role: (
                [rule for rule in known if rule.path.role == role],
                [(path, value) for path, value in self.refuses if path.role == role],
            )
            for role in self.anchors
        }

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
    return compiled_document(files.flattened(name, overlays, version), version, overlays)


def compiled_document(document: CommentedMap, version: str, overlays: tuple[str, ...] = ()) -> Mapping:
    """A mapping as it was read from a file, for a FHIR version.

    Raises:
        MappingFileError: it is wrong; all problems at once, each with its line.
    """
    if version not in VERSIONS:
        raise FhircaseError(f"fhircase speaks {', '.join(VERSIONS)}, not `{version}`")
    if wrong := list(form_problems(document)):
        raise MappingFileError(wrong)
    builder = Builder(document, version, overlays)
    specs = document["resources"]
    resources = {role: builder.versioned(spec) for role, spec in specs.items()}
    for role, spec in resources.items():
        builder.tried(lambda spec=spec: builder.resource(spec.get("type")), source(specs, role), f"resources.{role}")  # type: ignore[misc]
        builder.roles[role] = spec.get("type", "")
    if builder.problems:
        raise MappingFileError(builder.problems)
    own = dict(builder.roles)
    vias = [made for role in resources if "via" in resources[role] and (made := via(builder, role, specs))]
    shape = builder.shape(document["rules"], own, "", "")
    refuses = _refused(builder, document.get("refuses", {}), own)
    if builder.problems:
        raise MappingFileError(builder.problems)
    linked = frozenset({role for role, spec in resources.items() if spec.get("linked")} | builder.linked)
    when = dict(document.get("when", {}))
    exempt = frozenset({*when, *document.get("lacks", ())})
    model = builder.tried(lambda: _model(document), source(document, _bound(document)), _bound(document))
    if model is None:
        raise MappingFileError(builder.problems)
    demands = _demands(builder, document)
    said = shape if model.ours else Shape({})
    sayable = builder.tried(lambda: Sayable(said, ours=model.ours), source(document["rules"], "custom"), "custom")
    if sayable is None:
        raise MappingFileError(builder.problems)
    claims = document.get("profiles", {})
    claimed = {str(role): (source(claims, role), tuple(names)) for role, names in claims.items()}
    at = {"": source(document, "rules"), **{role: source(specs, role) for role in own}}
    always = tuple(role for role, spec in resources.items() if spec.get("make") == "always" or role == next(iter(own)))
    found = Checked(shape, model, exempt, builder.roles, linked, version, at, frozenset(always), claimed, demands)
    if wrong := list(problems(found)):
        raise MappingFileError(wrong)
    profiles = {role: mine for role, (_, names) in claimed.items() if (mine := for_version(names, version))}
    return Mapping(
        str(document["mapping"]),
        str(document.get("record", builder.name)),
        model,
        key_way(shape) or (),
        version,
        builder.roles,
        tuple(own),
        tuple(document.get("anchors", list(own)[:1])),
        always,
        linked,
        when,
        refuses,
        tuple(vias),
        shape,
        sayable,
        profiles,
        {
            role: tuple((name.partition("|")[0], demands[name]) for name in names if name in demands)
            for role, names in profiles.items()
        },
    )


def _bound(document: CommentedMap) -> str:
    return next(word for word in ("record", "model", "schema") if word in document)


def _model(document: CommentedMap) -> Model:
    """The model that a mapping is bound to; a class of somebody's own is imported now."""
    match _bound(document):
        case "record":
            return ours(document["record"])
        case "model":
            return of_code(document["model"])
        case _:
            return of_schema(beside(document, document["schema"]))


def _demands(builder: Builder, document: CommentedMap) -> dict[str, tuple[Demand, ...]]:
    """What a resource has to have to claim a profile, by `canonical|version`."""
    made: dict[str, tuple[Demand, ...]] = {}
    for profile, texts in document.get("claims", {}).items():
        at = source(document["claims"], profile)
        demands = [builder.tried(lambda text=text: demand(text, builder.words), at, "claims") for text in texts]  # type: ignore[misc]
        made[profile] = tuple(each for each in demands if each is not None)
    if builder.problems:
        raise MappingFileError(builder.problems)
    return made


def _refused(builder: Builder, spec: CommentedMap, own: dict[str, str]) -> tuple[tuple[Path, Any], ...]:
    place = Place(builder, own, "", "")
    paths = {text: builder.tried(lambda text=text: place.path(text), source(spec, text), "refuses") for text in spec}  # type: ignore[misc]
    return tuple((path, spec[text]) for text, path in paths.items() if path is not None)


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


def forget() -> None:
    """Read every mapping file anew from now on: one of them has changed."""
    for kept in (files.documents, compiled, all_compiled):
        kept.cache_clear()
