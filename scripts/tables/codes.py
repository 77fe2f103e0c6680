"""Value sets written out as their codes, as far as the packages at hand have them."""

from collections.abc import Iterable, Iterator

from packages import Package

Codes = dict[str, list[str]]
"""Codes by code system."""


class Unknown(Exception):
    """A value set cannot be written out; the message says why."""


class Expander:
    """Writes value sets out, from the packages given, the first that has it first."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self._packages = list(packages)

    def rows(self, urls: Iterable[str]) -> Iterator[str]:
        """A row a value set and code system; `-` and the reason where it cannot be written out."""
        for url in sorted(set(urls)):
            try:
                for system, codes in sorted(self.codes(url).items()):
                    yield f"{url}\t{system}\t{' '.join(codes)}"
            except Unknown as why:
                yield f"{url}\t-\t{why}"

    def codes(self, url: str) -> Codes:
        """The codes of a value set.

        Raises:
            Unknown: it is not at hand, or not a plain list of codes or whole code systems at hand.
        """
        value_set = next((each.value_sets[url] for each in self._packages if url in each.value_sets), None)
        if value_set is None:
            raise Unknown("the value set is not in the packages")
        compose, found = value_set.get("compose", {}), Codes()
        for include in compose.get("include", []):
            for system, codes in self._included(include).items():
                found.setdefault(system, []).extend(code for code in codes if code not in found.get(system, []))
        for exclude in compose.get("exclude", []):
            for system, codes in self._included(exclude).items():
                found[system] = [code for code in found.get(system, []) if code not in codes]
        if not any(found.values()):
            raise Unknown("no code is listed")
        return {system: codes for system, codes in found.items() if codes}

    def _included(self, include: dict) -> Codes:
        if "filter" in include:
            raise Unknown(f"a filter over {include['system']}")
        if "valueSet" in include:
            found: list[Codes] = [self.codes(url.partition("|")[0]) for url in include["valueSet"]]
            if "system" in include or len(found) > 1:
                raise Unknown("an intersection of value sets")
            return found[0]
        system = include["system"]
        if "concept" in include:
            return {system: [each["code"] for each in include["concept"]]}
        defined = next((each.code_systems[system] for each in self._packages if system in each.code_systems), None)
        if defined is None or defined.get("content") not in ("complete", None):
            raise Unknown(f"code system {system} is not in the packages")
        return {system: list(_codes(defined.get("concept", [])))}


def _codes(concepts: list[dict]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _codes(concept.get("concept", []))
