"""A mapping file made into rules: every path checked against FHIR's tables, every problem collected with its line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ruamel.yaml.comments import CommentedMap

from fhircase.errors import MappingFileError, Problem
from fhircase.fhir.elements import elements
from fhircase.mapping import files, grammar
from fhircase.mapping.grammar import SpecError, near
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.constant import Constant, concept
from fhircase.mapping.kinds.field import Field
from fhircase.mapping.kinds.flag import Flag
from fhircase.mapping.kinds.identity import ElementId, ItemKey, RecordKey
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.listing import ContainedListing, Listing
from fhircase.mapping.kinds.mirrored import Mirrored
from fhircase.mapping.kinds.node import Group, Node
from fhircase.mapping.kinds.refer import Refer
from fhircase.mapping.kinds.refers import Refers
from fhircase.mapping.kinds.related import Forward, Reverse, Via
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.kinds.same import Same
from fhircase.mapping.kinds.tags import Codes, Tags
from fhircase.mapping.lines import source
from fhircase.mapping.path import Path
from fhircase.mapping.pathtext import PathError, Vocabulary, parse
from fhircase.mapping.tables import Tables
from fhircase.model import RECORDS

Made = TypeVar("Made")

LINK_FIELDS = frozenset({"record", "identifier", "reference", "display"})


class Builder:
    """Builds the rules of one mapping for one FHIR version."""

    def __init__(self, document: CommentedMap, version: str) -> None:
        shared = files.vocabulary()
        self.document = document
        self.version = version
        self.problems: list[Problem] = []
        self.types = {**shared["types"], **document.get("types", {})}
        self.words = Vocabulary(
            elements(version),
            {**shared["systems"], **document.get("systems", {})},
            {**shared["extensions"], **document.get("extensions", {})},
        )
        self.tables = Tables({**shared["tables"], **document.get("tables", {})}, version, self.words)
        self.roles: dict[str, str] = {}
        self._shapes: dict[str, Shape] = {}

    def versioned(self, spec: Any) -> dict[str, Any]:
        """A rule as it is in this FHIR version: what stands under `R5:` replaces what it names."""
        plain = {key: value for key, value in spec.items() if key not in ("R4", "R5")}
        override = spec.get("R5" if self.version == "R5" else "R4")
        kind = next(iter(plain), None)
        if isinstance(override, Mapping):
            if (other := next(iter(override), None)) in KINDS and other != kind:
                return dict(override)
            plain.update(override)
        elif override is not None and kind is not None:
            plain[kind] = override
        return plain

    def shape(
        self,
        rules: Mapping[str, Any],
        roles: Mapping[str, str],
        here: str,
        way: str,
        skip: Sequence[str] = (),
    ) -> Shape:
        """The rules of one object."""
        made: dict[str, Rule] = {}
        for name, spec in rules.items():
            if name in skip:
                continue
            full = f"{way}.{name}" if way else str(name)
            at = source(rules, name)
            rule = self.tried(lambda spec=spec, full=full: self.rule(spec, roles, here, full), at, full)  # type: ignore[misc]
            if rule is not None:
                _label(rule, f"{at} {full}")
                made[name] = rule
        return Shape(made)

    def resource(self, name: Any) -> str:
        """A resource type that FHIR has in this version."""
        known = self.words.elements.resources()
        if name not in known:
            raise SpecError(f"no resource type that a mapping can use is called `{name}`{near(name, known)}")
        return str(name)

    def tried(self, make: Callable[[], Made], at: str, rule: str) -> Made | None:
        """What can be made; or None, and what is wrong is noted."""
        try:
            return make()
        except (PathError, SpecError) as error:
            self.problems.append(Problem(str(error), source=getattr(error, "source", "") or at, rule=rule))
        except MappingFileError as error:
            self.problems += [replace(each, source=each.source or at, rule=rule) for each in error.problems]
        return None

    def borrowed(self, name: str, roles: Mapping[str, str], here: str, way: str) -> dict[str, Rule]:
        """The rules of another mapping for use inside a record: all but its key and client."""
        other = files.mapping(name)
        self.tables.lend(other.get("tables", {}))
        return self.shape(other["rules"], roles, here, way, skip=("key", "client")).rules

    def rule(self, spec: Any, roles: Mapping[str, str], here: str, way: str) -> Rule:
        """One rule; the first word names its kind."""
        if not isinstance(spec, Mapping) or not spec:
            raise SpecError("a rule is written `{kind: path, ...}`")
        plain = self.versioned(spec)
        kind = next(iter(plain), None)
        words = grammar.KINDS.get(str(kind)) or ({str(kind): "text|texts"} if kind in self.types else None)
        if words is None:
            hint = near(kind, [*KINDS, *self.types]) or f"; known: {', '.join([*KINDS, *self.types])}"
            raise SpecError(f"no kind of rule and no type is called `{kind}`{hint}")
        if wrong := [what for _, what in grammar.wrong(plain, words, f"`{kind}`")]:
            raise SpecError("; ".join(wrong))
        place = Place(self, roles, here, way)
        if kind in KINDS:
            return KINDS[str(kind)](place, plain)
        return _everywhere(plain[str(kind)], lambda text: self.node(place, str(kind), text))

    def node(self, place: "Place", kind: str, text: str) -> Node:
        """An object of a named type at a path."""
        path = place.path(text)
        wanted = self.types[kind]["of"]
        if path.type != wanted:
            raise SpecError(f"`{text}` is a {path.type}, and `{kind}` is a {wanted}")
        return Node(path, self.type_shape(kind))

    def type_shape(self, kind: str) -> Shape:
        """The rules of a named type, built once."""
        if kind not in self._shapes:
            self._shapes[kind] = Shape({}, shared=True)
            spec = self.types[kind]
            self._shapes[kind].rules = self.shape(spec["rules"], {}, spec["of"], kind).rules
        return self._shapes[kind]


class Place:
    """Where a rule is written: which resources and which element it may name."""

    def __init__(self, builder: Builder, roles: Mapping[str, str], here: str, way: str) -> None:
        self.builder = builder
        self.roles = roles
        self.here = here
        self.way = way

    def path(self, text: Any) -> Path:
        """A path, checked."""
        if not isinstance(text, str):
            raise SpecError(f"a path was expected, not `{text}`")
        return parse(text, self.roles, self.here, self.builder.words)

    def paths(self, texts: Any) -> list[Path]:
        """One path or several."""
        return [self.path(text) for text in (texts if isinstance(texts, list) else [texts])]

    def array(self, text: Any) -> Path:
        """A path to the items of a list."""
        path = self.path(text)
        if not path.steps or not path.steps[-1].many:
            raise SpecError(f"`{text}` is no list")
        return path

    def role(self, name: str) -> str:
        """The name of a resource of the record."""
        if name not in self.roles:
            raise SpecError(f"no resource is called `{name}`{near(name, self.roles)}")
        return name

    def resource(self, name: Any) -> str:
        """A resource type that FHIR has in this version."""
        return self.builder.resource(name)

    def item(self, spec: Mapping[str, Any], here: str) -> Rule | Shape:
        """What each element of a list is: `each` an object, `items` a single value."""
        if "items" in spec:
            return self.builder.rule(spec["items"], self.roles, here, self.way)
        each = spec.get("each")
        if isinstance(each, str):
            if each not in self.builder.types:
                raise SpecError(f"no type is called `{each}`{near(each, self.builder.types)}")
            if self.builder.types[each]["of"] != here:
                raise SpecError(f"the elements are {here}, and `{each}` is a {self.builder.types[each]['of']}")
            return self.builder.type_shape(each)
        if not isinstance(each, Mapping):
            raise SpecError("a list says with `each` or `items` what its elements are")
        return self.builder.shape(each, self.roles, here, self.way)


def _label(rule: Rule, label: str) -> None:
    rule.name = label
    for inner in getattr(rule, "rules", None) or [r for _, r in getattr(rule, "alternatives", ())]:
        _label(inner, label)
    each = getattr(rule, "each", None)
    if isinstance(each, Rule):
        _label(each, label)


def _everywhere(texts: Any, make: Callable[[str], Rule]) -> Rule:
    rules = [make(text) for text in (texts if isinstance(texts, list) else [texts])]
    return rules[0] if len(rules) == 1 else Mirrored(rules)


def _field(place: Place, spec: Mapping[str, Any]) -> Rule:
    def one(text: str) -> Rule:
        path = place.path(text)
        if not path.primitive:
            raise SpecError(f"`{text}` is a {path.type}, no bare value: name its type or a part of it")
        return Field(path, spec.get("absent"))

    return _everywhere(spec["field"], one)


def _constant(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.path(spec["constant"])
    words = place.builder.words

    def value(raw: Any) -> Any:
        if path.type != "CodeableConcept":
            return raw
        return concept([words.code(str(token)) for token in (raw if isinstance(raw, list) else [raw])])

    raw = spec["value"]
    fixed = None if raw == "unknown" and path.type != "code" else value(raw)
    if fixed is not None and not path.primitive and path.type != "CodeableConcept":
        raise SpecError(f"`{path.text}` is a {path.type}: a constant is a bare value, a CodeableConcept or unknown")
    accepts = tuple(value(other) for other in spec.get("accepts", ()))
    return Constant(path, fixed, accepts, recognises=bool(spec.get("recognises")))


def _code(place: Place, spec: Mapping[str, Any]) -> Rule:
    paths = place.paths(spec["code"])
    for path in paths:
        if not path.primitive:
            raise SpecError(f"`{path.text}` is a {path.type}, no code")
    table = place.builder.tables.codes(spec["table"], len(paths))
    return Code(paths, table, place.paths(list(spec.get("resets", []))))


def _tags(place: Place, spec: Mapping[str, Any]) -> Rule:
    sets = place.builder.tables.tags(spec["table"])
    written: dict[str, Codes] = {}
    for value, codes in sets:
        written.setdefault(value, codes)
    return Tags(place.array(spec["tags"]), sets, written)


def _link(place: Place, spec: Mapping[str, Any]) -> Rule:
    identifier = place.builder.type_shape("identifier")

    def one(text: str) -> Rule:
        path = place.path(text)
        if path.type != "Reference":
            raise SpecError(f"`{text}` is a {path.type}, no Reference")
        return LinkRule(
            path,
            identifier,
            role=spec.get("role", ""),
            kind=place.resource(spec["type"]) if "type" in spec else "",
            unless=place.role(spec["unless"]) if "unless" in spec else "",
        )

    return _everywhere(spec["link"], one)


def _list(place: Place, spec: Mapping[str, Any]) -> Rule:
    if "resource" in spec:
        return _forward(place, spec)
    path = place.array(spec["list"])
    below = spec.get("below", "")
    here = path.inside
    if below:
        element = place.builder.words.elements.child(path.inside, below)
        if element is None:
            known = place.builder.words.elements.names(path.inside)
            raise SpecError(f"{path.inside} has no element `{below}`{near(below, known)}")
        here = place.builder.words.elements.inside(element)
        path = replace(path, text=f"{path.text}.{below}")
    each = place.item(spec, here)
    for name in spec.get("key", ()):
        if not isinstance(each, Shape) or name not in each.rules:
            raise SpecError(f"the items have no field `{name}` to be told apart by")
    return Listing(path, each, spec.get("key", ()), below)


def _forward(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.array(spec["list"])
    at = parse(spec.get("at", "."), {}, path.inside, place.builder.words)
    return Forward(path, at, _related(place, spec, path.inside))


def _reverse(place: Place, spec: Mapping[str, Any]) -> Rule:
    related = _related(place, spec, "")
    back = parse(spec["reverse"], {related[0]: related[1]}, "", place.builder.words)
    return Reverse(back, place.role(spec["to"]), related)


def _related(place: Place, spec: Mapping[str, Any], here: str) -> Any:
    if len(spec["resource"]) != 1 or not isinstance(spec.get("each"), Mapping):
        raise SpecError("a list of resources says `resource: {role: type}` and `each: {field: rule}`")
    ((role, kind),) = spec["resource"].items()
    kind = place.resource(kind)
    roles = {**place.roles, role: kind}
    place.builder.roles[role] = kind
    shape = place.builder.shape(spec["each"], roles, here, place.way)
    if used := spec.get("use"):
        shape.rules = {**place.builder.borrowed(used, roles, here, place.way), **shape.rules}
    if not isinstance(shape.rules.get("id"), ItemKey):
        raise SpecError(f"items that are resources need a rule `id: {{id: {role}.identifier, kind: ...}}`")
    words = place.builder.words
    removed = [(parse(str(text), roles, here, words), value) for text, value in spec.get("removed", {}).items()]
    return role, kind, shape, place.way.rpartition(".")[2], removed


def _contained(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.array(spec["contained"])
    each = place.builder.shape(spec["each"], {}, place.resource(spec["resource"]), place.way)
    return ContainedListing(path, each, spec["resource"], spec["label"])


def _choice(place: Place, spec: Mapping[str, Any]) -> Rule:
    rules = [place.builder.rule(one, place.roles, place.here, place.way) for one in spec["choice"]]
    return Choice([(_takes(rule), rule) for rule in rules])


def _takes(rule: Rule) -> Callable[[Any], bool]:
    if isinstance(rule, LinkRule):
        return lambda value: isinstance(value, dict) and value.keys() <= LINK_FIELDS
    if isinstance(rule, Node):
        return lambda value: isinstance(value, dict) and value.keys() <= rule.shape.rules.keys()
    if isinstance(rule, Field):
        wanted = {"boolean": bool, "integer": int}.get(rule.path.type, str)
        return lambda value: type(value) is wanted
    raise SpecError("a choice is made of fields, links and named types")


def _refers(place: Place, spec: Mapping[str, Any]) -> Rule:
    return Refers(place.array(spec["refers"]), spec["items"], spec.get("below", ""))


def _same(place: Place, spec: Mapping[str, Any]) -> Rule:
    return Same(place.paths(spec["same"]), place.path(spec["at"]))


def _key(place: Place, spec: Mapping[str, Any]) -> Rule:
    label = place.builder.words.code(spec["type"]) if "type" in spec else None
    if spec["kind"] not in RECORDS:
        raise SpecError(f"no record is called `{spec['kind']}`{near(spec['kind'], RECORDS)}")
    keys = spec["key"] if isinstance(spec["key"], list) else [spec["key"]]
    return RecordKey([place.array(text) for text in keys], spec["kind"], label)


KINDS: dict[str, Callable[[Place, Mapping[str, Any]], Rule]] = {
    "field": _field,
    "constant": _constant,
    "code": _code,
    "tags": _tags,
    "flag": lambda place, spec: Flag(place.path(spec["flag"])),
    "link": _link,
    "list": _list,
    "reverse": _reverse,
    "contained": _contained,
    "choice": _choice,
    "group": lambda place, spec: Group(
        place.builder.shape(spec["group"], place.roles, place.here, place.way),
        always=bool(spec.get("always")),
    ),
    "refers": _refers,
    "same": _same,
    "refer": lambda place, spec: Refer(place.path(spec["refer"]), place.role(spec["to"])),
    "key": _key,
    "id": lambda place, spec: ItemKey(place.array(spec["id"]), spec["kind"]),
    "element_id": lambda place, spec: ElementId(place.path(spec["element_id"]), spec["prefix"]),
}
"""The kinds of rule, by the word that names them in a mapping file."""


def via(builder: Builder, role: str, specs: CommentedMap) -> Via | None:
    """The rule that finds and joins a single resource of the record."""
    plain = builder.versioned(specs[role])
    place, name = Place(builder, builder.roles, "", role), f"resources.{role}"
    paths = builder.tried(lambda: place.paths(plain["via"]), source(specs, role), name)
    if paths is None:
        return None
    made = Via(role, plain["type"], paths)
    made.name = f"{source(specs, role).partition(':')[0]} {name}"
    return made
