"""What the profiles that a mapping claims demand is met: values, slices and elements that must or must not be there.

An element that only a profile requires is written like one that FHIR requires: with its value, or with the marker that
none is known (data-absent-reason), which US Core asks for in this case. Only a code of a required value set has none.
Source: https://hl7.org/fhir/us/core/general-requirements.html#missing-data
"""

from collections.abc import Iterator
from typing import Any

from fhircase.errors import Problem
from fhircase.fhir.profiles import Demand, Profile, profile, profiles
from fhircase.mapping.check.made import made
from fhircase.mapping.check.profile_values import left_out, valued
from fhircase.mapping.check.walk import Checked, problem
from fhircase.mapping.check.written import Written, written
from fhircase.mapping.grammar import near
from fhircase.mapping.kinds.code import Code
from fhircase.mapping.kinds.constant import Constant
from fhircase.mapping.kinds.link import LinkRule
from fhircase.mapping.kinds.node import Node
from fhircase.mapping.kinds.rule import Shape
from fhircase.mapping.kinds.tags import Tags
from fhircase.mapping.selector import code_of, codings


def profiled(of: Checked) -> Iterator[Problem]:
    """What is wrong with the profiles that are claimed."""
    every = list(written(of.shape))
    always = _always(of) if of.profiles else {}
    for role, (at, names) in of.profiles.items():
        if role not in of.types:
            what = f"no resource is called `{role}`{near(role, of.types)}"
            yield problem(f"{at} profiles", what, f"its resources: {', '.join(of.types)}")
        for name in names if role in of.types else ():
            there = [each for each in every if each.role == role]
            yield from _claimed(of, there, always[role], role, (f"{at} profiles.{role}", name))


def _always(of: Checked) -> dict[str, set[str]]:
    """The elements that a resource of each role has whatever the record says."""
    return {
        each.role: {fill.path.steps[0].name for fill in each.fills if fill.always} for each in made(of) if each.role
    }


def _claimed(
    of: Checked, there: list[Written], always: set[str], role: str, claim: tuple[str, str]
) -> Iterator[Problem]:
    label, name = claim
    found = profile(name)
    if found is None:
        hint = "only profiles in the tables can be checked: make tables ARGS=FOLDER with its package"
        yield problem(label, f"no profile is called `{name}`{near(name, profiles())}", hint)
    elif of.types[role] != found.type:
        yield problem(label, f"`{name}` is a profile of {found.type}, and `{role}` is a {of.types[role]}")
    elif found.fhir == ("R5" if of.version == "R5" else "R4"):
        for demand in found.demands:
            yield from _demanded(of, found, demand, there, label)
        yield from left_out(of, found, {each.names[0] for each in there if each.names}, always, label)


def _demanded(checked: Checked, of: Profile, demand: Demand, there: list[Written], label: str) -> Iterator[Problem]:
    way = demand.id.split(".")[1:]
    names = tuple(part.partition(":")[0].removesuffix("[x]") for part in way)
    sliced = any(":" in part for part in way)
    at = [each for each in there if _under(each, names)]
    if demand.high == "0" and not sliced:
        for each in at:
            what = f"`{each.path.text}` is written, and {of.name} forbids {demand.id}"
            yield problem(each.rule.name, what, "drop the rule in the overlay, or claim another profile")
    elif demand.low and (len(way) == 1 or any(_under(each, names[:-1]) for each in there)):
        yield from _required(of, demand, there, names, label, sliced=sliced)
    if demand.fixed is not None and not sliced:
        yield from _fixed(of, demand, at, names)
    if demand.targets and not sliced:
        yield from _targets(of, demand, at, names)
    if demand.kinds and not sliced and way[-1].endswith("[x]"):
        yield from _kinds(of, demand, at, names)
    yield from valued(checked, of, demand, there, names, label)


def _under(each: Written, names: tuple[str, ...]) -> bool:
    """Whether a place is an element or lies inside it; any type of a choice is the choice."""
    return len(each.names) >= len(names) and all(
        name == wanted or (name.startswith(wanted) and name[len(wanted) : len(wanted) + 1].isupper())
        for name, wanted in zip(each.names, names, strict=False)
    )


