"""A draft of a whole mapping: the resources that a record is, its key, its fields, and what FHIR requires besides."""

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from fhircase.fhir.definitions import targets
from fhircase.fhir.elements import elements
from fhircase.mapping.grammar import SpecError, near
from fhircase.mapping.models.described import Described
from fhircase.mapping.scaffold.draft import LIKELY, NEEDED, UNSURE, Draft, Resource, Rule
from fhircase.mapping.scaffold.drafting import Drafting
from fhircase.mapping.scaffold.filled import required
from fhircase.mapping.scaffold.fits import Field
from fhircase.mapping.scaffold.homes import VERSIONS, Fhir, Home
from fhircase.mapping.scaffold.keys import PERSONS, key_of
from fhircase.mapping.scaffold.objects import Object
from fhircase.mapping.scaffold.placing import SUBJECTS, candidates
from fhircase.mapping.scaffold.whole import complete
from fhircase.mapping.scaffold.words import FORM, kebab, words

PERSON = "Patient"
_TELLING = ("name.family", "name.given", "birthDate", "gender")
"""What only a person has."""


def drafted(
    model: Described,
    bound: tuple[str, str],
    kinds: Sequence[str],
    namespace: str,
    *,
    keep: bool = False,
    homeless: AbstractSet[str] = frozenset(),
) -> Draft:
    """A draft of a mapping from a model to resources of these types, the record's own first.

    Args:
        model: the model.
        bound: `model` or `schema`, and which.
        kinds: the types of resource.
        namespace: the beginning of every URI that is made up.
        keep: give what looks like no element an extension.
        homeless: fields for which no element is right, though one looks so.

    Raises:
        SpecError: there is no such type, or nothing leads from the record to one of them.
    """
    draft = Draft(f"{kebab(model.name, 'record')}@1", bound, namespace)
    fhir = Fhir(draft)
    for kind in kinds:
        _known(kind)
    root = _role(kinds[0])
    fhir.roles[root] = kinds[0]
    draft.resources[root] = Resource(kinds[0])
    drafting = Drafting(draft, fhir, model, root, keep, homeless)
    for kind in kinds[1:]:
        _join(drafting, kind, f"{kind} was asked for")
    if kinds[0] != PERSON and not drafting.person and (telling := _of_a_person(drafting)):
        _join(drafting, PERSON, f"`{telling}` is something that a person has")
    _draft_rules(drafting)
    if not draft.rules:
        raise SpecError(f"`{model.name}` has no field that a rule could carry, so that there is nothing to begin with")
    _prune(draft)
    return draft


def _draft_rules(drafting: Drafting) -> None:
    draft, fhir, root = drafting.draft, drafting.fhir, drafting.root
    made = dict(_key(drafting))
    refers = {
        Drafting.free(name, drafting.model): rule
        for role, resource in draft.resources.items()
        if resource.via
        for name, rule in _refers(role, resource)
    }
    subjects = {_subject(fhir.roles[root], version) for version in VERSIONS}
    if len(subjects) == 1 and not drafting.person and (subject := subjects.pop()):
        drafting.subject = f"{root}.{subject}"
    homes = [_home(drafting, role) for role in draft.resources]
    record = Object(drafting.model, homes, root)
    for rule in refers.values():
        record.takes(rule)
    rules, _ = complete(record, drafting, {**made, **refers})
    for role in draft.resources:
        for name, rule in required(role, fhir.roles[role], rules, drafting.model):
            rules = {_free(name, role, drafting, rules): rule, **rules}
    draft.rules = {**{name: rules.pop(name) for name in made}, **rules}


def _free(name: str, role: str, drafting: Drafting, rules: Mapping[str, Rule]) -> str:
    taken = {*rules, *drafting.model.fields}
    return next(each for each in (name, f"{role}-{name}", f"fhir-{role}-{name}") if each not in taken)


def _known(kind: str) -> None:
    known = elements("R4").resources()
    if kind not in known:
        hint = near(kind, known) or f"; known: {', '.join(known)}"
        raise SpecError(f"no resource type that a mapping can use is called `{kind}`{hint}")


def _role(kind: str) -> str:
    """What a resource is called in the file: a CarePlan `plan`."""
    return words(kind)[-1]


def _home(drafting: Drafting, role: str) -> Home:
    owners = frozenset(words(drafting.model.name))
    return drafting.fhir.resource(role, owners | (PERSONS if drafting.fhir.roles[role] == PERSON else frozenset()))


