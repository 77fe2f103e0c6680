"""JSON spoiled in every way that a file, a server or an attacker may spoil it: as a tree, and as bytes."""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from fhircase.fhir import jsontext

HUGE = 10_000_000
"""Characters of the longest text."""

Dice = random.Random


def _nested(depth: int) -> Any:
    node: Any = "x"
    for number in range(depth):
        node = {"extension": [node]} if number % 2 else [node]
    return node


VALUES: tuple[Callable[[Dice], Any], ...] = (
    lambda dice: dice.choice([None, True, False, 0, -1, 1, 2**63, -(2**64), 10**400]),
    lambda dice: Decimal(dice.choice(["1E+400", "-1E-400", "0.00", "NaN", "Infinity", "1" * 2000 + ".5"])),
    lambda dice: dice.choice(
        ["", " ", "\n", "x", "-", "#", "#x", "urn:uuid:", "/", "Task/", "2026-13-45", "\uff19", "null"]
    ),
    lambda dice: dice.choice(["\x00", "\u202e", "\ufeff", "\uffff", "e\u0301" * 50, "👩‍👧" * 50, "\x7f", "a\u2028b"]),
    lambda dice: dice.choice([[], {}, [[]], [None], [{}], {"x": {}}, [[[]]], ["x", None, 1]]),
    lambda dice: {"reference": dice.choice(["#x", "#", "Task/1", "Task/1/_history/", "http://[", "http://x/Task/1"])},
    lambda dice: {"coding": dice.choice([[], [None], [{}], [{"system": 1, "code": []}], "x", {"system": "x"}])},
    lambda dice: {"extension": [{"url": dice.choice(["x", None, 1, []]), "valueCode": "unknown"}]},
    lambda dice: _nested(dice.choice([5, 50, 200])),
)
"""Values that hardly anybody expects."""


def slots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys or indexes."""
    for key, value in list(node.items()) if isinstance(node, dict) else enumerate(node):
        yield node, key
        if isinstance(value, dict | list):
            yield from slots(value)


def spoil(tree: Any, dice: Dice) -> None:
    """One change at one place of a tree (a list of resources, or a record), in place."""
    found = list(slots(tree))
    if not found:
        return
    container, key = dice.choice(found)
    way = dice.randrange(10)
    if way < 4:
        container[key] = dice.choice(VALUES)(dice)
    elif way == 4:
        del container[key]
    elif way == 5:
        container[key] = [container[key]] if not isinstance(container[key], list) else next(iter(container[key]), None)
    elif way == 6:
        other, at = dice.choice(found)
        container[key] = jsontext.copy(other.get(at) if isinstance(other, dict) else _at(other, at))
    elif way == 7 and isinstance(container, dict):
        container[dice.choice(["_" + str(key), str(key).upper(), "modifierExtension", "", "value"])] = container[key]
    elif way == 8 and isinstance(container, list):
        container.extend([jsontext.copy(container[key]) for _ in range(dice.choice([1, 1, 300]))])
    else:
        _contain(container, dice)


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _contain(container: Any, dice: Dice) -> None:
    """Contained resources that refer to each other, to themselves and to the one around."""
    if not isinstance(container, dict):
        return
    kinds = ["Task", "Goal", "Condition", "Provenance", "Procedure", "ServiceRequest"]
    container["contained"] = [
        {"resourceType": dice.choice(kinds), "id": id_, "focus": {"reference": f"#{other}"}, "contained": [{"id": id_}]}
        for id_, other in (("a", "b"), ("b", "a"), ("c", "c"), ("d", ""))
    ]
    for element in ("focus", "basedOn", "goal", "partOf"):
        if dice.random() < 0.5:
            container[element] = dice.choice([{"reference": "#a"}, [{"reference": "#a"}, {"reference": "#"}]])


def spoil_text(text: bytes, dice: Dice) -> bytes:
    """One change of the bytes of a file."""
    at = dice.randrange(len(text) + 1)
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: text[:at],
        lambda: text[:at] + bytes([dice.randrange(256)]) + text[at + 1 :],
        lambda: (
            text[:at] + dice.choice([b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\x00", b"\xef\xbb\xbf"]) + text[at:]
        ),
        lambda: text.replace(b"{", b'{"status":"draft","status":"active",', 1),
        lambda: text.replace(b":", b":" + dice.choice([b"[", b'{"x":']) * dice.choice([10, 2000, 200_000]), 1),
        lambda: text.replace(b'"', dice.choice([b'"\\ud800', b'"\\u0000', b'"\\x', b"'"]), 1),
        lambda: text.replace(
            b":", b":" + b"9" * dice.choice([30, 5000]) + dice.choice([b"", b".5", b"e9999", b"e-9999"]), 1
        ),
        lambda: text + dice.choice([b"\n" + text, text, b"}", b"]", b",", b"\n\n{"]),
        lambda: dice.choice([b"[", b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n", b" "]) + text,
    )
    return dice.choice(ways)()


def long_text(tree: Any, dice: Dice) -> None:
    """A text of ten million characters in place of one that is there."""
    texts = [(node, key) for node, key in slots(tree) if isinstance(node[key], str)]
    node, key = dice.choice(texts)
    node[key] = dice.choice(["x", "ä", "\n", "<", "#/"]) * HUGE
