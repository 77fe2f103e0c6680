"""The fields of one object, each given to the element that it looks most like; what is left is said to be left."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from fhircase.mapping.models.described import Attribute, Described
from fhircase.mapping.scaffold import placing
from fhircase.mapping.scaffold.columns import Together, together
from fhircase.mapping.scaffold.draft import NEEDED, SURE, UNSURE, Draft, Rule
from fhircase.mapping.scaffold.drafting import Drafting
from fhircase.mapping.scaffold.fits import Field, Fit, merged
from fhircase.mapping.scaffold.homes import VERSIONS, Home, overlap
from fhircase.mapping.scaffold.own import extension
from fhircase.mapping.scaffold.placing import Candidate
from fhircase.mapping.scaffold.words import FORM, Words, kebab


@dataclass
class Object:
    """An object of the model, and where its fields may be at home."""

    model: Described
    homes: list[Home]
    begin: str
    """How paths to its extensions begin: a role, or nothing for the element at hand."""
    way: str = ""
    """How its fields are named from the record on: `goals.`."""
    around: Words = ()
    """The words of the field that holds it, where it has no element of its own."""
    used: list[str] = field(default_factory=list)
    """The places that are taken."""
    alone: bool = True
    """Whether the names of its fields say enough without those words."""

    @property
    def fields(self) -> dict[str, Field]:
        """Its fields."""
        return {name: Field(name, attribute) for name, attribute in self.model.fields.items()}

    def takes(self, rule: Rule) -> None:
        """Note the places of a rule."""
        self.used += sorted(rule.places)


def scalars(of: Object, drafting: Drafting, made: dict[str, Rule]) -> None:
    """Give the bare values of an object to elements, the best likeness first."""
    for group in together({name: each for name, each in of.fields.items() if name not in made}):
        _group(of, drafting, group, made)
    open_ = [
        each
        for name, each in of.fields.items()
        if name not in made and not _carried(name, made) and each.kind and f"{of.way}{name}" not in drafting.homeless
    ]
    found = {each.name: _best(each, of) for each in open_}
    turns = [(candidate, at, each) for at, each in enumerate(open_) for candidate in found[each.name]]
    for candidate, _, given in sorted(turns, key=lambda turn: (-turn[0].score, turn[1], turn[0].order)):
        if given.name not in made and (rule := _rule(of, drafting, given, candidate, found[given.name])):
            made[given.name] = rule
            of.takes(rule)
    _apart(made)


def _apart(made: dict[str, Rule]) -> None:
    """Let a telephone of any use leave out those that have fields of their own: it would be read as one of them."""
    texts = [str(rule.spec.get("field", "")) for rule in made.values()]
    uses = sorted({found[1] for text in texts if (found := _USE.search(text))})
    for rule in made.values():
        text = str(rule.spec.get("field", ""))
        if uses and _ANY in text:
            others = ",".join(f"use!={use}" for use in uses)
            rule.spec["field"] = text.replace(_ANY, f"telecom[system=phone,{others}].")


_ANY = "telecom[system=phone]."
_USE = re.compile(r"telecom\[system=phone,use=(\w+)\]\.")


def _carried(name: str, made: dict[str, Rule]) -> bool:
    return any(name in rule.spec.get(word, ()) for rule in made.values() for word in ("parts", "fields"))


def _best(given: Field, of: Object) -> list[Candidate]:
    return sorted(
        placing.candidates(given, of.homes, of.around, alone=of.alone), key=lambda each: (-each.score, each.order)
    )


def _rule(
    of: Object, drafting: Drafting, given: Field, candidate: Candidate, others: Sequence[Candidate]
) -> Rule | None:
    found = _free(of, drafting, given, candidate)
    if not found:
        return None
    guessed = next(iter(found.values()))
    for other in others if len(found) < len(VERSIONS) else ():
        # FHIR calls it otherwise in the other version.
        if other.score >= FORM:
            found = {**_free(of, drafting, given, other), **found}
    for version in VERSIONS:
        own = found.get(version) or extension(given, of.begin, drafting.draft, of.used)
        if own is None:
            return None
        found[version] = own
    asks = list(dict.fromkeys(ask for each in found.values() for ask in each.asks))
    sure = UNSURE if guessed.unsure and candidate.sure == SURE else candidate.sure
    return Rule(spec(given, found, drafting.draft), sure, candidate.why(guessed), asks, _places(found))


def _free(of: Object, drafting: Drafting, given: Field, candidate: Candidate) -> dict[str, Fit]:
    """The rules that carry a field at elements that no other field has."""
    fits = placing.fits(given, candidate, drafting.fhir, drafting.draft)
    return {version: each for version, each in fits.items() if not any(overlap(each.path, u) for u in of.used)}


def _places(fits: dict[str, Fit]) -> frozenset[str]:
    return frozenset(each.path for each in fits.values())


def spec(given: Field, fits: dict[str, Fit], draft: Draft) -> dict[str, object]:
    """The words of a rule, its tables declared."""
    old, new = (fits[version].table for version in VERSIONS)
    if old and new and old != new:
        old = replace(old, newer=new)
    for version, table in (("R4", old), ("R5", old or new)):
        if table and fits[version].table:
            alias = draft.table(kebab(given.name), table)
            rule = fits[version].spec
            rule.get("items", rule)["table"] = alias
    return merged(fits)


def _group(of: Object, drafting: Drafting, group: Together, made: dict[str, Rule]) -> None:
    """Fields that are one thing together."""
    name = next(n for n in (group.name, f"{group.name}_together") if n not in of.fields and n not in made)
    for candidate in _best(group.field, of) if f"{of.way}{name}" not in drafting.homeless else ():
        fits = {
            version: each
            for version in VERSIONS
            if (each := group.fit(candidate, version, drafting.fhir))
            and not any(overlap(each.path, u) for u in of.used)
        }
        if len(fits) == len(VERSIONS):
            made[name] = Rule(merged(fits), candidate.sure, candidate.why(fits["R4"]), group.asks, _places(fits))
            of.takes(made[name])
            return
    if drafting.keep or any(of.model.fields[each].required for each in group.fields):
        alias = drafting.draft.extension(kebab(group.name))
        own = group.own(f"{of.begin}.extension[{alias}]")
        made[name] = Rule(own, NEEDED, NO_ELEMENT.format(group.name), [KEPT, *group.asks])


NO_ELEMENT = "no element looks like `{}`: an extension of your own keeps it"
KEPT = "is it to be sent to others, and is there an element for it?"


def remaining(of: Object, drafting: Drafting, made: dict[str, Rule]) -> Iterator[str]:
    """Keep in extensions what may not be left out, note the rest as lacking, and tell what could not be kept."""
    for name, each in of.fields.items():
        if name in made or _carried(name, made):
            continue
        kept = each.attribute.required or drafting.keep
        own = extension(each, of.begin, drafting.draft, of.used) if kept else None
        if own is not None:
            fits = dict.fromkeys(VERSIONS, own)
            rule = Rule(spec(each, fits, drafting.draft), NEEDED, NO_ELEMENT.format(name), [KEPT], _places(fits))
            made[name] = rule
            of.takes(rule)
            continue
        drafting.draft.lacks[f"{of.way}{name}"] = _why_not(each.attribute)
        if each.attribute.required:
            yield name


def _why_not(attribute: Attribute) -> str:
    if attribute.open:
        return "it takes anything"
    if attribute.objects:
        return "no element or resource holds such objects"
    if not Field("", attribute).kind:
        return "it takes values of several types"
    return "no element looks like it"


def ordered(of: Object, made: dict[str, Rule]) -> dict[str, Rule]:
    """The rules in the order of the model's fields, those that carry none first and lists in the order they need."""
    names = list(of.model.fields)

    def at(name: str) -> int:
        carried = next((made[name].spec[word] for word in ("parts", "fields") if word in made[name].spec), [name])
        return names.index(carried[0]) if carried[0] in names else -1

    rules = {name: made[name] for name in made if "resource" not in made[name].spec}
    lists = {name: made[name] for name in made if "resource" in made[name].spec}
    return {**{name: rules[name] for name in sorted(rules, key=at)}, **lists}
