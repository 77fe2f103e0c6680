"""Records of one person in which every field that can hold a word, a number or a date of theirs holds one of its own.

Made from the models themselves, so that a new field is filled as soon as it is there. Each canary can be told by its
form (`canaries`), and each stands in one place only. What a field may hold instead of something else (a link by key, by
identifier or by address) changes from one record to the next.
"""

import re
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any, Literal

from pydantic import BaseModel
from tests.strategies import valid

from fhircase.model import RECORDS, Activity, Client, Custom, Identifier, Key, Link, Record
from fhircase.model.assessment import Answer, Score
from fhircase.model.base import ALONE, ItemId, Text, Token, Uri
from fhircase.model.time import Day, Moment
from fhircase.model.value import Exact, Quantity

FORM = re.compile(r"[Zz]q7[0-9]{5}x|11\d\d-\d\d-\d\d|7351\d{5}")
"""Words, days of the twelfth century, and numbers, as no other data has them."""
Place = tuple[str, str]
NOT_ALONE: dict[type[BaseModel], set[str]] = {Client: {"link"}, Activity: {"goals"}, Score: {"assessments"}}
"""What stands beside nothing else, and what names an item by the id that it has elsewhere."""


def canaries(text: bytes | str) -> set[str]:
    """Every canary in a text."""
    return set(FORM.findall(text if isinstance(text, str) else text.decode(errors="replace")))


class Filled:
    """Makes records of one person.

    Args:
        namespace: of the records' keys.
        client: the identifier by which the person is known.
    """

    def __init__(self, namespace: str, client: Identifier) -> None:
        self._namespace, self._client = namespace, client
        self._numbers, self._turn = count(1), 0
        self.places: dict[str, Place] = {}
        """Where each canary was put: class and field."""

    def records(self, turns: int) -> Iterator[Record]:
        """Records of every kind, so many of each."""
        for self._turn in range(turns):
            for kind, model in RECORDS.items():
                yield self._record(kind, model)

    def _record(self, kind: str, model: type[Record]) -> Record:
        key = Key.model_validate({"kind": kind, "namespace": self._namespace, "value": self._word()})
        self.places[key.value] = ("Key", "value")
        fixed: dict[str, Any] = {"key": key}
        if "id" in model.model_fields:
            fixed["id"] = ALONE
        if kind != "case":
            fixed["client"] = Link(identifier=self._client)
        made = self._object(model, fixed)
        if kind == "case":
            named = (self._client, *made.client.identifiers)
            made = made.model_copy(update={"client": made.client.model_copy(update={"identifiers": named})})
        return typing.cast("Record", model.model_validate({name: getattr(made, name) for name in model.model_fields}))

    def _word(self) -> str:
        return f"Zq7{next(self._numbers):05}x"

    def _object(self, model: type[BaseModel], fixed: dict[str, Any] | None = None) -> Any:
        values = dict(fixed or {})
        hints = typing.get_type_hints(model, include_extras=True)
        left = self._left_out(model)
        for name in model.model_fields:
            if name not in values and name not in left and hints[name] is not Custom:
                values[name] = self._value(hints[name], (model.__name__, name))
        return valid(model, {name: value for name, value in values.items() if value is not None})

    def _left_out(self, model: type[BaseModel]) -> set[str]:
        """What cannot stand beside something else, this turn."""
        if model is Link:
            several = ("identifier", "reference", "record")
            return set(several) - {several[self._turn % 3]}
        if model is Answer:
            return set(Answer.model_fields) - {list(Answer.model_fields)[self._turn % 5]}
        if model in NOT_ALONE:
            return NOT_ALONE[model]
        return {"key", "client"} if "id" in model.model_fields else set()

    def _value(self, kind: Any, place: Place) -> Any:
        if place == ("Visit", "time"):
            return self._object(Quantity, {"system": "http://unitsofmeasure.org", "code": "min", "comparator": None})
        for known, make in self._leaves().items():
            if kind == known:
                made = make() + "AAA" * (place == ("Document", "hash")) if kind is Text else make()
                self.places[next(iter(canaries(str(made))), "")] = place
                return made
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self._object(kind)
        return self._of(typing.get_origin(kind), typing.get_args(kind), place)

    def _of(self, origin: Any, args: tuple[Any, ...], place: Place) -> Any:
        if origin is Literal:
            words = [word for word in args if word != "entered-in-error"]
            return words[-1 - self._turn % min(2, len(words))]
        if origin in (typing.Union, types.UnionType):
            some = [arg for arg in args if arg is not type(None)]
            return self._value(some[self._turn % len(some)], place)
        if origin is tuple:
            return tuple(made for made in (self._value(args[0], place),) if made is not None)
        return self._value(args[0], place) if args else None

    def _leaves(self) -> dict[Any, Any]:
        number = next(self._numbers)
        word = partial("Zq7{:05}x".format, number)
        day = f"11{number // 336 % 100:02}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
        return {
            ItemId: word,
            Uri: lambda: f"urn:{word().lower()}",
            Token: word,
            Text: word,
            str: word,
            Day: lambda: day,
            Moment: lambda: f"{day}T08:09:10Z" if self._turn % 2 else day,
            Exact: lambda: Decimal(735100000 + number),
            int: lambda: 735100000 + number,
            bool: lambda: False,
        }


def fields() -> set[Place]:
    """Every field of every model, part by part, that holds a word, a number or a date."""
    found: set[Place] = set()
    seen: set[type[BaseModel]] = set()

    def look(kind: Any, place: Place) -> None:
        if kind in (Text, Token, Uri, ItemId, Day, Moment, Exact, str, int):
            found.add(place)
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            if kind not in seen:
                seen.add(kind)
                for name, hint in typing.get_type_hints(kind, include_extras=True).items():
                    if name in kind.model_fields and hint is not Custom:
                        look(hint, (kind.__name__, name))
        elif typing.get_origin(kind) is not Literal:
            for each in typing.get_args(kind):
                look(each, place)

    for model in RECORDS.values():
        look(model, ("", ""))
    return found - {(model.__name__, name) for model, names in NOT_ALONE.items() for name in names}