def _of_a_person(drafting: Drafting) -> str:
    """A field, or one inside a field, that only a person has; empty where no person can be meant."""
    kind = drafting.fhir.roles[drafting.root]
    if not all(_subject(kind, version) for version in VERSIONS):
        return ""
    found = [Field(name, each) for name, each in drafting.model.fields.items()]
    for given in found:
        inner = given.attribute.objects if drafting.is_person(given) and not given.attribute.many else ()
        if inner or _is_told(given):
            return given.name
    return ""


def _is_told(given: Field) -> bool:
    home = Home(PERSON, {}, PERSONS)
    return any(
        each.score >= FORM and set(each.spot.places) & set(_TELLING) for each in candidates(given, [home]) if given.kind
    )


def _subject(kind: str, version: str) -> str:
    """The element that says whose a resource is; empty where none does."""
    known = elements(version)
    of = (name for name in SUBJECTS if known.child(kind, name))
    return next((name for name in of if PERSON in targets(version).get(f"{kind}.{name}", {PERSON})), "")


def _join(drafting: Drafting, kind: str, why: str) -> None:
    """Another resource of the record, to which one that is there refers."""
    fhir = drafting.fhir
    for role, own in fhir.roles.items():
        ways = {version: _way(own, kind, version) for version in VERSIONS}
        if all(ways.values()):
            joined = drafting.role(_role(kind))
            fhir.roles[joined] = kind
            via: dict[str, Any] = {"via": f"{role}.{ways['R4']}"}
            if ways["R4"] != ways["R5"]:
                via["R5"] = {"via": f"{role}.{ways['R5']}"}
            drafting.draft.resources[joined] = Resource(kind, via, why)
            drafting.person = drafting.person or (joined if kind == PERSON else "")
            return
    raise SpecError(
        f"nothing in {', '.join(fhir.roles.values())} refers to one {kind}, so that the two cannot be one record; "
        f"leave it out, or let the record begin with it"
    )


def _way(own: str, kind: str, version: str) -> str:
    """The element by which one resource refers to a single one of a type; that which says whose it is first."""
    found = [
        each.path.rpartition(".")[2]
        for each in elements(version).below(own)
        if each.type == "Reference" and kind in targets(version).get(each.path, ())
    ]
    found += [_subject(own, version)] if kind == PERSON else []
    return next((name for name in SUBJECTS if name in found), found[0] if found else "")


def _refers(role: str, resource: Resource) -> Iterator[tuple[str, Rule]]:
    newer = resource.via.get("R5", {}).get("via")
    spec = {"refer": resource.via["via"], "to": role, **({"R5": newer} if newer else {})}
    places = frozenset({resource.via["via"], newer or resource.via["via"]})
    yield resource.via["via"].partition(".")[2], Rule(spec, NEEDED, f"refers to the {resource.type}", places=places)


def _key(drafting: Drafting) -> Iterator[tuple[str, Rule]]:
    draft, roles = drafting.draft, drafting.fhir.roles
    found = key_of(drafting.model, words(roles[drafting.root]))
    if found is None:
        draft.asks.append("which field is the record's number? None looks like it: write `{key: ..., system: ...}`")
        return
    name, score = found
    roled = [role for role in draft.resources if _identified(roles[role])]
    if drafting.root not in roled:
        raise SpecError(f"a {roles[drafting.root]} has no identifier, by which records are known")
    person = [role for role in roled if role == drafting.person and PERSONS & {*words(drafting.model.name)}]
    paths = [f"{role}.identifier" for role in (drafting.root, *person)]
    drafting.key = name
    spec = {"key": paths if person else paths[0], "system": draft.uri(kebab(name))}
    mark = LIKELY if score > 0.75 else UNSURE
    yield name, Rule(spec, mark, f"a record is known by `{name}`", places=frozenset())


def _identified(kind: str) -> bool:
    found = [elements(version).child(kind, "identifier") for version in VERSIONS]
    return all(found)


def _prune(draft: Draft) -> None:
    """Take out what was declared and is not used."""
    text = json.dumps([rule.spec for rule in draft.rules.values()], default=lambda rule: rule.spec, ensure_ascii=False)
    for section, used in ((draft.extensions, "extension[{}]"), (draft.systems, "${}]")):
        for alias in [alias for alias in section if used.format(alias) not in text]:
            del section[alias]
    for name in [name for name in draft.tables if f'"table": {json.dumps(name, ensure_ascii=False)}' not in text]:
        del draft.tables[name]
