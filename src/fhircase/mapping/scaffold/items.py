"""Objects inside a record: lists of resources, of elements, of nothing FHIR knows; and single objects."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhircase.fhir.definitions import bindings, codes, targets
from fhircase.fhir.elements import elements
from fhircase.mapping.models.described import Described
from fhircase.mapping.scaffold.draft import LIKELY, NEEDED, Rule
from fhircase.mapping.scaffold.drafting import Drafting
from fhircase.mapping.scaffold.filled import required
from fhircase.mapping.scaffold.fits import Field
from fhircase.mapping.scaffold.homes import VERSIONS, Home, listed, overlap
from fhircase.mapping.scaffold.keys import key_of, names
from fhircase.mapping.scaffold.known import meanings
from fhircase.mapping.scaffold.objects import KEPT, NO_ELEMENT, Object
from fhircase.mapping.scaffold.placing import SUBJECTS, Candidate, candidates
from fhircase.mapping.scaffold.words import FORM, alike, kebab, numbered, words

Complete = Callable[[Object, Drafting, dict[str, Rule]], tuple[dict[str, Rule], list[str]]]
"""Drafts all rules of an object, and tells the required fields that cannot be carried."""

_FORWARD = ("goal", "addresses", "careTeam", "reasonReference", "reason")
_REVERSE = ("focus", "basedOn", *SUBJECTS)
_NEUTRAL = frozenset(
    {"data", "date", "detail", "demographic", "general", "header", "info", "information", "main", "core"}
)
_REMOVED = ("cancelled", "revoked", "stopped", "inactive", "entered-in-error")


def resources(of: Object, given: Field, drafting: Drafting, complete: Complete) -> Rule | None:
    """A list whose items are resources of their own."""
    (model,) = given.attribute.objects
    kind, key = _kind(given, model), key_of(model, words(given.name))
    link = _link(drafting, kind) if kind and key and not of.around and of.begin == drafting.root else None
    if link is None or key is None:
        return None
    role = drafting.role(kebab(model.name))
    drafting.fhir.roles[role] = kind
    made: dict[str, Rule] = {}
    named = key[0] if {*words(model.name)} <= {*words(key[0])} else f"{model.name} {key[0]}"
    system = drafting.draft.uri(kebab(named))
    made[key[0]] = Rule({"id": f"{role}.identifier", "system": system}, LIKELY, f"an item is known by `{key[0]}`")
    made |= foreign(model, role, drafting, skip=key[0])
    made |= dict(_subject(role, kind, link, drafting, model))
    home = drafting.fhir.resource(role, frozenset(words(model.name)))
    each, lost = complete(Object(model, [home], role, f"{of.way}{given.name}."), drafting, made)
    if lost:
        return None
    for name, rule in required(role, kind, {**each, "": Rule(_linked(link, role, drafting), NEEDED)}, model):
        if "focus" in link["R4"] and name == "intent":
            rule.spec["recognises"] = True
        each = {drafting.free(name, model): rule, **each}
    drafting.lists[given.name] = model, kind
    held = frozenset(f"{drafting.root}{each}" for each in link.values() if each.startswith("."))
    spec = {**_linked(link, role, drafting), "resource": {role: kind}, "each": each, **_removed(role, kind)}
    return Rule(spec, LIKELY, f"each of `{given.name}` is a {kind}", places=held)


def _kind(given: Field, model: Described) -> str:
    """The type of resource that each item is."""
    scored = [
        (max(alike(name, phrase) for name in (words(given.name), words(model.name)) for phrase in each.phrases), -at)
        for at, each in enumerate(meanings("items"))
    ]
    score, at = max(scored)
    return meanings("items")[-at].places[0] if score >= FORM else ""


def _link(drafting: Drafting, kind: str) -> dict[str, str] | None:
    """By version, the element that leads from the record to an item (`.goal`), or back (`focus`)."""
    anchor, found = drafting.fhir.roles[drafting.root], {}
    back = (*SUBJECTS, *_REVERSE) if anchor == "Patient" else _REVERSE
    for version in VERSIONS:
        known = elements(version)
        forward = (
            f".{name}"
            for name in _FORWARD
            if (element := known.child(anchor, name))
            and element.many
            and kind in targets(version).get(element.path, ())
            and anchor != kind
        )
        reverse = (
            name
            for name in back
            if (element := known.child(kind, name))
            and element.type == "Reference"
            and anchor in targets(version).get(element.path, {anchor})
        )
        found[version] = next(forward, "") or next(reverse, "")
    same = found["R4"].startswith(".") == found["R5"].startswith(".")
    return found if all(found.values()) and same else None


def _linked(link: Mapping[str, str], role: str, drafting: Drafting) -> dict[str, Any]:
    old, new, root = link["R4"], link["R5"], drafting.root
    if not old.startswith("."):
        spec: dict[str, Any] = {"reverse": f"{role}.{old}", "to": root}
        return spec if old == new else {**spec, "R5": {"reverse": f"{role}.{new}"}}
    spec = {"list": f"{root}{old}"}
    element = elements("R5").child(drafting.fhir.roles[root], new[1:])
    newer: dict[str, Any] = {} if old == new else {"list": f"{root}{new}"}
    if element and element.type == "CodeableReference":
        newer["at"] = ".reference"
    return {**spec, "R5": newer} if newer else spec


def _subject(
    role: str, kind: str, link: Mapping[str, str], drafting: Drafting, model: Described
) -> Iterator[tuple[str, Rule]]:
    """Whose an item is: that of the record."""
    for name in SUBJECTS:
        both = all(elements(version).child(kind, name) for version in VERSIONS)
        if not both or name in link.values() or "Patient" not in targets("R4").get(f"{kind}.{name}", {"Patient"}):
            continue
        if drafting.person:
            spec = {"refer": f"{role}.{name}", "to": drafting.person}
        else:
            spec = {"same": drafting.subject, "at": f"{role}.{name}"}
        if drafting.person or drafting.subject:
            yield drafting.free(name, model), Rule(spec, NEEDED, "whose it is")
        return


def foreign(model: Described, role: str, drafting: Drafting, skip: str = "") -> dict[str, Rule]:
    """The foreign keys of an item: to the record around, and to items of the record's lists."""
    made: dict[str, Rule] = {}
    for name, attribute in model.fields.items():
        if name == skip or attribute.many or Field(name, attribute).kind not in ("whole", "text"):
            continue
        if drafting.model and names(name, drafting.model, drafting.key):
            made[name] = Rule({"parent": "key"}, LIKELY, f"`{name}` names the record around")
            continue
        for items, (other, kind) in drafting.lists.items() if role else ():
            if numbered(words(name)) == words(other.name):
                alias = "pertains-to-goal" if kind == "Goal" else drafting.draft.extension(kebab(name))
                spec = {"refers": f"{role}.extension[{alias}]", "below": "valueReference", "items": items, "one": True}
                made[name] = Rule(spec, LIKELY, f"`{name}` names one of `{items}`")
    return made