def _in_type(each: Written, names: tuple[str, ...]) -> bool:
    """Whether a place holds objects of a named type that writes what lies so far below it."""
    depth = len(each.names)
    shape = each.rule.shape if isinstance(each.rule, Node) else getattr(each.rule, "each", None)
    if depth >= len(names) or not isinstance(shape, Shape) or not _under(each, names[:depth]):
        return False
    return any(_under(inner, names[depth:]) for inner in written(shape))


def _required(
    of: Profile, demand: Demand, there: list[Written], names: tuple[str, ...], label: str, *, sliced: bool
) -> Iterator[Problem]:
    at = [each for each in there if _under(each, names)]
    if not sliced:
        # What our own engine writes by itself, such as the narrative, no rule writes.
        inside = any(_in_type(each, names) for each in there)
        if not at and not inside and names[0] not in ("text", "meta"):
            yield problem(label, f"{of.name} requires {demand.id}, and no rule writes it", "add a rule or a constant")
    elif demand.fixed is not None and not any(_says(each, names, demand.fixed) for each in at):
        what = f"{of.name} requires {demand.id}, which is {_told(demand.fixed)}, and no rule always writes it"
        yield problem(label, what, "add a rule `{constant: ..., value: ...}` that says it")


def _fixed(of: Profile, demand: Demand, at: list[Written], names: tuple[str, ...]) -> Iterator[Problem]:
    for each in at:
        if isinstance(each.rule, Constant) and each.names == names and not _says(each, names, demand.fixed):
            what = f"`{each.path.text}` is always {_told(each.rule.value)}, and {of.name} wants {_told(demand.fixed)}"
            yield problem(each.rule.name, what, f"change its value to {_told(demand.fixed)}")
        elif isinstance(each.rule, Code) and each.names == names and isinstance(demand.fixed, str):
            column = each.rule.paths.index(each.path)
            said = {code for row in each.rule.table.rows.values() if (code := row[column])}
            if said - {demand.fixed}:
                codes = ", ".join(sorted(said))
                what = f"`{each.path.text}` may say {codes}, and {of.name} wants {demand.fixed}"
                yield problem(each.rule.name, what, "make it a constant in the overlay, or claim another profile")


def _targets(of: Profile, demand: Demand, at: list[Written], names: tuple[str, ...]) -> Iterator[Problem]:
    for each in at:
        kind = each.rule.kind if isinstance(each.rule, LinkRule) else ""
        if kind and each.names == names and kind not in demand.targets:
            what = f"`{each.path.text}` leads to a {kind}, and {of.name} wants {' or '.join(sorted(demand.targets))}"
            yield problem(each.rule.name, what)


def _kinds(of: Profile, demand: Demand, at: list[Written], names: tuple[str, ...]) -> Iterator[Problem]:
    allowed = {f"{names[-1]}{kind[:1].upper()}{kind[1:]}" for kind in demand.kinds}
    for each in at:
        if each.names[len(names) - 1] not in allowed:
            what = f"`{each.path.text}` is written, and {of.name} allows {' or '.join(sorted(allowed))} only"
            yield problem(each.rule.name, what, "drop the rule in the overlay, or claim another profile")


def _says(each: Written, names: tuple[str, ...], fixed: Any) -> bool:
    """Whether a rule always writes a fixed value or what a pattern asks for."""
    if isinstance(each.rule, Tags) and isinstance(fixed, dict):
        return all(_codes(fixed) <= set(codes) for codes in each.rule.written.values())
    if not isinstance(each.rule, Constant) or each.names != names:
        return False
    if isinstance(fixed, dict):
        return isinstance(each.rule.value, dict) and _codes(fixed) <= _codes(each.rule.value)
    return bool(each.rule.value == fixed)


def _codes(concept: Any) -> set[tuple[Any, Any]]:
    return {code_of(coding) for coding in codings(concept)}


def _told(value: Any) -> str:
    return ", ".join(f"`{system}#{code}`" for system, code in _codes(value)) or f"`{value}`"
