"""The small values that records are made of: codes, periods, amounts, notes, keys and links."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from fhircase.model.base import Many, Said, Text, Token, Uri, Value
from fhircase.model.time import Moment

RecordKind = Literal["case", "care-plan", "referral", "work-item", "need", "goal", "team", "outcome", "consent"]

SERVER_KEY = "server:"
"""Prefix of the namespace of a record that is known only by the id some server gave it."""


def _exact(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Exact = Annotated[Decimal, BeforeValidator(_exact)]
"""An exact decimal; a binary float is refused because it has already lost digits."""


class Key(Value):
    """Who a record is: its kind, the namespace that numbers it, and its value there."""

    kind: RecordKind
    namespace: Uri
    value: Text

    @property
    def foreign(self) -> bool:
        """Whether the key is only a server's id: such a key is never written anywhere."""
        return self.namespace.startswith(SERVER_KEY)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}|{self.value}"


class Coding(Said):
    """One code of one code system."""

    system: Uri | None = None
    code: Token | None = None
    display: Text | None = None


class Concept(Said):
    """A meaning: any number of codings of it, and words for people."""

    codings: Many[Coding] = ()
    text: Text | None = None

    def has(self, system: str, code: str) -> bool:
        """Whether one of the codings is this code."""
        return any(c.system == system and c.code == code for c in self.codings)


class Identifier(Said):
    """A number that somebody gave to something."""

    system: Uri | None = None
    value: Text | None = None
    type: Concept | None = None


class Period(Said):
    """From when until when; either end may be open."""

    start: Moment | None = None
    end: Moment | None = None


class Quantity(Said):
    """An exact amount with its unit."""

    value: Exact | None = None
    comparator: Literal["<", "<=", ">=", ">", "ad"] | None = None
    unit: Text | None = None
    system: Uri | None = None
    code: Token | None = None

    @model_validator(mode="after")
    def _has_a_whole_unit(self) -> Self:
        if self.code is not None and self.system is None:
            raise ValueError("a coded unit needs the system of its code")
        return self


class Money(Said):
    """An exact amount of money."""

    value: Exact | None = None
    currency: Token | None = None
    """By ISO 4217, such as `USD`."""


class Recurrence(Said):
    """How often: at these times, or so many times in each span."""

    at: Many[Moment] = ()
    bounds: Period | None = None
    count: int | None = None
    frequency: int | None = None
    every: Exact | None = None
    unit: Literal["s", "min", "h", "d", "wk", "mo", "a"] | None = None
    days: Many[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = ()
    text: Concept | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.every is not None and self.unit is None:
            raise ValueError("`every` needs the `unit` it counts")
        for name, number in (("count", self.count), ("frequency", self.frequency)):
            if number is not None and number <= 0:
                raise ValueError(f"`{name}` must be greater than zero")
        if self.every is not None and self.every < 0:
            raise ValueError("`every` must not be negative")
        return self


class Link(Said):
    """Another record or party, known by the strongest thing we have of it.

    `record` (one of ours) is stronger than `identifier`, which is stronger than `reference` (an address on some
    server); a link keeps the strongest only, and words for people.
    """

    record: Key | None = None
    identifier: Identifier | None = None
    reference: Uri | None = None
    display: Text | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.record is not None and (self.identifier or self.reference):
            raise ValueError("a link to one of our records needs no identifier or reference beside it")
        if self.record is not None and self.record.foreign:
            raise ValueError("a record that only a server knows is linked by reference")
        if self.identifier is not None and self.identifier.value is None:
            raise ValueError("an identifier without a value is nobody's")
        if self.identifier is not None and self.identifier.system is not None and self.reference:
            raise ValueError("a link keeps its identifier or its reference, not both")
        return self


class Document(Said):
    """A document as it can be found: its name, where it is, and of what form."""

    title: Text | None = None
    url: Uri | None = None
    form: Token | None = None
    """Its media type, such as `application/pdf`."""
    size: int | None = None
    """In bytes."""
    hash: Text | None = None
    """Its SHA-1, in base64."""
    made: Moment | None = None


class Note(Said):
    """Something written down by somebody at some time."""

    text: Text | None = None
    at: Moment | None = None
    author: Link | Text | None = None
