"""Overlays laid over a mapping: what a version, a profile or a site adds to it, changes in it or drops from it.

An overlay may lie over other overlays, which are then laid first; it may be for one FHIR version only (`fhir: R5`).
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ruamel.yaml.comments import CommentedMap

from fhircase.errors import MappingFileError, Problem
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds import kinds
from fhircase.mapping.lines import overlaid, source

Documents = Sequence[CommentedMap]
CUSTOM = "custom"
_VERSIONS = ("R4", "R5")


def in_order(names: Sequence[str], find: Callable[[str], Documents], mappings: Iterable[str]) -> list[CommentedMap]:
    """The documents of these overlays, those that they lie over before them, each once.

    Raises:
        MappingFileError: an overlay lies over what nobody knows, or over itself.
    """
    known = {form for name in mappings for form in (name, name.partition("@")[0])}
    done: dict[str, Documents] = {}

    def visit(name: str, way: tuple[str, ...], at: str) -> None:
        if name in done:
            return
        if name in way:
            raise MappingFileError(Problem(f"overlay `{name}` lies over itself", source=at, rule="over"))
        found = _found(name, find, at)
        for document in found:
            over = document.get("over")
            for each in over if isinstance(over, list) else ():
                if str(each) not in known:
                    visit(str(each), (*way, name), source(document, "over"))
        done[name] = found

    for name in names:
        visit(name, (), "")
    return [document for found in done.values() for document in found]


def _found(name: str, find: Callable[[str], Documents], at: str) -> Documents:
    """The documents of an overlay; that there is none is told where it is named."""
    try:
        return find(name)
    except MappingFileError as error:
        raise MappingFileError(
            [each if each.source or not at else replace(each, source=at, rule="over") for each in error.problems]
        ) from None


def applies(document: CommentedMap, name: str, version: str) -> bool:
    """Whether an overlay lies over the mapping of that name in a FHIR version; R4 is R4B, too."""
    wanted = document.get("fhir", version)
    shape = "R5" if version == "R5" else "R4"
    over = {str(each) for each in document["over"]}
    return bool(over & {name, name.partition("@")[0]}) and bool({version, shape} & set(_listed(wanted)))


def lay(base: CommentedMap, over: CommentedMap, shared: CommentedMap, others: Iterable[CommentedMap]) -> list[Problem]:
    """Change a mapping as an overlay says.

    Args:
        base: the mapping; it is changed.
        over: the overlay.
        shared: the vocabulary that all mappings share.
        others: the mappings over which the overlay lies, this one among them.
    """
    for section in ("systems", "extensions", "claims"):
        base.setdefault(section, CommentedMap()).update(over.get(section, {}))
    problems = [
        *_claim(base, over, [role for other in others for role in roles(other)]),
        *_new(base, over, "tables", shared["tables"]),
        *_resources(base, over),
        *_add(base, over),
        *_change(base, over, shared),
        *_drop(base, over),
        *_rows(base, over, shared, "rows", lambda mine, theirs: [*mine, *(theirs or ())]),
        *_rows(base, over, shared, "reads", lambda mine, theirs: CommentedMap({**(theirs or {}), **mine})),
    ]
    if "lacks" in over:
        # A copy of the overlay's, for its lines; the mapping's own names are right already.
        lacks = copy.copy(over["lacks"])
        lacks.update({name: reason for name, reason in base.get("lacks", {}).items() if name not in lacks})
        base["lacks"] = lacks
    return problems


def roles(spec: Any) -> list[str]:
    """The names of all resources of a mapping, those of its items included."""
    if isinstance(spec, list):
        return [role for inner in spec for role in roles(inner)]
    if not isinstance(spec, dict):
        return []
    named = [spec.get("resources"), spec.get("resource")]
    return [str(role) for each in named if isinstance(each, dict) for role in each] + [
        role for inner in spec.values() for role in roles(inner)
    ]


def _listed(texts: Any) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def _problem(over: CommentedMap, action: str, name: Any, what: str) -> Problem:
    return Problem(what, source=source(over[action], name), rule=action)


def _claim(base: CommentedMap, over: CommentedMap, known: Iterable[str]) -> Iterator[Problem]:
    """Profiles beside those that are claimed already; an overlay over several mappings claims in each what it has."""
    claims = base.setdefault("profiles", CommentedMap())
    own, known = set(roles(base)), set(known)
    for role, claimed in over.get("profiles", {}).items():
        if role in own:
            before = claims.get(role, [])
            claims[role] = copy.copy(claimed)
            claims[role][:0] = [each for each in before if each not in claimed]
        elif role not in known:
            yield _problem(over, "profiles", role, f"no resource is called `{role}`{near(role, known)}")


def _new(base: CommentedMap, over: CommentedMap, section: str, shared: Mapping[str, Any]) -> Iterator[Problem]:
    there = base.setdefault(section, CommentedMap())
    for name, spec in over.get(section, {}).items():
        if name in there or name in shared:
            yield _problem(over, section, name, f"table `{name}` is already there: add `rows` to it")
        else:
            there[name] = spec


def _resources(base: CommentedMap, over: CommentedMap) -> Iterator[Problem]:
    """Other words for a resource, or a resource that was not there."""
    there = base["resources"]
    for role, spec in over.get("resources", {}).items():
        if role in there:
            there[role].update(spec)
        elif "type" in spec:
            there[role] = spec
        else:
            yield _problem(over, "resources", role, f"no resource is called `{role}`{near(role, there)}")


def _add(base: CommentedMap, over: CommentedMap) -> Iterator[Problem]:
    for rule, spec in over.get("add", {}).items():
        _room_for_custom(base, str(rule))
        rules, last = _rules(base, str(rule))
        if rules is None:
            yield _problem(over, "add", rule, f"rule `{rule}` has no place there")
        elif last in rules:
            yield _problem(over, "add", rule, f"rule `{rule}` is already there: change it")
        else:
            rules[last] = spec


def _change(base: CommentedMap, over: CommentedMap, shared: CommentedMap) -> Iterator[Problem]:
    """Other words for a rule; a rule of another kind takes its place."""
    known = kinds().keys() | shared["types"].keys() | base.get("types", {}).keys()
    for rule, spec in over.get("change", {}).items():
        rules, last = _rules(base, str(rule))
        if rules is None or last not in rules:
            yield _problem(over, "change", rule, f"rule `{rule}` is not there{near(last, rules or ())}")
        elif (kind := next(iter(spec), None)) in known and kind not in rules[last]:
            rules[last] = spec
        else:
            rules[last].update(spec)
            overlaid(rules[last], source(over["change"], rule))


def _drop(base: CommentedMap, over: CommentedMap) -> Iterator[Problem]:
    for at, rule in enumerate(over.get("drop", [])):
        rules, last = _rules(base, str(rule))
        if rules is None or last not in rules:
            yield _problem(over, "drop", at, f"rule `{rule}` is not there{near(last, rules or ())}")
        else:
            del rules[last]


def _rows(
    base: CommentedMap, over: CommentedMap, shared: CommentedMap, word: str, joined: Callable[[Any, Any], Any]
) -> Iterator[Problem]:
    """The first row of a value is written, so an overlay's rows stand before the others, in every version."""
    there = base.setdefault("tables", CommentedMap())
    for table, rows in over.get(word, {}).items():
        if table not in there and table in shared["tables"]:
            there[table] = copy.deepcopy(shared["tables"][table])
        if table not in there:
            known = [*there, *shared["tables"]]
            yield _problem(over, word, table, f"table `{table}` is not there{near(table, known)}")
            continue
        spec = there[table]
        for versioned in (spec, *(spec.get(version) for version in _VERSIONS)):
            if isinstance(versioned, CommentedMap) and (word in versioned or versioned is spec):
                versioned[word] = joined(rows, versioned.get(word))


def _room_for_custom(base: CommentedMap, dotted: str) -> None:
    """Make the group around a custom field: `custom.acuity`, `activities.custom.risk`."""
    way = dotted.rpartition(".")[0]
    rules, last = _rules(base, way) if way else (None, "")
    if last == CUSTOM and rules is not None:
        rules.setdefault(last, CommentedMap(group=CommentedMap()))


def _rules(base: CommentedMap, dotted: str) -> tuple[CommentedMap | None, str]:
    """The rules that a rule is one of, and its name there: `offers.status`, `activities.R5.status`."""
    *way, last = dotted.split(".")
    rules: Any = base["rules"]
    spec: Any = {}
    for name in way:
        spec = spec.get(name) if name in _VERSIONS else rules.get(name)
        rules = spec.get("each") or spec.get("group") if isinstance(spec, dict) else None
        if rules == {} and isinstance(spec, dict):
            rules = spec.get("group")
        if not isinstance(rules, CommentedMap):
            return None, last
    return rules, last
