"""The translators by hand do the same work as the mapping: else nothing could be learnt from racing them."""

import re
from typing import Any

from benchmarks.by_hand import plain, typed

from fhircase.fhir import jsontext
from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import Referral
from fhircase.records.sample import sample

REFERRALS = [record for record in sample(120, 5) if isinstance(record, Referral)]


def test_on_dicts_the_same_is_written_and_read() -> None:
    assert len(REFERRALS) > 100
    for record in REFERRALS:
        resources = to_fhir(record)
        assert plain.write(record) == resources
        assert plain.read(resources) == record == from_fhir(resources).record


def test_on_models_the_same_is_written_and_read_but_for_digits_of_seconds() -> None:
    # `fhir.resources` makes a moment of each date-time, and 00.671 seconds come back as 00.671000.
    for record in REFERRALS[:60]:
        resources = to_fhir(record)
        assert _digits(typed.write(record)) == _digits(resources)
        read = typed.read(resources).model_dump(mode="json")
        assert _digits(read) == _digits(record.model_dump(mode="json"))


def _digits(value: Any) -> Any:
    text = jsontext.encode(value).decode()
    return jsontext.decode(re.sub(r"(\.\d{3})000(?=[+-])", r"\1", text))
