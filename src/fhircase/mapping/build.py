"""A mapping file made into rules: every path checked against FHIR's tables, every problem collected with its line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ruamel.yaml.comments import CommentedMap

from fhircase.errors import Problem
from fhircase.fhir.elements import elements
from fhircase.mapping import files
from fhircase.mapping.kinds.choice import Choice
from fhircase.mapping.kinds.code import Code, Table
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
from fhircase.mapping.path import Path
from fhircase.mapping.pathtext import PathError, Vocabulary, parse

LINK_FIELDS = frozenset({"record", "identifier", "reference", "display"})


class SpecError(ValueError):
    """A rule is not written as its kind demands."""


class Builder:
    """Builds the rules of one mapping for one FHIR version."""

    def __init__(self, document: CommentedMap, version: str) -> None:
        shared = files.vocabulary()
        self.document = document
        self.version = version
        self.problems: list[Problem] = []
        self.types = {**shared["types"], **document.get("types", {})}
        self.tables = {**shared.get("tables", {}), **document.get("tables", {})}
        self.words = Vocabulary(
            elements(version),
            {**shared["systems"], **document.get("systems", {})},
            {**shared["extensions"], **document.get("extensions", {})},
        )
        self.roles: dict[str, str] = {}
        self._shapes: dict[str, Shape] = {}
        self._file = getattr(document, "file", "")

    def versioned(self, spec: Any) -> dict[str, Any]:
        """A rule as it is in this FHIR version: what stands under `R5:` replaces what it names."""
        plain = {key: value for key, value in spec.items() if key not in ("R4", "R5")}
        override = spec.get("R5" if self.version == "R5" else "R4")
        if isinstance(override, Mapping):
            if next(iter(override)) in KINDS and next(iter(override)) != next(iter(plain)):
                return dict(override)
            plain.update(override)
        elif override is not None:
            plain[next(iter(plain))] = override
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
            full = f"{way}.{name}" if way else name
            line = rules.lc.key(name)[0] + 1 if isinstance(rules, CommentedMap) and name in rules.lc.data else 0
            label = f"{self._file}:{line} {full}"
            try:
                rule = self.rule(spec, roles, here, full)
            except (PathError, SpecError) as error:
                self.problems.append(Problem(str(error), source=f"{self._file}:{line}", rule=full))
                continue
            _label(rule, label)
            made[name] = rule
        return Shape(made)

    def borrowed(self, name: str, roles: Mapping[str, str], here: str, way: str) -> dict[str, Rule]:
        """The rules of another mapping for use inside a record: all but its key and client."""
        other = files.mapping(name)
        self.tables = {**other.get("tables", {}), **self.tables}
        file, self._file = self._file, getattr(other, "file", "")
        rules = self.shape(other["rules"], roles, here, way, skip=("key", "client")).rules
        self._file = file
        return rules

    def rule(self, spec: Any, roles: Mapping[str, str], here: str, way: str) -> Rule:
        """One rule; the first word names its kind."""
        if not isinstance(spec, Mapping) or not spec:
            raise SpecError("a rule is written `{kind: path, ...}`")
        plain = self.versioned(spec)
        kind = next(iter(plain))
        place = Place(self, roles, here, way)
        if kind in KINDS:
            return KINDS[kind](place, plain)
        if kind in self.types:
            return _everywhere(plain[kind], lambda text: self.node(place, kind, text))
        known = ", ".join([*KINDS, *self.types])
        raise SpecError(f"no kind of rule and no type is called `{kind}`; known: {known}")

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

    def table(self, name: str, columns: int) -> Table:
        """A code table, as it is in this FHIR version."""
        if name not in self.tables:
            raise SpecError(f"no table is called `{name}`")
        spec = self.tables[name]
        override = spec.get("R5", {}) if self.version == "R5" else {}
        rows = [[row, row] if isinstance(row, str) else list(row) for row in override.get("rows", spec["rows"])]
        for row in rows:
            if len(row) != columns + 1:
                raise SpecError(f"table `{name}`: row `{row[0]}` has {len(row) - 1} codes for {columns} places")
        return Table(
            rows,
            [list(row) for row in override.get("reads", spec.get("reads", ()))],
            frozenset(spec.get("lacks", ())),
        )


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

    def inside(self, path: Path) -> str:
        """How the elements of a list are listed in the element tables."""
        return path.inside

    def item(self, spec: Mapping[str, Any], here: str) -> Rule | Shape:
        """What each element of a list is: `each` an object, `items` a single value."""
        if "items" in spec:
            return self.builder.rule(spec["items"], self.roles, here, self.way)
        each = spec.get("each")
        if isinstance(each, str):
            if each not in self.builder.types:
                raise SpecError(f"no type is called `{each}`")
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
        return concept([words.code(token) for token in (raw if isinstance(raw, list) else [raw])])

    raw = spec.get("value")
    if raw is None:
        raise SpecError("a constant has a `value:` (or `value: unknown`)")
    fixed = None if raw == "unknown" and path.type != "code" else value(raw)
    accepts = tuple(value(other) for other in spec.get("accepts", ()))
    return Constant(path, fixed, accepts, recognises=bool(spec.get("recognises")))


def _code(place: Place, spec: Mapping[str, Any]) -> Rule:
    paths = place.paths(spec["code"])
    for path in paths:
        if not path.primitive:
            raise SpecError(f"`{path.text}` is a {path.type}, no code")
    table = place.builder.table(spec.get("table", ""), len(paths))
    return Code(paths, table, place.paths(list(spec.get("resets", []))))


def _tags(place: Place, spec: Mapping[str, Any]) -> Rule:
    table = place.builder.tables.get(spec.get("table", ""))
    if table is None:
        raise SpecError(f"no table is called `{spec.get('table')}`")
    words = place.builder.words
    sets: list[tuple[str, Codes]] = []
    written: dict[str, Codes] = {}
    for value, *alternatives in table["rows"]:
        for tokens in alternatives:
            codes = tuple(words.code(token) for token in tokens)
            sets.append((value, codes))
            written.setdefault(value, codes)
    return Tags(place.path(spec["tags"]), sets, written)


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
            kind=spec.get("type", ""),
            unless=spec.get("unless", ""),
        )

    return _everywhere(spec["link"], one)


def _list(place: Place, spec: Mapping[str, Any]) -> Rule:
    if "resource" in spec:
        return _forward(place, spec)
    path = place.path(spec["list"])
    below = spec.get("below", "")
    here = path.inside
    if below:
        element = place.builder.words.elements.child(path.inside, below)
        if element is None:
            raise SpecError(f"{path.inside} has no element `{below}`")
        here = place.builder.words.elements.inside(element)
        path = replace(path, text=f"{path.text}.{below}")
    return Listing(path, place.item(spec, here), spec.get("key", ()), below)


def _forward(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.path(spec["list"])
    at = parse(spec.get("at", "."), {}, path.inside, place.builder.words)
    return Forward(path, at, _related(place, spec, path.inside))


def _reverse(place: Place, spec: Mapping[str, Any]) -> Rule:
    related = _related(place, spec, "")
    back = parse(spec["reverse"], {related[0]: related[1]}, "", place.builder.words)
    if spec.get("to") not in place.roles:
        raise SpecError("`to:` names the resource that is referred to")
    return Reverse(back, spec["to"], related)


def _related(place: Place, spec: Mapping[str, Any], here: str) -> Any:
    (role, kind), *_ = spec["resource"].items()
    roles = {**place.roles, role: kind}
    place.builder.roles[role] = kind
    shape = place.builder.shape(spec["each"], roles, here, place.way)
    if used := spec.get("use"):
        shape.rules = {**place.builder.borrowed(used, roles, here, place.way), **shape.rules}
    if not isinstance(shape.rules.get("id"), ItemKey):
        raise SpecError("the items of such a list need a rule `id: {id: role.identifier, kind: ...}`")
    words = place.builder.words
    removed = [(parse(text, roles, here, words), value) for text, value in spec.get("removed", {}).items()]
    return role, kind, shape, place.way.rpartition(".")[2], removed


def _contained(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.path(spec["contained"])
    each = place.builder.shape(spec["each"], {}, spec["resource"], place.way)
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
    return Refers(place.path(spec["refers"]), spec["items"], spec.get("below", ""))


def _same(place: Place, spec: Mapping[str, Any]) -> Rule:
    return Same(place.paths(spec["same"]), place.path(spec["at"]))


def _key(place: Place, spec: Mapping[str, Any]) -> Rule:
    label = place.builder.words.code(spec["type"]) if "type" in spec else None
    return RecordKey(place.paths(spec["key"]), spec["kind"], label)


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
    "refer": lambda place, spec: Refer(place.path(spec["refer"]), spec["to"]),
    "key": _key,
    "id": lambda place, spec: ItemKey(place.path(spec["id"]), spec["kind"]),
    "element_id": lambda place, spec: ElementId(place.path(spec["element_id"]), spec["prefix"]),
}
"""The kinds of rule, by the word that names them in a mapping file."""


def via(builder: Builder, role: str, spec: Mapping[str, Any]) -> Via:
    """The rule that finds and joins a single resource of the record."""
    plain = builder.versioned(spec)
    place = Place(builder, builder.roles, "", role)
    return Via(role, plain["type"], place.paths(plain["via"]))
