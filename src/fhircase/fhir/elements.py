"""What elements FHIR has: one table a version, made from its own definitions by `make tables`."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

VERSIONS = ("R4", "R4B", "R5")
_SHAPE = {"R4": "r4", "R4B": "r4", "R5": "r5"}

PRIMITIVES = frozenset(
    [
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
        "integer64",
        "markdown",
        "oid",
        "positiveInt",
        "string",
        "time",
        "unsignedInt",
        "uri",
        "url",
        "uuid",
        "xhtml",
    ]
)


@dataclass(frozen=True, slots=True)
class Element:
    """One element: where it is defined, how often it occurs, and what it holds."""

    path: str
    low: int
    many: bool
    type: str

    @property
    def primitive(self) -> bool:
        """Whether it holds a bare JSON value."""
        return self.type in PRIMITIVES


class Elements:
    """The elements of one FHIR version."""

    def __init__(self, rows: list[str]) -> None:
        self._known: dict[str, Element] = {}
        self._below: dict[str, list[Element]] = {}
        self._stems: dict[str, dict[str, list[str]]] = {}
        for row in rows:
            path, low, high, kind = row.split("\t")
            element = Element(path, int(low), high != "1", kind)
            self._known[path] = element
            self._below.setdefault(path.rpartition(".")[0], []).append(element)

    def known(self, path: str) -> Element | None:
        """The element that is listed under a path."""
        return self._known.get(path)

    def child(self, parent: str, name: str) -> Element | None:
        """The element `name` below a type or a backbone element, if FHIR has it there."""
        return self._known.get(f"{parent}.{name}")

    def below(self, parent: str) -> list[Element]:
        """All elements directly below a type or a backbone element."""
        return self._below.get(parent, [])

    def names(self, parent: str) -> list[str]:
        """The names of `below`, for messages."""
        return [element.path.rpartition(".")[2] for element in self.below(parent)]

    def rivals(self, parent: str, name: str) -> tuple[str, ...]:
        """The other names of a choice element (`value[x]`): only one of them may be there."""
        stems = self._stems.get(parent)
        if stems is None:
            stems = self._stems[parent] = _stems(self.below(parent))
        return tuple(other for other in stems.get(_stem(self._known[f"{parent}.{name}"]), ()) if other != name)

    def resources(self) -> list[str]:
        """The types of resource that are listed."""
        return [name for name in self._below if f"{name}.meta" in self._known]

    @staticmethod
    def inside(element: Element) -> str:
        """Under which name the children of an element are found."""
        if element.type in ("BackboneElement", "Element"):
            return element.path
        return element.type.removeprefix("#")


def _stem(element: Element) -> str:
    """The name of a choice element without its type; empty where the name does not end in the type."""
    name = element.path.rpartition(".")[2]
    suffix = element.type[:1].upper() + element.type[1:]
    chosen = name.endswith(suffix) and not element.many and not element.path.startswith("Task.instantiates")
    return name.removesuffix(suffix) if chosen else ""


def _stems(below: list[Element]) -> dict[str, list[str]]:
    stems: dict[str, list[str]] = {}
    for element in below:
        if stem := _stem(element):
            stems.setdefault(stem, []).append(element.path.rpartition(".")[2])
    return stems


@cache
def elements(version: str) -> Elements:
    """The element table of a FHIR version (R4 and R4B are one for the resources mapped here)."""
    text = files("fhircase.fhir").joinpath("tables", f"{_SHAPE[version]}.tsv").read_text(encoding="utf-8")
    return Elements(text.splitlines())
