"""Fields that are one thing together: a date in parts (`birth_y`, `birth_m`), numbered copies (`note1`, `note2`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhircase.mapping.models.described import Attribute
from fhircase.mapping.scaffold.fits import Field, Fit
from fhircase.mapping.scaffold.homes import LEAVES, Fhir, listed
from fhircase.mapping.scaffold.placing import Candidate
from fhircase.mapping.scaffold.words import Words, words

_PARTS = ({"year", "y", "yy", "yyyy"}, {"month", "mon", "m", "mm"}, {"day", "d", "dd"})
_ANYWHERE = ("year", "month", "day")


@dataclass
class Together:
    """Some fields."""

    name: str
    fields: list[str]
    field: Field
    """A field that would be all of them."""
    padded: bool = False
    dated: bool = True

    @property
    def asks(self) -> list[str]:
        """What has to be decided."""
        return ["are its parts text of four and two digits, as `padded` says?"] if self.padded else []

    def own(self, place: str) -> dict[str, Any]:
        """The rule at an extension."""
        if self.dated:
            return self._dated(f"{place}.valueDateTime")
        return {"columns": place, "fields": self.fields, "items": {"field": ".valueString"}}

    def _dated(self, text: str) -> dict[str, Any]:
        return {"date": text, "parts": self.fields, **({"padded": True} if self.padded else {})}

    def fit(self, candidate: Candidate, version: str, fhir: Fhir) -> Fit | None:
        """The rule at an element."""
        for place in candidate.places:
            path = fhir.path(candidate.home, place, version)
            if path is None:
                continue
            if self.dated:
                if path.type in ("date", "dateTime"):
                    return Fit(self._dated(path.text), path.text)
                continue
            leaf = fhir.below(candidate.home, path, LEAVES.get(path.type, ""), version)
            halves = listed(leaf) if leaf and leaf.type in ("string", "markdown") else None
            if halves and halves[1] != ".":
                spec = {"columns": halves[0], "fields": self.fields, "items": {"field": halves[1]}}
                return Fit(spec, halves[0])
        return None


def together(fields: Mapping[str, Field]) -> Iterator[Together]:
    """The groups among some fields, none of which is in two."""
    dated: dict[Words, dict[int, Field]] = {}
    numbered: dict[Words, list[Field]] = {}
    for name, each in fields.items():
        part = _part(words(name))
        if part and each.kind in ("whole", "text") and not each.attribute.many:
            dated.setdefault(part[0], {}).setdefault(part[1], each)
        elif words(name)[-1:] and words(name)[-1].isdigit() and each.kind == "text" and each.attribute.nullable:
            numbered.setdefault(words(name)[:-1], []).append(each)
    for stem, parts in dated.items():
        found = [parts[at] for at in range(3) if at in parts and set(range(at)) <= parts.keys()]
        if stem and len(found) > 1 and len({each.kind for each in found}) == 1:
            whole = Field("_".join(stem), Attribute(takes=frozenset({str})))
            yield Together(whole.name, [each.name for each in found], whole, padded=found[0].kind == "text")
    for stem, copies in numbered.items():
        if stem and len(copies) > 1:
            whole = Field("_".join(stem), Attribute(takes=frozenset({str})))
            yield Together(f"{whole.name}s", [each.name for each in copies], whole, dated=False)


def _part(name: Words) -> tuple[Words, int] | None:
    """The words of a date of which a field is one part, and which part that is."""
    for at, (spelt, whole) in enumerate(zip(_PARTS, _ANYWHERE, strict=True)):
        if name[-1:] and name[-1] in spelt:
            return name[:-1], at
        if whole in name:
            return tuple(word for word in name if word not in (whole, "of")), at
    return None
