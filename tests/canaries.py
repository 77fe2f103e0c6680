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
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from tests.strategies import valid

from fhircase.mapping.compiled import all_compiled
from fhircase.mapping.custom import Sayable
from fhircase.model import RECORDS, Activity, Client, Custom, Identifier, Key, Link, Record
from fhircase.model.assessment import Answer, Score
from fhircase.model.base import ALONE, ItemId, Text, Token, Uri
from fhircase.model.time import Day, Moment
from fhircase.model.value import Exact, Quantity

FORM = re.compile(r"[Zz]q7[0-9]{5}x|11\d\d-\d\d-\d\d|7351\d{5}")
"""Words, days of the twelfth century, and numbers, as no other data has them."""
Place = tuple[str, str]
Site = dict[type[BaseModel], type[BaseModel]]
CUSTOM = "custom"
OWN = {
    "case@1": {"": "task", "needs": "need", "consents": "consent"},
    "care-plan@1": {"": "plan", "goals": "goal", "agreements": "consent"},
    "referral@1": {"": "req", "offers": "task", "offers.outcomes": "outcome"},
    "work-task@1": {"": "task"},
    "work-request@1": {"": "req"},
    "need@1": {"": "need"},
    "goal@1": {"": "goal"},
    "care-team@1": {"": "team"},
    "outcome@1": {"": "outcome"},
    "consent@1": {"": "consent"},
}
"""Where each mapping writes its own records, and items of theirs to which a site adds as well."""
ADDED = {
    "words": "{{field: '{0}.valueString'}}",
    "day": "{{field: '{0}.valueDateTime'}}",
    "sum": "{{quantity: '{0}.valueQuantity'}}",
    "who": "{{link: '{0}.valueReference'}}",
    "seen_by": "{{list: '{0}', items: {{link: .valueReference}}}}",
    "kind": "{{concept: '{0}.valueCodeableConcept'}}",
}
"""What a site adds, and the rule of each."""
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
        site: by the model they are added to, a site's own fields.
    """

    def __init__(self, namespace: str, client: Identifier, site: Site | None = None) -> None:
        self._namespace, self._client, self._site = namespace, client, site or {}
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
        if model in self._site:
            values[CUSTOM] = Custom(**self._object(self._site[model]).model_dump(exclude_unset=True))
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


def fields(*models: type[BaseModel]) -> set[Place]:
    """Every field of these models, part by part, that holds a word, a number or a date."""
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

    for model in models:
        look(model, ("", ""))
    return found - {(model.__name__, name) for model, names in NOT_ALONE.items() for name in names}


def overlays(folder: Path) -> list[str]:
    """The overlays of a site that adds fields of all types to every kind of record, and to items in them."""
    urls = ", ".join(f"{name}: 'http://site.example/{name}'" for name in ADDED)
    for mapping, places in OWN.items():
        lines = [f"overlay: own-{mapping}", f"over: [{mapping}]", f"extensions: {{{urls}}}", "add:"]
        for path, role in places.items():
            for name, rule in ADDED.items():
                field = ".".join(filter(None, (path, "custom", name)))
                lines.append(f"  {field}: {rule.format(f'{role}.extension[{name}]')}")
        (folder / f"own-{mapping}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [str(folder / f"own-{mapping}.yaml") for mapping in OWN]


def own_fields(overlays: tuple[str, ...]) -> Site:
    """What the overlays of a site add to the models."""
    found: Site = {}

    def look(model: type[BaseModel], said: Sayable) -> None:
        if said.custom.model_fields:
            found[model] = said.custom
        hints = typing.get_type_hints(model)
        for name, inner in said.inner.items():
            for item in typing.get_args(hints[name])[:1]:
                look(item, inner)

    for mapping in all_compiled("R4", overlays):
        look(RECORDS[mapping.kind], mapping.sayable)
    return found
