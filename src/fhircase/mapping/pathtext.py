"""Paths as they are written in mapping files, checked against FHIR's element tables and made into `Path`."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fhircase.fhir.elements import Element, Elements
from fhircase.mapping.path import Path
from fhircase.mapping.selector import Step, Test

_SEGMENT = re.compile(r"([A-Za-z_]\w*)(?:\[([^\]]+)\])?")
_CONDITION = re.compile(r"([A-Za-z][\w.]*)\s*(!=|=|!~|~)\s*(.+)")


class PathError(ValueError):
    """A path in a mapping file is wrong; the message says how."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The short names a mapping file may use in paths and codes."""

    elements: Elements
    systems: Mapping[str, str]
    extensions: Mapping[str, str]
    demanded: frozenset[str] = frozenset()
    """Elements that a claimed profile requires beyond FHIR, by path."""

    def beside(self, systems: Mapping[str, str], extensions: Mapping[str, str]) -> "Vocabulary":
        """The same with other names beside these, which come first."""
        names = {**systems, **self.systems}, {**extensions, **self.extensions}
        return Vocabulary(self.elements, *names, self.demanded)

    def code(self, token: str) -> tuple[str, str]:
        """`alias#code` as system and code.

        Raises:
            PathError: the alias is not declared.
        """
        alias, mark, code = token.partition("#")
        if not mark or not code:
            raise PathError(f"`{token}` is not `system#code`")
        return self.system(alias), code

    def system(self, alias: str) -> str:
        """The URI of a code system by its short name.

        Raises:
            PathError: the alias is not declared.
        """
        if alias not in self.systems:
            raise PathError(f"no code system is called `{alias}`{_near(alias, self.systems)}")
        return self.systems[alias]

    def url(self, alias: str) -> str:
        """The URL of an extension by its short name.

        Raises:
            PathError: the alias is not declared.
        """
        if alias not in self.extensions:
            raise PathError(f"no extension is called `{alias}`{_near(alias, self.extensions)}")
        return self.extensions[alias]


def parse(text: str, roles: Mapping[str, str], here: str, words: Vocabulary) -> Path:
    """Read a path.

    Args:
        text: the path as written.
        roles: resource type by role.
        here: name under which the element at hand is listed in the element tables; empty if there is none.
        words: short names in force.

    Raises:
        PathError: it cannot be read, or FHIR has no such element.
    """
    role, rest, parent = _start(text, roles, here)
    steps: list[Step] = []
    listed: list[str] = []
    kind, inside, primitive = (parent, parent, parent[:1].islower())
    for name, selector in _segments(rest, text):
        element = words.elements.child(inside, name)
        if element is None:
            raise PathError(f"{inside} has no element `{name}`{_near(name, words.elements.names(inside))}")
        rivals = words.elements.rivals(inside, name)
        steps.append(replace(_step(name, element, selector, words), rivals=rivals))
        listed.append(element.path)
        kind, primitive, inside = element.type, element.primitive, Elements.inside(element)
    plain = steps[0].name if len(steps) == 1 and not steps[0].many else ""
    above = _path_of(text, role, steps[:-1]) if steps else None
    return Path(text, role, tuple(steps), kind, inside, primitive, plain, _single(steps), above, tuple(listed))


def _path_of(text: str, role: str, steps: list[Step]) -> Path:
    above = _path_of(text, role, steps[:-1]) if steps else None
    return Path(text, role, tuple(steps), "", "", single=_single(steps), above=above)


def _single(steps: list[Step]) -> bool:
    return bool(steps) and not any(step.many for step in steps)


def _start(text: str, roles: Mapping[str, str], here: str) -> tuple[str, str, str]:
    if text.startswith("."):
        if not here:
            raise PathError(f"`{text}` starts from an element at hand, and there is none: name a resource")
        return "", text[1:], here
    role, _, rest = text.partition(".")
    if role not in roles:
        raise PathError(f"no resource is called `{role}`{_near(role, roles)}")
    return role, rest, roles[role]


def _segments(rest: str, text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(rest):
        segment = _SEGMENT.match(rest, at)
        if not segment or (segment.end() < len(rest) and rest[segment.end()] != "."):
            raise PathError(f"`{text}` cannot be read from `{rest[at:]}` on")
        found.append((segment.group(1), segment.group(2) or ""))
        at = segment.end() + 1
    return found


def _step(name: str, element: Element, selector: str, words: Vocabulary) -> Step:
    if not selector:
        return Step(name, element.many, _required(element, words))
    if not element.many:
        raise PathError(f"`{name}` is no list, so `[{selector}]` selects nothing")
    if element.type == "Extension" and re.fullmatch(r"[\w-]+", selector):
        tests: tuple[Test, ...] = (Test((("url", False),), "=", (words.url(selector),)),)
    else:
        tests = tuple(_test(part.strip(), element, words) for part in selector.split(","))
    return Step(name, element.many, _required(element, words), tests)


def _required(element: Element, words: Vocabulary) -> bool:
    return element.low > 0 or element.path in words.demanded


OURS = {
    "CarePlan": "care-plan",
    "ServiceRequest": "referral",
    "Condition": "need",
    "Goal": "goal",
    "CareTeam": "team",
    "Procedure": "outcome",
    "Consent": "consent",
}


def _test(text: str, element: Element, words: Vocabulary) -> Test:
    if text.startswith("is "):
        return Test((), "is", (text[3:], OURS.get(text[3:], text[3:])))
    if text.startswith("this!$"):
        return Test((), "!$", (words.system(text[6:]),))
    condition = _CONDITION.fullmatch(text)
    path, how, value = condition.groups() if condition else (text, "has", "")
    names, inside = [], Elements.inside(element)
    if path == "this":
        return Test((), how, words.code(value))
    for name in path.split("."):
        child = words.elements.child(inside, name)
        if child is None:
            raise PathError(f"{inside} has no element `{name}`{_near(name, words.elements.names(inside))}")
        names.append((name, child.many))
        inside = Elements.inside(child)
    if how in ("~", "!~"):
        return Test(tuple(names), how, words.code(value))
    wanted = words.system(value[1:]) if value.startswith("$") else value
    return Test(tuple(names), how, (wanted,) if how in ("=", "!=") else ())


def _near(name: str, known: object) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)  # type: ignore[call-overload]
    return f"; did you mean `{close[0]}`?" if close else ""
