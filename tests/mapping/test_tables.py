"""Code tables: one place or several that say a status jointly, and what is remarked where they disagree."""

import pytest
from tests.mapping.examples import BOTH, CASE, REFERRAL, but, every, only, written

from fhircase.mapping import from_fhir, to_fhir
from fhircase.mapping.kinds.code import Table

JOINT = Table(
    [
        ["accepted", "accepted", "-"],
        ["waiting", "accepted", "waiting"],
        ["open", "active", "~x"],
        ["new", "draft", "x"],
    ],
    [["accepted", "ready", "-"]],
)


@pytest.mark.parametrize(
    ("codes", "value"),
    [
        (("accepted", None), "accepted"),
        (("accepted", "waiting"), "waiting"),
        (("accepted", "unheard-of"), "accepted"),
        (("ready", None), "accepted"),
        (("ready", "waiting"), "accepted"),
        (("active", "waiting"), "open"),
        (("unheard-of", None), None),
        (("unheard-of", "waiting"), None),
        ((None, "waiting"), "waiting"),
        ((None, "x"), "new"),
        ((None, "unheard-of"), None),
    ],
)
def test_codes_at_two_places_say_one_value(codes: tuple[str | None, ...], value: str | None) -> None:
    assert JOINT.value(codes) == value


def test_a_row_that_is_only_read_is_never_written() -> None:
    assert JOINT.rows["accepted"] == ("accepted", None)


def test_of_two_rows_for_one_value_the_first_is_written_and_both_are_read() -> None:
    table = Table([["a", "x"], ["a", "y"]])
    assert table.rows == {"a": ("x",)}
    assert (table.value(["x"]), table.value(["y"])) == ("a", "a")


@BOTH
def test_a_server_that_says_the_same_in_another_code_keeps_its_code(fhir: str) -> None:
    there = written(but(CASE, status="accepted"), fhir)
    only(there, "Task")["status"] = "ready"
    reading = from_fhir(there, fhir)
    assert reading.record.status == "accepted"
    assert to_fhir(but(reading.record, notes=()), fhir, onto=there)[0]["status"] == "ready"
    (entry,) = [entry for entry in reading.report if (entry.resource, entry.pointer) == (0, "/status")]
    assert entry.fate == "normalised"


@BOTH
def test_where_two_resources_disagree_the_authoritative_one_is_believed_and_it_is_remarked(fhir: str) -> None:
    there = written(CASE, fhir)
    only(there, "EpisodeOfCare")["status"] = "finished"
    reading = from_fhir(there, fhir)
    assert reading.record.status == "active"
    (remark,) = reading.remarks
    assert remark.path == "eoc.status"
    assert "`finished` disagrees with `active`" in remark.what
    assert remark.rule.endswith(" status")


@BOTH
def test_dates_that_disagree_are_remarked_too(fhir: str) -> None:
    there = written(CASE, fhir)
    only(there, "EpisodeOfCare")["period"]["start"] = "2020"
    reading = from_fhir(there, fhir)
    assert reading.record.opened == CASE.opened
    assert [remark.rule.rpartition(" ")[2] for remark in reading.remarks] == ["opened"]


@BOTH
def test_an_exact_status_that_was_left_behind_is_not_believed_and_is_remarked(fhir: str) -> None:
    there = written(but(CASE, status="assessing"), fhir)
    only(there, "Task")["status"] = "completed"
    only(there, "EpisodeOfCare")["status"] = "finished"
    reading = from_fhir(there, fhir)
    assert reading.record.status == "closed"
    assert [remark.path for remark in reading.remarks] == ["task.businessStatus.coding[system=$own].code"]


@BOTH
def test_a_disagreement_stays_on_the_server_until_the_value_changes(fhir: str) -> None:
    there = written(CASE, fhir)
    only(there, "EpisodeOfCare")["status"] = "finished"
    record = from_fhir(there, fhir).record
    assert to_fhir(but(record, notes=()), fhir, onto=there)[1] == there[1]
    held = to_fhir(but(record, status="on-hold"), fhir, onto=there)
    assert only(held, "EpisodeOfCare")["status"] == "onhold"
    assert not from_fhir(held, fhir).remarks


@BOTH
def test_what_only_the_second_place_tells_apart_is_written_there(fhir: str) -> None:
    for status, second in (("accepted", None), ("scheduled", "scheduled"), ("waitlisted", "waitlisted")):
        offer = but(REFERRAL.offers[0], status=status)
        task = every(to_fhir(but(REFERRAL, offers=(offer,)), fhir), "Task")[0]
        assert task["status"] == "accepted"
        assert task.get("businessStatus", {"coding": [{"code": None}]})["coding"][0]["code"] == second


@BOTH
def test_an_enum_without_a_value_is_written_as_the_table_says_and_read_as_none(fhir: str) -> None:
    there = written(but(REFERRAL, status="unspecified", offers=()), fhir)
    assert only(there, "ServiceRequest")["status"] == "unknown"
    assert from_fhir(there, fhir).record.status == "unspecified"
