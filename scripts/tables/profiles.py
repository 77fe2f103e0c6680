"""What profiles demand beyond FHIR itself: a block of rows a profile."""

import json
from collections.abc import Iterator

from core import RESOURCES, constraints, required
from packages import Package

Definitions = dict[str, dict]


def tables(package: Package, base: Package, others: Definitions) -> tuple[list[str], set[str]]:
    """The rows of the profiles that a guide has for the resources mapped, and the value sets they bind to."""
    rows: list[str] = []
    bound: set[str] = set()
    plain = _Plain(base)
    for url, body in sorted(package.definitions.items()):
        if body["type"] in RESOURCES and body.get("derivation") == "constraint" and "snapshot" in body:
            rows.append(f"profile\t{url}|{package.version}\t{body['type']}\tR4")
            for element in body["snapshot"]["element"]:
                rows += _rows(element, plain, {**others, **base.definitions, **package.definitions}, bound)
    return rows, bound


class _Plain:
    """The elements of FHIR itself, by path, into the types that they hold."""

    def __init__(self, base: Package) -> None:
        self._base = base
        self._known: Definitions = {}

    def element(self, path: str) -> dict:
        """The element without a profile; empty where there is none of that name, as for one type of a choice."""
        kind = path.partition(".")[0]
        if kind not in self._known:
            definition = self._base.definitions.get(f"http://hl7.org/fhir/StructureDefinition/{kind}", {})
            elements = definition.get("snapshot", {}).get("element", [])
            self._known[kind] = {element["path"]: element for element in elements}
        if path in self._known[kind] or "." not in path:
            return self._known[kind].get(path, {})
        above, _, name = path.rpartition(".")
        codes = _codes(self.element(above))
        return self.element(f"{codes[0]}.{name}") if len(codes) == 1 else {}


def _rows(element: dict, plain: _Plain, known: Definitions, bound: set[str]) -> Iterator[str]:
    there, slice_ = plain.element(element["path"]), ":" in element["id"].rpartition(".")[2]
    low = str(element["min"]) if element["min"] > (0 if slice_ else there.get("min", 0)) else ""
    high = element["max"] if element["max"] != there.get("max", "*") else ""
    codes, targets = _codes(element), _targets(element, known)
    kinds = " ".join(codes) if len(codes) < len(_codes(there)) else ""
    leads = " ".join(sorted(targets)) if targets != _targets(there, known) and "Resource" not in targets else ""
    fixed = next((value for name, value in element.items() if name.startswith(("fixed", "pattern"))), None)
    text = "" if fixed is None else json.dumps(fixed, separators=(",", ":"))
    value_set = required(element)
    value_set = "" if value_set == required(there) else value_set
    if value_set:
        bound.add(value_set)
    if "." in element["id"] and any(found := (low, high, kinds, leads, text, value_set)):
        yield "\t".join([element["id"], *found])
    keys = frozenset(each["key"] for each in there.get("constraint", []))
    yield from (f"constraint\t{row}" for row in constraints(element, element["id"], keys | _OF_TYPES))


_OF_TYPES = frozenset({"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6"})


def _targets(element: dict, known: Definitions) -> set[str]:
    urls = [url for each in element.get("type", []) for url in each.get("targetProfile", [])]
    return {known[url]["type"] if (url := full.partition("|")[0]) in known else url.rpartition("/")[2] for full in urls}


def _codes(element: dict) -> list[str]:
    return [each["code"] for each in element.get("type", [])]
