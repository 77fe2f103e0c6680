"""Hypothesis strategies that reach every field of every model, made from the models themselves.

Whatever has no identity of its own (a concept, a period, a list of notes, a client) is picked from a pool that is made
once, from a fixed seed, simplest first: drawing it part by part costs Hypothesis a hundred times as much. Records and
their items are drawn field by field; what does not go together is left out, so that no draw is wasted.
"""

import random
import re
import types
import typing
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from fhircase.model import RECORDS, CarePlan, Case, Client, Custom, Key, Link, Record, Recurrence
from fhircase.model.base import Item, ItemId, Text, Token, Uri
from fhircase.model.time import Day, Moment
from fhircase.model.value import Exact, Identifier

POOL = 400
_LETTERS = "abcXYZ019äßÉñœĀǅɏ"
_SIGNS = " <&\"'\n-#:/|~"

NASTY = (
    *('<b>&amp;"x"</b>', "a  b", "a\n\nb", "a\tb", "]]>", "null", "true", "0", "-", "#1", "urn:uuid:x", "Task/1"),
    *("{}", "\\u0041", "%41", "東京", "👩‍👧", "e\u0301", "שלום", "a\u00a0b", "a\u200bb", "`'\"", "a:b:c", "~x", "$x"),
)
URIS = ("http://loinc.org", "http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.1", "https://a.example/x?y=1&z=2#3")
SPACES = ("https://hospital.example", "https://agency.example/care", "urn:oid:1.2.3")
ITEM_IDS = ("a", "A", "1", "x-1", "x.2", "activity-1", "goal-2", "0", "--", "Z" * 64)
REFERENCES = (
    "Organization/1",
    "https://x.example/fhir/Practitioner/7",
    "urn:uuid:6f0c3e4e-0b6b-5d5e-9d5e-6d1f6c8a7f10",
)
DECIMALS = ("1", "0.5", "72.50", "1E+2", "100", "3.14159", "0.00", "1E-7", "12345678901234567890.10")
CLOCKS = ("00:00:00", "23:59:59.671", "08:30:00.000", "12:00:00.1", "23:59:60")
ZONES = ("Z", "+01:00", "-05:30", "+14:00")

Pick = random.Random


def _text(pick: Pick) -> str:
    if pick.random() < 0.3:
        return pick.choice(NASTY)
    text = "".join(pick.choice(_LETTERS if pick.random() < 0.7 else _SIGNS) for _ in range(pick.randint(1, 12)))
    return text.strip() or "x"


def _token(pick: Pick) -> str:
    return pick.choice("aZ9") + "".join(pick.choice("bY8-.") for _ in range(pick.randint(0, 8)))


def _day(pick: Pick) -> str:
    day = f"{pick.choice([1000, 1900, 2024, 2026, 9999])}-{pick.randint(1, 12):02}-{pick.randint(1, 28):02}"
    return pick.choice([day[:4], day[:7], day, "2024-02-29"])


def _moment(pick: Pick) -> str:
    if pick.random() < 0.4:
        return _day(pick)
    day = f"{pick.choice([1900, 2024, 2026, 2100])}-{pick.randint(1, 12):02}-{pick.randint(1, 28):02}"
    return f"{day}T{pick.choice(CLOCKS)}{pick.choice(ZONES)}"


def _key(pick: Pick) -> Key:
    return Key(kind=pick.choice(list(RECORDS)), namespace=pick.choice(SPACES), value=_text(pick))


def _link(pick: Pick) -> Link:
    display = pick.choice([None, _text(pick)])
    return pick.choice(
        [
            Link(record=_key(pick), display=display),
            Link(identifier=_identifier(pick, system=pick.choice(URIS)), display=display),
            Link(reference=pick.choice(REFERENCES), display=display),
            Link(display=_text(pick)),
        ]
    )


def _identifier(pick: Pick, **fixed: str) -> Identifier:
    return valid(Identifier, {**_drawn(Identifier, pick), "value": _text(pick), **fixed})


def _client(pick: Pick) -> Client:
    known = {"link": _link(pick)} if pick.random() < 0.2 else {**_drawn(Client, pick), "link": None}
    return valid(Client, known)


def _recurrence(pick: Pick) -> Recurrence:
    drawn = {**_drawn(Recurrence, pick), "at": (_moment(pick),)}
    together = {"every": Decimal(pick.choice(DECIMALS)), "unit": pick.choice(["h", "d", "wk", "mo"])}
    for name in together:
        drawn.pop(name, None)
    return valid(Recurrence, {**drawn, **together} if pick.random() < 0.6 else drawn)


_MAKE: dict[Any, Callable[[Pick], Any]] = {
    Text: _text,
    Token: _token,
    Uri: lambda pick: pick.choice(URIS),
    ItemId: lambda pick: pick.choice(ITEM_IDS),
    Day: _day,
    Moment: _moment,
    Exact: lambda pick: Decimal(pick.choice(DECIMALS)),
    Key: _key,
    Link: _link,
    Identifier: _identifier,
    Client: _client,
    Recurrence: _recurrence,
    str: _text,
    bool: lambda pick: pick.random() < 0.5,
    int: lambda pick: pick.choice([1, 2, 99]),
}