def _removed(role: str, kind: str) -> dict[str, Any]:
    for name in ("status", "lifecycleStatus"):
        known = [codes(bindings(version).get(f"{kind}.{name}", ""), version) for version in VERSIONS]
        both = [frozenset().union(*each.values()) for each in known if each]
        code = next((code for code in _REMOVED if len(both) == len(VERSIONS) and all(code in b for b in both)), None)
        if code:
            return {"removed": {f"{role}.{name}": code}}
    return {}


def elements_of(of: Object, given: Field, drafting: Drafting, complete: Complete) -> Rule | None:
    """A list whose items are elements of a list in FHIR."""
    found = sorted(candidates(given, of.homes, of.around, alone=of.alone), key=lambda each: (-each.score, each.order))
    for candidate in (each for each in found if each.score >= FORM):
        for place in candidate.places:
            arrays = {version: _array(drafting, candidate.home, place, version) for version in VERSIONS}
            there = {version: each for version, each in arrays.items() if each}
            back = drafting.saved()
            if len(there) == len(VERSIONS) and (rule := _elements(of, given, candidate, there, drafting, complete)):
                return rule
            back()
    return None


def _elements(
    of: Object,
    given: Field,
    candidate: Candidate,
    arrays: Mapping[str, tuple[str, str]],
    drafting: Drafting,
    complete: Complete,
) -> Rule | None:
    texts = {version: text for version, (text, _) in arrays.items()}
    if any(overlap(text, used) for text in texts.values() for used in of.used):
        return None
    begin = next(iter(candidate.home.at.values())).begin
    called = f"{candidate.home.called}{texts['R4'].removeprefix(begin)}"
    home = drafting.fhir.item(called, {version: inside for version, (_, inside) in arrays.items()})
    (model,) = given.attribute.objects
    item = Object(model, [home], "", f"{of.way}{given.name}.", words(given.name))
    each, lost = complete(item, drafting, foreign(model, "", drafting))
    if lost or all(rule.mark == NEEDED for rule in each.values()):
        return None
    spec: dict[str, Any] = {"list": texts["R4"]}
    if texts["R4"] != texts["R5"]:
        spec["R5"] = texts["R5"]
    why = f"each of `{given.name}` is one of {called}"
    return Rule({**spec, "each": each}, candidate.sure, why, places=frozenset(texts.values()))


