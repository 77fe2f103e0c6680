"""Where a rule is written, and what a kind of rule is: the words it takes and how a rule is made of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fhircase.mapping.grammar import SpecError, Words, near
from fhircase.mapping.kinds.rule import Rule, Shape
from fhircase.mapping.path import Path
from fhircase.mapping.pathtext import Vocabulary, parse

if TYPE_CHECKING:
    from fhircase.mapping.build import Builder


class Place:
    """Where a rule is written: which resources and which element it may name."""

    def __init__(self, builder: "Builder", roles: Mapping[str, str], here: str, way: str) -> None:
        self.builder = builder
        self.roles = roles
        self.here = here
        self.way = way

    def path(self, text: Any) -> Path:
        """A path, checked."""
        if not isinstance(text, str):
            raise SpecError(f"a path was expected, not `{text}`")
        return parse(text, self.roles, self.here, self.builder.words)

    def paths(self, texts: Any) -> list[Path]:
        """One path or several."""
        return [self.path(text) for text in (texts if isinstance(texts, list) else [texts])]

    def array(self, text: Any) -> Path:
        """A path to the items of a list."""
        path = self.path(text)
        if not path.steps or not path.steps[-1].many:
            raise SpecError(f"`{text}` is no list")
        return path

    def role(self, name: str) -> str:
        """The name of a resource of the record."""
        if name not in self.roles:
            raise SpecError(f"no resource is called `{name}`{near(name, self.roles)}")
        return name

    def resource(self, name: Any) -> str:
        """A resource type that FHIR has in this version."""
        return self.builder.resource(name)

    def item(self, spec: Mapping[str, Any], here: str) -> Rule | Shape:
        """What each element of a list is: `each` an object, `items` a single value."""
        if "items" in spec:
            return self.builder.rule(spec["items"], self.roles, here, self.way)
        each = spec.get("each")
        if isinstance(each, str):
            if each not in self.builder.types:
                raise SpecError(f"no type is called `{each}`{near(each, self.builder.types)}")
            if self.builder.types[each]["of"] != here:
                raise SpecError(f"the elements are {here}, and `{each}` is a {self.builder.types[each]['of']}")
            return self.builder.type_shape(each)
        if not isinstance(each, Mapping):
            raise SpecError("a list says with `each` or `items` what its elements are")
        return self.builder.shape(each, self.roles, here, self.way)

    def rule(self, spec: Any) -> Rule:
        """A rule written inside another one."""
        return self.builder.rule(spec, self.roles, self.here, self.way)

    def shape(self, rules: Mapping[str, Any], roles: Mapping[str, str], here: str) -> Shape:
        """The rules of an object inside."""
        return self.builder.shape(rules, roles, here, self.way)

    def system(self, text: str) -> str:
        """The URI of a code or identifier system, written out or as `$name`."""
        if text.startswith("$"):
            return self.words.system(text[1:])
        if ":" not in text:
            raise SpecError(f"`{text}` is no URI: write `https://...`, `urn:oid:...` or `$name` of a system")
        return text

    @property
    def words(self) -> Vocabulary:
        """The short names in force."""
        return self.builder.words


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule."""

    name: str
    """The first word of such a rule."""
    words: Words
    """All of its words, and what each of them takes."""
    make: Callable[[Place, Mapping[str, Any]], Rule]
    """The rule, of what is written; a SpecError or PathError tells what is wrong."""
