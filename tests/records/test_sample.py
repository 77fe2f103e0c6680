"""The sample caseload: the same everywhere, coherent, and with everything in it that records can hold."""

import hashlib
import os
import subprocess
import sys
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import CarePlan, Case, Custom, Record, Referral
from fhircase.model.time import instant
from fhircase.records import as_line
from fhircase.records.sample import NAMESPACE, agencies, sample
from fhircase.records.sample.days import TODAY

ELSEWHERE = {
    ("Client", "link"),  # a client of whom only a link is known
    ("Goal", "key"),  # a goal that stands alone
    ("Goal", "client"),
    ("Need", "key"),  # a need that stands alone
    ("Need", "client"),
    ("Outcome", "key"),  # an outcome that stands alone
    ("Outcome", "client"),
    ("Consent", "key"),  # a consent that stands alone
    ("Consent", "client"),
    ("Key", "kind", "work-item"),
    ("Key", "kind", "team"),
    ("Key", "kind", "outcome"),
    ("Quantity", "comparator", "ad"),  # R5 only
}


@pytest.fixture(scope="module")
def caseload() -> list[Record]:
    return list(sample(500, seed=1))


def digest(records: Iterator[Record]) -> str:
    return hashlib.sha256(b"".join(as_line(record) for record in records)).hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from fhircase.records import as_line; from fhircase.records.sample import sample;"
        "print(hashlib.sha256(b''.join(as_line(r) for r in sample(30, 5))).hexdigest())"
    )
    for hash_seed in ("0", "123"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
        assert run.stdout.strip() == digest(sample(30, 5))


def test_another_seed_gives_another_caseload() -> None:
    assert digest(sample(5, 1)) != digest(sample(5, 2))


def test_a_smaller_caseload_is_the_start_of_a_larger_one() -> None:
    small, large = list(sample(10, 3)), list(sample(20, 3))
    assert large[: len(small)] == small


def test_every_field_and_every_value_occurs(caseload: list[Record]) -> None:
    seen: set[tuple[Any, ...]] = set()
    for record in caseload:
        _note(record, seen)
    missing = {want for model in _models() for want in _wanted(model)} - seen
    assert missing == ELSEWHERE


def _note(node: BaseModel, seen: set[tuple[Any, ...]]) -> None:
    for name, field in type(node).model_fields.items():
        value = getattr(node, name)
        if field.is_required() or value != field.default:
            seen.add((type(node).__name__, name))
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, BaseModel):
                _note(each, seen)
            elif isinstance(each, str):
                seen.add((type(node).__name__, name, each))


def _models() -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = set()

    def visit(hint: Any) -> None:
        if isinstance(hint, type) and issubclass(hint, BaseModel) and hint not in found:
            found.add(hint)
            for inner in typing.get_type_hints(hint, include_extras=True).values():
                visit(inner)
        for part in typing.get_args(hint):
            visit(part)

    for model in (Case, CarePlan, Referral):
        visit(model)
    return found


def _wanted(model: type[BaseModel]) -> Iterator[tuple[Any, ...]]:
    def literals(hint: Any) -> Iterator[Any]:
        for part in typing.get_args(hint):
            if typing.get_origin(hint) is typing.Literal:
                yield part
            else:
                yield from literals(part)

    for name, hint in typing.get_type_hints(model, include_extras=True).items():
        if hint is Custom:
            continue
        yield model.__name__, name
        for literal in literals(hint):
            yield model.__name__, name, literal


def test_keys_are_distinct_and_links_lead_to_records_of_the_caseload(caseload: list[Record]) -> None:
    keys = {(record.key.kind, record.key.value) for record in caseload if record.key}
    assert len(keys) == len(caseload)
    for record in caseload:
        if isinstance(record, Case):
            keys |= {("need", f"{record.key.value}:{need.id}") for need in record.needs}
            keys |= {("consent", f"{record.key.value}:{consent.id}") for consent in record.consents}
        if isinstance(record, CarePlan):
            keys |= {("goal", f"{record.key.value}:{goal.id}") for goal in record.goals}
    assert {(key.kind, key.value) for record in caseload for key in _links(record)} <= keys


def _links(node: Any) -> Iterator[Any]:
    if isinstance(node, tuple):
        for each in node:
            yield from _links(each)
    elif isinstance(node, BaseModel):
        if key := getattr(node, "record", None):
            assert key.namespace == NAMESPACE
            yield key
        for name in type(node).model_fields:
            yield from _links(getattr(node, name))


def test_a_referral_comes_after_the_plan_it_belongs_to(caseload: list[Record]) -> None:
    plans = {record.key.value: record for record in caseload if isinstance(record, CarePlan)}
    referrals = [record for record in caseload if isinstance(record, Referral)]
    assert referrals
    for referral in referrals:
        assert referral.plan is not None
        assert referral.plan.record is not None
        plan = plans[referral.plan.record.value]
        if referral.sent:
            assert instant(plan.created or "") < instant(referral.sent)
        activity = next((each for each in plan.activities if each.id == referral.activity), None)
        assert (activity is None) == (referral.activity is None)
        if activity:
            assert activity.referral is not None
            assert activity.referral.record == referral.key


def test_what_happens_to_an_offer_happens_in_order_and_not_in_the_future(caseload: list[Record]) -> None:
    for referral in caseload:
        for offer in referral.offers if isinstance(referral, Referral) else ():
            times = [instant(change.at) for change in offer.history]
            assert times == sorted(times)
            assert all(time.date() <= TODAY for time in times)
            if offer.history:
                assert offer.history[0].at == offer.sent or offer.status in ("draft", "unspecified")
                assert offer.history[-1].status == offer.status


def test_a_case_goes_through_its_statuses_in_order(caseload: list[Record]) -> None:
    for case in caseload:
        if isinstance(case, Case):
            times = [instant(span.period.start) for span in case.history if span.period and span.period.start]
            assert times == sorted(times)
            assert case.history[-1].status == case.status


def test_agencies_that_are_asked_are_known(caseload: list[Record]) -> None:
    asked = {
        offer.agency.identifier.value
        for referral in caseload
        if isinstance(referral, Referral)
        for offer in referral.offers
        if offer.agency and offer.agency.identifier
    }
    assert asked <= set(agencies())
    assert len(asked) >= 6


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_every_record_goes_to_fhir_and_comes_back(caseload: list[Record], version: str) -> None:
    for record in caseload[:300]:
        assert from_fhir(to_fhir(record, version), version, record_type=type(record)).record == record