def _array(drafting: Drafting, home: Home, place: str, version: str) -> tuple[str, str] | None:
    """A list of objects that are no resources: its path, and under which name their elements are listed."""
    path = drafting.fhir.path(home, place, version) if version in home.at else None
    halves = listed(path) if path else None
    if path is None or halves is None:
        return None
    array = drafting.fhir.path(home, halves[0][len(home.at[version].begin) + 1 :], version)
    if array is None or array.primitive or array.type in ("Reference", "CodeableReference", "Extension"):
        return None
    return halves[0], array.inside


def kept(of: Object, given: Field, drafting: Drafting, complete: Complete) -> Rule | None:
    """A list of objects in extensions of their own."""
    (model,) = given.attribute.objects
    alias = drafting.draft.extension(kebab(given.name))
    made = foreign(model, "", drafting)
    each, lost = complete(Object(model, [], "", f"{of.way}{given.name}."), drafting, made)
    if lost or not each:
        return None
    spec = {"list": f"{of.begin}.extension[{alias}]", "each": each}
    return Rule(spec, NEEDED, NO_ELEMENT.format(given.name), [KEPT])


def single(of: Object, given: Field, drafting: Drafting, complete: Complete) -> Rule | None:
    """One object: of the person, of an object in FHIR, or of the resource itself."""
    (model,) = given.attribute.objects
    homes = _homes(of, given, drafting)
    # What an object of another kind is called says whose `name` or `status` it holds: not the record's.
    alone = bool(homes) or bool(_NEUTRAL & {*words(given.name)})
    way, around = f"{of.way}{given.name}.", words(given.name)
    inner = Object(model, homes or of.homes, of.begin, way, around, of.used, alone)
    each, lost = complete(inner, drafting, {})
    guessed = any(rule.mark != NEEDED for rule in each.values())
    if lost or not each or not (guessed or given.attribute.required or drafting.keep):
        return None
    spec: dict[str, Any] = {"group": each, **({"always": True} if given.attribute.required else {})}
    return Rule(spec, LIKELY if guessed else NEEDED, f"`{given.name}` is said by its parts")


def _homes(of: Object, given: Field, drafting: Drafting) -> list[Home]:
    if drafting.person and drafting.is_person(given):
        return [drafting.fhir.resource(drafting.person, frozenset(words(given.name)))]
    found = list[Home]()
    for home in of.homes:
        for spot in home.spots:
            if spot.own and max(alike(words(given.name), phrase, home.owners) for phrase in spot.phrases) >= FORM:
                inner = drafting.fhir.inner(home, spot.places[0])
                found += [inner] if inner else []
    return found
