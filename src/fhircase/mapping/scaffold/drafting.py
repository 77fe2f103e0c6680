"""What is drafted, and what is known of the record as a whole while its objects are gone through."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from fhircase.mapping.models.described import Described
from fhircase.mapping.scaffold.draft import Draft
from fhircase.mapping.scaffold.fits import Field
from fhircase.mapping.scaffold.homes import Fhir
from fhircase.mapping.scaffold.keys import PERSONS
from fhircase.mapping.scaffold.words import numbered, words


@dataclass
class Drafting:
    """A draft, FHIR, and the record."""

    draft: Draft
    fhir: Fhir
    model: Described
    root: str
    """The role of the record's first resource."""
    keep: bool = False
    """Whether what has no element goes into extensions, instead of being left out."""
    homeless: AbstractSet[str] = frozenset()
    """Fields for which no element is right, though one looks so."""
    key: str = ""
    """The field that is the record's key."""
    person: str = ""
    """The role of the person, where that is a resource of its own."""
    subject: str = ""
    """The element that says whose the record is."""
    lists: dict[str, tuple[Described, str]] = field(default_factory=dict)
    """The record's lists of resources: what each item is in the model, and in FHIR."""
    inside: list[Described] = field(default_factory=list)
    """The objects whose parts are being drafted."""

    def role(self, name: str) -> str:
        """A name for a resource that no other has."""
        taken, number, found = self.fhir.roles, 1, name
        while found in taken:
            number += 1
            found = f"{name}{number}"
        return found

    @staticmethod
    def free(name: str, model: Described) -> str:
        """A name for a rule that carries no field."""
        return name if name not in model.fields else f"fhir-{name}"

    @staticmethod
    def is_person(given: Field) -> bool:
        """Whether an object is called as persons are."""
        return any(PERSONS & {*words(name)} for name in (given.name, *(each.name for each in given.attribute.objects)))

    @staticmethod
    def refers(given: Field, others: Sequence[Field]) -> bool:
        """Whether the objects of a list name those of another, which has to be there before them."""
        (model,) = given.attribute.objects
        cores = [numbered(words(name)) for name in model.fields]
        return any(words(each.attribute.objects[0].name) in cores for each in others if each is not given)

    def saved(self) -> Callable[[], None]:
        """A way to take back whatever is declared from now on."""
        sections = (*self.draft.sections, self.fhir.roles, self.lists)
        before = [dict(section) for section in sections]

        def back() -> None:
            for section, kept in zip(sections, before, strict=True):
                section.clear()
                section.update(kept)

        return back
