"""A mapping file made into rules: every path checked against FHIR's tables, every problem collected with its line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ruamel.yaml.comments import CommentedMap

from fhircase.errors import MappingFileError, Problem
from fhircase.fhir.elements import elements
from fhircase.fhir.profiles import demanded
from fhircase.mapping import files, grammar
from fhircase.mapping.grammar import SpecError, near
from fhircase.mapping.kinds import kinds
from fhircase.mapping.kinds.empty import Empty
from fhircase.mapping.kinds.mirrored import everywhere
from fhircase.mapping.kinds.node import Node
from fhircase.mapping.kinds.place import Place
from fhircase.mapping.kinds.related import Via
from fhircase.mapping.kinds.rule import Gathered, Rule, Shape
from fhircase.mapping.lines import said_at, source, written_at
from fhircase.mapping.pathtext import PathError, Vocabulary
from fhircase.mapping.tables import Tables

Made = TypeVar("Made")


class Builder:
    """Builds the rules of one mapping for one FHIR version."""

    def __init__(self, document: CommentedMap, version: str, overlays: tuple[str, ...] = ()) -> None:
        shared = files.vocabulary()
        self.document = document
        self.name = str(document.get("mapping", "")).partition("@")[0]
        self.version = version
        self.overlays = overlays
        self.problems: list[Problem] = []
        self.items: Mapping[str, Any] = shared["items"]
        self.types = {**shared["types"], **document.get("types", {})}
        self.words = Vocabulary(
            elements(version),
            {**shared["systems"], **document.get("systems", {})},
            {**shared["extensions"], **document.get("extensions", {})},
            demanded((name for names in document.get("profiles", {}).values() for name in names), version),
        )
        self.tables = Tables({**shared["tables"], **document.get("tables", {})}, version, self.words)
        self.roles: dict[str, str] = {}
        self.linked: set[str] = set()
        """Roles of resources that belong to the server and are never written there."""
        self._differs = "R5" if version == "R5" else "R4"
        """Under which word a rule says what is different in this version; `none` there: it has no such rule."""
        self._shapes: dict[str, Shape] = {}

    def versioned(self, spec: Any) -> dict[str, Any]:
        """A rule as it is in this FHIR version: what stands under `R5:` replaces what it names."""
        plain = {key: value for key, value in spec.items() if key not in ("R4", "R5")}
        override = spec.get(self._differs)
        kind = next(iter(plain), None)
        if isinstance(override, Mapping):
            if (other := next(iter(override), None)) in kinds() and other != kind:
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
            if name in skip or (isinstance(spec, Mapping) and spec.get(self._differs) == "none"):
                continue
            full = f"{way}.{name}" if way else str(name)
            at = source(rules, name)
            rule = self.tried(lambda spec=spec, full=full: self.rule(spec, roles, here, full), at, full, spec)  # type: ignore[misc]
            if rule is not None:
                _label(rule, f"{written_at(rules, name)} {full}")
                made[name] = rule
        gathers = any(rule.fields or isinstance(rule, Empty) for rule in made.values())
        return Gathered(made) if gathers else Shape(made)

    def resource(self, name: Any) -> str:
        """A resource type that FHIR has in this version."""
        known = self.words.elements.resources()
        if name not in known:
            raise SpecError(f"no resource type that a mapping can use is called `{name}`{near(name, known)}")
        return str(name)

    def tried(self, make: Callable[[], Made], at: str, rule: str, spec: Any = None) -> Made | None:
        """What can be made; or None, and what is wrong is noted, with the line of the words it is about."""
        try:
            return make()
        except (PathError, SpecError) as error:
            where = getattr(error, "source", "") or said_at(spec, str(error)) or at
            self.problems.append(Problem(str(error), source=where, rule=rule))
        except MappingFileError as error:
            self.problems += [
                replace(each, source=each.source or said_at(spec, each.what) or at, rule=rule)
                for each in error.problems
            ]
        return None

    def borrowed(self, name: str, roles: Mapping[str, str], here: str, way: str) -> dict[str, Rule]:
        """The rules of items that several records share, or of another mapping: all but its key and client."""
        if name in self.items:
            return self.shape(self.items[name], roles, here, way).rules
        other = files.flattened(name, self.overlays, self.version)
        self.words = self.words.beside(other.get("systems", {}), other.get("extensions", {}))
        self.tables.lend(other.get("tables", {}), self.words)
        return self.shape(other["rules"], roles, here, way, skip=("key", "client")).rules

    def rule(self, spec: Any, roles: Mapping[str, str], here: str, way: str) -> Rule:
        """One rule; the first word names its kind."""
        if not isinstance(spec, Mapping) or not spec:
            raise SpecError("a rule is written `{kind: path, ...}`")
        plain = self.versioned(spec)
        kind = next(iter(plain), None)
        known = kinds().get(str(kind))
        words = known.words if known else {str(kind): "text|texts"} if kind in self.types else None
        if words is None:
            names = [*kinds(), *self.types]
            hint = near(kind, names) or f"; known: {', '.join(names)}"
            raise SpecError(f"no kind of rule and no type is called `{kind}`{hint}")
        if wrong := [what for _, what in grammar.wrong(plain, {**words, **grammar.MERGING}, f"`{kind}`")]:
            raise SpecError("; ".join(wrong))
        place = Place(self, roles, here, way)
        if known:
            made = known.make(place, plain)
            made = Empty(made, plain["empty"]) if "empty" in plain and made.carries else made
        else:
            made = everywhere(plain[str(kind)], lambda text: self.node(place, str(kind), text))
        made.merge, made.order = plain.get("merge", ""), _steps(plain.get("order", ()))
        return made

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
            self._shapes[kind] = Shape({}, shared=True, called=kind)
            spec = self.types[kind]
            self._shapes[kind].rules = self.shape(spec["rules"], {}, spec["of"], kind).rules
        return self._shapes[kind]


def _steps(order: Sequence[Any]) -> tuple[tuple[str, ...], ...]:
    """The order of a status, one step an entry: a word, or a list of those that stand beside each other."""
    steps = tuple(tuple(step) if isinstance(step, list) else (step,) for step in order)
    if not all(isinstance(word, str) for step in steps for word in step):
        raise SpecError("`order:` is a list of statuses; those at the same step stand in a list of their own")
    return steps


def _label(rule: Rule, label: str) -> None:
    rule.name = label
    if isinstance(rule, Empty):
        _label(rule.inner, label)
    for inner in getattr(rule, "rules", None) or [r for _, r in getattr(rule, "alternatives", ())]:
        _label(inner, label)
    each = getattr(rule, "each", None)
    if isinstance(each, Rule):
        _label(each, label)


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
