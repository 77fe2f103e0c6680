"""A site's own fields: typed by its overlay, lawful both ways, and refused where no rule says them."""

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mapping.examples import BOTH, CASE, PLAN, REFERRAL, but, only
from tests.mapping.test_laws import same_record, strewn
from tests.often import often
from tests.strategies import objects, records

from fhircase.errors import MappingFileError, RecordInvalid, ResourceRefused
from fhircase.exchange.equality import same
from fhircase.exchange.merge import merge
from fhircase.fhir import jsontext
from fhircase.mapping import from_fhir, to_fhir
from fhircase.mapping.compiled import compiled
from fhircase.model import RECORDS, Concept, Custom, Link, Period, Quantity, Referral
from fhircase.records import as_line, read_records

SITE = """
overlay: site@1
over: [referral@1]
extensions: {acuity: 'http://site.example/acuity', risk: 'http://site.example/risk', seen-by: 'http://site.example/by'}
tables: {acuity: {rows: [[low, '1'], [high, '2']]}}
add:
  custom.acuity: {code: 'req.extension[acuity].valueCode', table: acuity}
  custom.risk: {quantity: 'req.extension[risk].valueQuantity'}
  custom.seen_by: {list: 'req.extension[seen-by]', items: {link: .valueReference}}
  custom.wanted: {concept: req.performerType}
  custom.group: {group: {number: {field: req.requisition.value}, span: {period: req.requisition.period}}}
  offers.custom.room: {field: task.groupIdentifier.value}
  offers.custom.copies: {field: task.restriction.repetitions}
"""
FULL = Custom(
    acuity="high",
    risk=Quantity(value=Decimal("1.50"), unit="points"),
    seen_by=(Link(display="A. Nurse"), Link(reference="Practitioner/3")),
    wanted=Concept(text="a cook"),
    group={"number": "G-1", "span": Period(start="2026-01")},
)
HINT = "name the overlay that adds it; did you mean `acuity`?"
OFFER = Custom(room="4 b", copies=2)
LOADED = but(REFERRAL, custom=FULL, offers=(but(REFERRAL.offers[0], custom=OFFER), REFERRAL.offers[1]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    place = tmp_path_factory.mktemp("site") / "site.yaml"
    place.write_text(SITE, encoding="utf-8")
    return [str(place)]


@BOTH
def test_custom_fields_are_written_and_read_with_their_types(fhir: str, site: list[str]) -> None:
    written = to_fhir(LOADED, fhir, overlays=site)
    assert {"url": "http://site.example/acuity", "valueCode": "2"} in only(written, "ServiceRequest")["extension"]
    record = from_fhir(written, fhir, overlays=site).record
    assert record == LOADED
    assert record.custom.risk == Quantity(value=Decimal("1.50"), unit="points")
    assert record.custom.seen_by[0] == Link(display="A. Nurse")
    assert record.custom.group.span.start == "2026-01"
    assert record.offers[0].custom.copies == 2
    assert from_fhir(written, fhir).record == REFERRAL, "without the overlay they are left over"


# A value of each type of FHIR's, and one that it does not take.
BARE = {
    "Boolean": (False, "no"),
    "Integer": (1000, "1000"),
    "PositiveInt": (3, "3"),
    "UnsignedInt": (0, "0"),
    "Decimal": (Decimal("1.50"), "much"),
    "Date": ("2026-02", "2026-02-01T10:00:00Z"),
    "DateTime": ("2026-02-01T10:00:00+01:00", "10:00"),
    "Instant": ("2026-02-01T10:00:00Z", "yesterday"),
    "Code": ("on hold", "on  hold"),
    "Uri": ("urn:x", "a b"),
    "Url": ("http://site.example", "a b"),
    "Canonical": ("http://site.example|1", "a b"),
    "String": ("two  words", 1),
}


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """An overlay with a field of each type."""
    names = {of: of.lower() for of in BARE}
    overlay = {
        "overlay": "typed@1",
        "over": ["referral@1"],
        "extensions": {name: f"http://site.example/{name}" for name in names.values()},
        "add": {f"custom.{name}": {"field": f"req.extension[{name}].value{of}"} for of, name in names.items()},
    }
    place = tmp_path_factory.mktemp("typed") / "typed.yaml"
    place.write_bytes(jsontext.encode(overlay))
    return [str(place)]


@BOTH
@pytest.mark.parametrize("of", BARE)
def test_a_custom_field_takes_what_its_element_takes(fhir: str, of: str, typed: list[str]) -> None:
    (value, wrong), name = BARE[of], of.lower()
    record = but(REFERRAL, custom=Custom(**{name: value}))
    written = jsontext.decode(jsontext.encode(to_fhir(record, fhir, overlays=typed)))
    (own,) = only(written, "ServiceRequest")["extension"]
    assert own == {"url": f"http://site.example/{name}", f"value{of}": value}
    assert from_fhir(written, fhir, overlays=typed).record == record
    with pytest.raises(RecordInvalid, match=rf"@ custom\.{name}"):
        to_fhir(but(REFERRAL, custom=Custom(**{name: wrong})), fhir, overlays=typed)


@BOTH
def test_the_laws_hold_for_custom_fields(fhir: str, site: list[str]) -> None:
    mapping = compiled("referral", fhir, tuple(site))
    offer = mapping.sayable.inner["offers"].custom

    def customs(model: Any) -> Any:
        return objects(model).map(lambda made: Custom(**{k: v for k, v in dict(made).items() if v is not None}))

    @often(15)
    @given(records("referral"), records("referral"), st.data(), st.integers(0, 10_000))
    def hold(record: Any, other: Any, data: Any, seed: int) -> None:
        def filled(one: Any) -> Any:
            offers = tuple(but(each, custom=data.draw(customs(offer))) for each in one.offers)
            return but(one, custom=data.draw(customs(mapping.sayable.custom)), offers=offers)

        record, other = filled(record), filled(other)
        assert from_fhir(to_fhir(record, fhir, overlays=site), fhir, overlays=site).record == record
        there = strewn(to_fhir(same_record(record, other), fhir, overlays=site), seed)
        before = jsontext.encode(there)
        assert from_fhir(to_fhir(record, fhir, onto=there, overlays=site), fhir, overlays=site).record == record
        back = from_fhir(there, fhir, overlays=site).record
        assert jsontext.encode(to_fhir(back, fhir, onto=there, overlays=site)) == before
        without = to_fhir(but(back, custom=Custom()), fhir, onto=there, overlays=site)
        assert from_fhir(without, fhir, overlays=site).record == but(back, custom=Custom())
        report = from_fhir(there, fhir, overlays=site).report
        assert len({(e.resource, e.pointer) for e in report}) == len(report)

    hold()


@BOTH
def test_what_no_overlay_says_is_refused_and_not_lost(fhir: str, site: list[str]) -> None:
    with pytest.raises(RecordInvalid) as refusal:
        to_fhir(but(CASE, custom=Custom(acuity="high")), fhir, overlays=site)
    assert str(refusal.value) == (
        "no rule says this field @ custom.acuity (no overlay in force adds one here); name the overlay that adds it"
    )
    wrong = {"acuty": "high", "risk": {"value": Decimal(1), "unti": "x"}}
    with pytest.raises(RecordInvalid) as refusal:
        to_fhir(
            but(REFERRAL, custom=Custom(**wrong), offers=(but(REFERRAL.offers[0], custom=Custom(x=1)),)),
            fhir,
            overlays=site,
        )
    assert str(refusal.value).splitlines() == [
        "no rule says this field @ custom.acuty (known: acuity, group, risk, seen_by, wanted); " + HINT,
        "Extra inputs are not permitted @ custom.risk.unti (its rule in the overlay)",
        "no rule says this field @ offers[o1].custom.x (known: copies, room); name the overlay that adds it",
    ]
    with pytest.raises(RecordInvalid, match=r"should be 'low' or 'high' @ custom\.acuity"):
        to_fhir(but(REFERRAL, custom=Custom(acuity="medium")), fhir, overlays=site)


def test_an_unknown_code_of_a_custom_field_is_refused_on_reading(site: list[str]) -> None:
    written = to_fhir(but(REFERRAL, custom=Custom(acuity="high")), overlays=site)
    only(written, "ServiceRequest")["extension"][0]["valueCode"] = "3"
    with pytest.raises(ResourceRefused, match="unknown code `3`"):
        from_fhir(written, overlays=site)


def test_records_in_files_keep_their_custom_fields(site: list[str]) -> None:
    (line,) = read_records(BytesIO(as_line(LOADED)))
    assert line.record == LOADED
    assert to_fhir(line.record, overlays=site) == to_fhir(LOADED, overlays=site)  # type: ignore[arg-type]
    bad = as_line(LOADED).replace(b'"acuity"', b'"Acuity!"')
    (line,) = read_records(BytesIO(bad))
    assert "a name is small letters, digits and _, not `Acuity!`" in str(line.problems[0])


def test_custom_fields_merge_one_by_one() -> None:
    def plan(**custom: Any) -> Any:
        return but(PLAN, custom=Custom(**custom))

    base = plan(a="1", b={"text": "x"}, c="1")
    merged = merge(plan(a="2", b=Concept(text="x"), c="2"), base, plan(a="1", b={"text": "y"}, c="3", d="4"), base)
    assert merged.record == plan(a="2", b={"text": "y"}, c="3", d="4")
    assert (merged.conflicts, merged.from_ours) == (("custom.c",), ("custom.a",))
    assert merged.from_theirs == ("custom.b", "custom.d")
    gone = merge(plan(b={"text": "x"}, c="1"), base, base, base)
    assert gone.record == plan(b={"text": "x"}, c="1")
    assert not same(plan(a="1"), plan(a="2"))
    assert same(plan(a=Concept(text="1")), plan(a={"text": "1"}))


def test_a_custom_field_is_a_value_and_its_rule_is_checked_as_any_other(tmp_path: Path) -> None:
    for number, (rule, what) in enumerate(
        (
            ("{refers: 'req.extension[pertains-to-goal]', items: goals}", "a custom field is a value"),
            ("{field: req.priority}", "owned by two rules"),
            ("{field: req.doNotPerform, absent: false}", "a custom field has no `absent`"),
            ("{field: req.nowhere}", "has no element `nowhere`"),
        )
    ):
        place = tmp_path / f"wrong{number}.yaml"
        place.write_text(f"overlay: wrong@1\nover: [referral@1]\nadd: {{custom.x: {rule}}}\n", encoding="utf-8")
        with pytest.raises(MappingFileError, match=rf"^wrong{number}\.yaml:3: .*{what}"):
            compiled("referral", "R4", (str(place),))


def test_a_record_with_custom_fields_is_a_record_of_its_kind() -> None:
    assert type(LOADED) is Referral
    assert hash(LOADED) == hash(but(LOADED, custom=Custom(**LOADED.custom.said())))


@pytest.mark.parametrize("kind", RECORDS)
def test_every_kind_of_record_can_have_custom_fields(kind: str) -> None:
    assert RECORDS[kind].model_fields["custom"].annotation is Custom
