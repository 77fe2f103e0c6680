"""Which values close a record is said once for the brake and once, by the order of statuses, for merging: the same."""

import tomllib
from importlib.resources import files
from typing import get_args

import pytest

from fhircase import exchange
from fhircase.exchange.closing import closed
from fhircase.exchange.policies import policies
from fhircase.mapping.merging import Policy
from fhircase.model import RECORDS

CLOSING = tomllib.loads(files(exchange).joinpath("closing.toml").read_text(encoding="utf-8"))
UNORDERED = {"need", "consent", "team"}
"""Kinds whose status may go back: a need comes again, and a consent or a team is taken up again."""


def words(kind, field):
    """Every value that a status field of a record can have."""
    annotation = RECORDS[kind].model_fields[field].annotation
    return {word for each in (annotation, *get_args(annotation)) for word in get_args(each) if isinstance(word, str)}


@pytest.mark.parametrize("fhir", ["R4", "R4B", "R5"])
@pytest.mark.parametrize("kind", RECORDS)
def test_what_closes_a_record_are_the_last_steps_of_its_order(kind, fhir):
    [(field, values)] = CLOSING[kind].items()
    known = policies(kind, fhir, ()).get(field)
    ordered = known is not None and known.policy is Policy.FORWARD
    assert ordered is (kind not in UNORDERED)
    if ordered:
        # The very last step is that it was never true.
        last = max(known.steps.values())
        assert set(values) == {word for word, step in known.steps.items() if step >= last - 1}


@pytest.mark.parametrize("kind", RECORDS)
def test_each_closing_value_is_one_that_the_record_can_have(kind):
    [(field, values)] = CLOSING[kind].items()
    assert set(values) < words(kind, field)
    assert {word for word in words(kind, field) if closed(kind, {field: word})} == set(values)


def test_a_value_of_a_sites_own_closes_a_record_too():
    assert closed("case", {"status": "local:archived"}, ["local:archived"])
    assert not closed("case", {"status": "local:archived"})
    assert not closed("visit", {"status": "completed"})
