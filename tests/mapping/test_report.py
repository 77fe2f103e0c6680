"""A report names each scalar by its JSON Pointer, whatever the names in a resource are."""

from typing import Any

import pytest

from fhircase.mapping import report
from fhircase.mapping.context import Claims
from fhircase.mapping.report import entries


def _pointers(resource: dict[str, Any]) -> dict[str, Any]:
    return {entry.pointer: entry.value for entry in entries([resource], Claims())}


def test_every_scalar_has_its_pointer_and_null_is_none() -> None:
    resource = {"a/b": "1", "m~n": [1, None, ["x", {"y": True}]], "": {"z": 0}, "none": None, "empty": [{}, []]}
    assert _pointers(resource) == {"/a~1b": "1", "/m~0n/0": 1, "/m~0n/2/0": "x", "/m~0n/2/1/y": True, "//z": 0}


def test_what_others_name_does_not_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_MOST", 100)
    for number in range(1000):
        assert _pointers({f"name{number}": "x", "id": "1"}) == {f"/name{number}": "x", "/id": "1"}
    assert _pointers({f"other{number}": "x" for number in range(1000)}).keys() >= {"/other999"}
    assert len(report._root) <= 100
