"""Records in files: each line a record, or everything that is wrong with it."""

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhircase.fhir import jsontext
from fhircase.records import Line, as_data, as_line, places, read_records, read_resources, write_records
from fhircase.records.sample import sample

CASE: dict[str, Any] = {
    "record": "case",
    "schema": 1,
    "key": {"kind": "case", "namespace": "https://hospital.example", "value": "C-1"},
    "client": {},
}
GOLDEN = Path(__file__).parent / "golden"


def case(**fields: Any) -> bytes:
    return jsontext.encode({**CASE, **fields})


def lines(text: bytes, **settings: Any) -> list[Line]:
    return list(read_records(BytesIO(text), "cases.ndjson", **settings))


def said(text: bytes, **settings: Any) -> str:
    return "".join(f"{problem}\n" for line in lines(text, **settings) for problem in line.problems)


@pytest.mark.parametrize("form", [b"%s", b"[%s, {}]", b"{}\n%s", b"%s\n%s"])
def test_a_name_that_stands_twice_in_an_object_is_told_for_a_part_of_it_would_be_lost(form: bytes) -> None:
    doubled = b'{"resourceType" : "Task",\n"note": ":x\\":", "code": {"text": "a", "text": "b"}}'
    text = form.replace(b"%s", doubled if form == b"%s" else doubled.replace(b"\n", b" "))
    told = [str(p) for f in read_resources(BytesIO(text), "a.json") for p in f.problems if "twice" in p.what]
    assert told[0].endswith("not JSON: `text` stands twice in one object; keep one of the two")
    assert len(told) == form.count(b"%s")


def test_text_that_looks_like_a_name_is_none() -> None:
    text = rb'{"resourceType":"Task","description":":\":\" :x","note":[{"text"  :  "\\\":"}]}'
    (found,) = read_resources(BytesIO(text), "a.json")
    assert not found.problems


def test_a_number_that_is_too_large_for_any_computer_is_told() -> None:
    (found,) = read_resources(BytesIO(b'{"resourceType": "Task", "x": 1e99999999999999999999}'), "a.json")
    assert "a number is larger than any computer can hold" in str(found.problems[0])


def test_what_is_written_is_read_again() -> None:
    records = list(sample(40, seed=7))
    stream = BytesIO()
    assert write_records(records, stream) == len(records)
    found = lines(stream.getvalue())
    assert [line.record for line in found] == records
    assert b"\n".join(line.text for line in found) + b"\n" == stream.getvalue()


def test_decimals_keep_their_digits() -> None:
    spec = {"id": "g", "description": {"text": "d"}, "targets": [{"measure": {"text": "m"}, "aim": {"value": None}}]}
    text = jsontext.encode(
        {
            "record": "care-plan",
            "schema": 1,
            "key": {"kind": "care-plan", "namespace": "https://hospital.example", "value": "P-1"},
            "goals": [spec],
        }
    ).replace(b"null", b"72.50")
    (line,) = lines(text)
    assert line.record is not None
    assert line.record.goals[0].targets[0].aim.value.as_tuple() == Decimal("72.50").as_tuple()
    assert as_line(line.record) == text + b"\n"


def test_a_record_is_written_compactly_and_in_order() -> None:
    (line,) = lines(case(priority="urgent"))
    assert line.record is not None
    assert list(as_data(line.record)) == ["record", "schema", "key", "client", "priority"]


def test_byte_order_marks_windows_line_ends_and_blank_lines_mean_nothing() -> None:
    found = lines(b"\xef\xbb\xbf\r\n" + case() + b"\r\n\r\n" + case() + b"\r\n\n")
    assert [line.source for line in found] == ["cases.ndjson:2", "cases.ndjson:4"]
    assert all(line.record for line in found)
    assert found[0].text == case()


def test_a_list_and_a_single_record_are_read_too() -> None:
    listed = b"[\n  " + case() + b",\n\n  " + case(priority="no") + b"\n]\n"
    assert [(line.source, line.record is None) for line in lines(listed)] == [
        ("cases.ndjson:2", False),
        ("cases.ndjson:4", True),
    ]
    (line,) = lines(jsontext.pretty(CASE).encode())
    assert line.record is not None


def test_a_bad_line_does_not_stop_the_others() -> None:
    found = lines(b"\n".join([case(), b"nonsense", case(status="gone"), b"3", case()]))
    assert [line.record is not None for line in found] == [True, False, False, False, True]


def test_records_are_read_as_the_stream_comes() -> None:
    class Stream(BytesIO):
        taken = 0

        def __next__(self) -> bytes:
            Stream.taken += 1
            return super().__next__()

    reading = read_records(Stream(b"\n".join([case()] * 100)))
    next(reading)
    assert Stream.taken <= 3


