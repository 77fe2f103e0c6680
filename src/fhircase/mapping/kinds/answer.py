"""`answer`: a yes or no that the model has as a word or number, such as `Y` and `N` or 1 and 0, and FHIR as boolean."""

from collections.abc import Mapping
from typing import Any

from fhircase.mapping.grammar import SpecError
from fhircase.mapping.kinds.converted import Converted, Unsayable
from fhircase.mapping.kinds.place import Kind, Place
from fhircase.mapping.kinds.rule import Rule, alike
from fhircase.mapping.path import Path


class Answer(Converted):
    """Yes or no, in the model's words."""

    called = "yes or no in words"

    def __init__(self, path: Path, yes: Any, no: Any) -> None:
        super().__init__(path)
        self.gives = frozenset({type(yes), type(no)})
        self.yes = yes
        self.no = no

    def said(self, value: Any) -> bool:
        """True or false."""
        for word, truth in ((self.yes, True), (self.no, False)):
            if alike(word, value):
                return truth
        raise Unsayable("neither the word for yes nor the one for no")

    def told(self, value: Any) -> Any:
        """The model's word."""
        return (self.yes if value else self.no) if isinstance(value, bool) else None


def _answer(place: Place, spec: Mapping[str, Any]) -> Rule:
    path = place.path(spec["answer"])
    if path.type != "boolean":
        raise SpecError(f"`{path.text}` is a {path.type}, no boolean")
    if alike(spec["yes"], spec["no"]):
        raise SpecError("yes and no are the same word")
    return Answer(path, spec["yes"], spec["no"])


KINDS = (Kind("answer", {"answer": "text", "yes": "any", "no": "any", "empty": "any?"}, _answer),)