def make(kind: Any, pick: Pick) -> Any:
    """One value of a type as it stands in a model."""
    if kind in _MAKE:
        return _MAKE[kind](pick)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        while (made := valid(kind, _drawn(kind, pick))) is None:
            pass
        return made
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return pick.choice(args)
    if origin in (typing.Union, types.UnionType):
        # Whether there is a value at all is decided where the field is.
        return make(pick.choice([arg for arg in args if arg is not type(None)]), pick)
    if origin is tuple:
        return tuple(pick.choice(pool(args[0], 40)) for _ in range(pick.choice([0, 1, 1, 2, 3])))
    return make(args[0], pick)


def _drawn(model: type[BaseModel], pick: Pick) -> dict[str, Any]:
    hints = _hints(model)
    names = [name for name in hints if model.model_fields[name].is_required() or pick.random() < 0.5]
    pick.shuffle(names)
    return {name: make(hints[name], pick) for name in names}


def _hints(model: type[BaseModel]) -> dict[str, Any]:
    hints = typing.get_type_hints(model, include_extras=True)
    # Without an overlay that names and types them there are no custom fields.
    return {name: hints[name] for name in model.model_fields if hints[name] is not Custom}


def valid(model: type[BaseModel], values: dict[str, Any]) -> Any:
    """The object; where its fields do not go together, without one of them, or with as many as do; or None."""
    for one in (None, *values):
        if made := _tried(model, {name: value for name, value in values.items() if name != one}):
            return made
    kept = {name: value for name, value in values.items() if model.model_fields[name].is_required()}
    for name, value in values.items():
        if _tried(model, {**kept, name: value}):
            kept[name] = value
    return _tried(model, kept)


def _tried(model: type[BaseModel], values: dict[str, Any]) -> Any:
    try:
        return model(**values)
    except ValidationError:
        return None


@cache
def pool(kind: Any, size: int = POOL) -> tuple[Any, ...]:
    """Distinct values of a type, the simplest first, the same in every run."""
    # A type's words hold addresses of functions, which are others in every run.
    pick = random.Random(re.sub("0x[0-9a-f]+", "", f"{kind} {size}"))
    made = {repr(value): value for value in (make(kind, pick) for _ in range(size))}
    return tuple(made[text] for text in sorted(made, key=lambda text: (len(text), text)))


def _items(kind: Any) -> type[Item] | None:
    """The item class, where a type is a list of items with identities of their own."""
    found = [args[0] for args in _arguments(kind) if args and isinstance(args[0], type) and issubclass(args[0], Item)]
    return found[0] if found else None


def _arguments(kind: Any) -> Iterable[tuple[Any, ...]]:
    args = typing.get_args(kind)
    yield args
    for inner in args:
        yield from _arguments(inner)


@cache
def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as it stands in a model."""
    item = _items(kind)
    if item is None:
        return _among(pool(kind))
    inside = {name: st.none() for name in ("key", "client") if name in item.model_fields}
    return st.lists(objects(item, **inside), max_size=3, unique_by=lambda made: made.id).map(tuple)


def objects(model: type[BaseModel], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Valid instances of a model; fields are now and then left at their defaults."""
    parts = {name: fixed[name] if name in fixed else _part(model, name, hint) for name, hint in _hints(model).items()}

    def build(values: dict[str, Any]) -> Any:
        if model is CarePlan:
            values["activities"] = _serving(values["activities"], [goal.id for goal in values["goals"]])
        if model is Case:
            values["scores"] = _of(values["scores"], [assessment.id for assessment in values["assessments"]])
        return valid(model, values)

    return st.fixed_dictionaries(parts).map(build).filter(lambda made: made is not None)


def _part(model: type[BaseModel], name: str, hint: Any) -> st.SearchStrategy[Any]:
    field = model.model_fields[name]
    if field.is_required() or _items(hint):
        return of(hint)
    if name == "id":
        return st.sampled_from(ITEM_IDS)
    # One draw says both whether there is a value and which.
    values = pool(hint)
    return _among((field.default,) * max(1, len(values) // 3) + values)


def _among(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """One of many: by number, for Hypothesis writes out all that a `sampled_from` holds."""
    return st.integers(0, len(values) - 1).map(lambda number: values[number])


def _serving(activities: tuple[Any, ...], goals: list[str]) -> tuple[Any, ...]:
    """Activities that serve goals of the plan: as many as they did, as far as there are."""
    return tuple(each.model_copy(update={"goals": tuple(goals[: len(each.goals)])}) for each in activities)


def _of(scores: tuple[Any, ...], assessments: list[str]) -> tuple[Any, ...]:
    """Scores of assessments of the case: of as many as they were, as far as there are."""
    return tuple(
        each.model_copy(update={"assessments": tuple(assessments[: len(each.assessments)])}) for each in scores
    )


def keys(kind: str) -> st.SearchStrategy[Key]:
    return st.builds(Key, kind=st.just(kind), namespace=st.sampled_from(SPACES), value=_among(pool(Text)))


def records(kind: str) -> st.SearchStrategy[Record]:
    """Valid records of a kind."""
    alone = {"id": st.just("-")} if "id" in RECORDS[kind].model_fields else {}
    return objects(RECORDS[kind], key=keys(kind), **alone)