def test_the_setting_gives_a_zone_to_times_without_offset_and_to_nothing_else() -> None:
    text = case(
        opened="2026-07-01T10:00:00",
        history=[{"status": "draft", "period": {"start": "2026-01-01T00:00:00.500"}}],
        notes=[{"text": "2026-01-01T00:00:00", "at": "2026-01-01T00:00:00Z"}],
    )
    (line,) = lines(text, timezone=ZoneInfo("Europe/Amsterdam"))
    assert line.record is not None
    assert line.record.opened == "2026-07-01T10:00:00+02:00"
    assert line.record.history[0].period.start == "2026-01-01T00:00:00.500+01:00"
    assert line.record.notes[0].text == "2026-01-01T00:00:00"
    assert "needs an offset" in said(text)


@pytest.mark.parametrize("moment", ["2026-03-29T02:30:00", "2026-10-25T02:30:00"])
def test_a_local_time_that_comes_twice_or_never_is_not_guessed(moment: str) -> None:
    text = said(case(opened=moment), timezone=ZoneInfo("Europe/Amsterdam"))
    assert text.startswith("cases.ndjson:1: at this local time clocks are changed")


BAD = {
    "a-resource": b'{"resourceType": "Patient"}',
    "cut-short": case() + b"\n" + case()[:40],
    "cut-short-document": jsontext.pretty(CASE).encode()[:40],
    "kind-and-schema": b'{"record": "cse", "schema": 2}\n{}\n{"record": "case", "schema": "1"}',
    "key-of-another-kind": case(key={**CASE["key"], "kind": "referral"}),
    "many-fields": case(
        client={"names": [{"fmily": "Doe"}], "birth_date": "1.2.1999"},
        status="on hold",
        priority=3,
        opened="2026-01-01T10:00:00",
        needs=[{"id": "bad id"}, {"kind": "social"}],
        notes=[{"text": " "}, {"text": "a", "author": 3}, {"text": "b", "author": {"foo": 1}}, "c"],
    ),
    "doubled-ids": case(needs=[{"id": "n1"}, {"id": "n1"}]),
    "forms": jsontext.encode(
        {
            "record": "care-plan",
            "schema": 1,
            "key": {"kind": "care-plan", "namespace": "https://hospital.example", "value": "P-1"},
            "goals": [
                {
                    "id": "g",
                    "targets": [{"measure": {"text": "m"}, "aim": aim} for aim in ({"value": "1"}, {"x": 1}, [])],
                }
            ],
            "activities": [{"id": "a", "when": {"frequency": "2"}}, {"id": "b", "when": {"start": "2026-13"}}],
        }
    ),
    "not-json": b'{"record" "case"}\n{"a": 1} x\nnope',
    "not-json-document": b'{\n  "record": "case",\n  "schema" 1\n}',
    "not-utf-8": b'{"record": "\xff"}',
    "nested": b"[" * 5000,
    "utf-16": '{"record": "case"}'.encode("utf-16"),
}


@pytest.mark.parametrize("name", BAD)
def test_problems_are_told_in_plain_words(name: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    text = said(BAD[name])
    if not golden.exists():
        golden.write_text(text, encoding="utf-8")
        pytest.fail(f"{golden.name} was not there; read what was written and keep it")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BAD)
def test_problems_never_repeat_a_value(name: str) -> None:
    text = said(BAD[name])
    assert text
    assert not any(value in text for value in ("Doe", "1.2.1999", "on hold", "bad id", "nope", "2026-13"))


def test_resources_come_with_their_lines() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Patient", "id": str(n)}} for n in (1, 2)],
    }
    text = b"\n" + jsontext.pretty(bundle).encode()
    (found,) = read_resources(BytesIO(text), "bundle.json")
    numbered = text.decode().splitlines()
    for resource, source in places(found):
        line = int(source.removeprefix("bundle.json:"))
        assert "{" in numbered[line - 1]
        assert f'"id": "{resource["id"]}"' in "".join(numbered[line : line + 4])


def test_what_is_no_resource_is_told() -> None:
    text = b'{"resourceType": "Task"}\n{"record": "case"}\n[1]\n{"resourceType": 3}'
    found = list(read_resources(BytesIO(text), "x.ndjson"))
    assert [bool(each.resource) for each in found] == [True, False, False, False]
    assert [str(problem) for each in found for problem in each.problems] == [
        "x.ndjson:2: a record, not a FHIR resource; `fhircase map` makes resources of records",
        'x.ndjson:3: not a FHIR resource; a resource is an object with "resourceType"',
        'x.ndjson:4: not a FHIR resource; a resource is an object with "resourceType"',
    ]
