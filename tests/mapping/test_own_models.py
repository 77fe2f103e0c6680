"""Mappings bound to models of somebody else's: pydantic models, dataclasses, typed dicts, dicts by JSON Schema."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mapping.own import clinic
from tests.mapping.own.people import Plan, Sample, State, Wish
from tests.often import often

from fhircase.errors import InvalidInput, MappingFileError, RecordInvalid, ResourceRefused
from fhircase.fhir import jsontext
from fhircase.mapping import from_bundle, from_fhir, to_fhir
from fhircase.mapping.compiled import compiled
from fhircase.mapping.context import Fate

HERE = Path(__file__).parent / "own"
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1).filter(str.strip)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
wishes = st.lists(st.builds(Wish, wish_no=st.integers(1, 5), text=TEXT), max_size=4, unique_by=lambda w: w.wish_no)
plans = st.builds(
    Plan,
    planNo=st.just(7),
    person=TEXT,
    state=st.sampled_from(State),
    title=st.none() | TEXT,
    begun=st.none() | DAYS,
    wishes=wishes,
)
samples = st.builds(
    Sample,
    number=st.just("s-1"),
    person=TEXT,
    taken=DAYS,
    grams=st.floats(0, 1e6),
    exact=st.none() | st.decimals(0, 100, places=2),
    tags=st.lists(TEXT, max_size=3),
)
rows = st.fixed_dictionaries(
    {"number": st.just(3), "person": TEXT, "lines": st.lists(st.fixed_dictionaries({"text": TEXT}), max_size=3)},
    optional={
        "weight": st.decimals(0, 100, places=2),
        "urgent": st.booleans(),
        "kind": st.sampled_from("ab"),
    },
)
NO = st.just(7)
YEARS, MONTHS, DAY = st.integers(1, 9999), st.integers(1, 12), st.integers(1, 28)
EMPTY = st.just("")
births = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"birth_y": YEARS}),
    st.fixed_dictionaries({"birth_y": YEARS, "birth_m": MONTHS, "birth_d": DAY}),
)
seen = st.just({}) | st.builds(lambda y, m: {"seen_y": f"{y:04}", "seen_m": f"{m:02}"}, YEARS, MONTHS)
goals = st.lists(
    st.builds(
        clinic.Goal,
        goal_no=st.integers(1, 4),
        client_no=NO,
        text=TEXT,
        state=st.sampled_from("AD"),
        due=EMPTY | DAYS.map("{:%Y%m%d}".format),
    ),
    max_size=3,
    unique_by=lambda goal: goal.goal_no,
)


@st.composite
def clients(draw: st.DrawFn) -> clinic.Client:
    made = draw(goals)
    steps = st.builds(
        clinic.Step,
        step_no=st.sampled_from(["1", "2", "x/3"]),
        client_no=NO,
        what=TEXT,
        done=st.sampled_from([0, 1]),
        goal_no=st.sampled_from([None, *(goal.goal_no for goal in made)]),
    )
    words = st.sampled_from(["in Betreuung", "IN  betreuung ", "laufend", "weiß nicht", "fertig", "on hold"])
    dates = EMPTY | DAYS.map("{:%d.%m.%Y}".format)
    return clinic.Client(
        client_no=7,
        surname=draw(TEXT),
        first_names=draw(st.sampled_from(["", "Anna", "Anna Maria"])),
        sex=draw(st.sampled_from(["", "F", "M", "X", "?"])),
        interpreter=draw(st.sampled_from(["", "Y", "N"])),
        urgent=draw(st.sampled_from([-1, 0, 1])),
        phone_home=draw(EMPTY | TEXT),
        phone_mobile=draw(EMPTY | TEXT),
        status=draw(EMPTY | words),
        opened=draw(dates),
        closed=draw(dates),
        title=draw(st.none() | TEXT),
        cost=draw(EMPTY | st.decimals(0, 10_000_000, places=2).map(german)),
        hours=draw(EMPTY | st.integers(0, 10_000).map(str)),
        note1=draw(st.none() | TEXT),
        note2=draw(st.none() | TEXT),
        note3=draw(st.none() | TEXT),
        diagnoses=draw(EMPTY | st.lists(st.sampled_from(["asthma", "a, b", "x"]), min_size=1).map("; ".join)),
        worker=draw(EMPTY | TEXT),
        goals=made,
        steps=sorted(draw(st.lists(steps, max_size=3, unique_by=lambda s: s.step_no)), key=lambda step: step.step_no),
        **draw(births),
        **draw(seen),
    )


def german(number: Decimal) -> str:
    return f"{number:,}".translate(str.maketrans(",.", ".,"))


THEIRS = {"clinic": clients(), "plan": plans, "sample": samples, "row": rows}
law = often(25)


@pytest.mark.parametrize("fhir", ["R4", "R5"])
@pytest.mark.parametrize("name", THEIRS)
def test_the_laws_hold_for_theirs_as_for_ours(name: str, fhir: str) -> None:
    file = HERE / f"{name}.yaml"

    @law
    @given(THEIRS[name], THEIRS[name])
    def holds(record: Any, other: Any) -> None:
        made = to_fhir(record, fhir, mapping=file)
        assert from_fhir(made, fhir, mapping=file).record == record
        there = [{**r, "language": "de"} for r in to_fhir(other, fhir, mapping=file)]
        before = jsontext.encode(there)
        reading = from_fhir(there, fhir, mapping=file)
        assert jsontext.encode(to_fhir(reading.record, fhir, there, mapping=file)) == before
        assert [entry.pointer for entry in reading.leftovers if entry.pointer == "/language"]
        assert len({(entry.resource, entry.pointer) for entry in reading.report}) == len(reading.report)
        assert {entry.fate for entry in reading.report} <= {*get_args(Fate)}
        written = to_fhir(record, fhir, there, mapping=file)
        assert from_fhir(written, fhir, mapping=file).record == record
        assert all(resource["language"] == "de" for resource in written[: len(there)])

    holds()


def test_every_record_of_theirs_in_a_bundle_is_read() -> None:
    made = [
        resource
        for number in (1, 2)
        for resource in to_fhir(Plan(planNo=number, person="p", state=State.OPEN), mapping=HERE / "plan.yaml")
    ]
    found = from_bundle(made, mapping=HERE / "plan.yaml")
    assert [reading.record.plan_no for reading in found.readings] == [1, 2]


def test_their_number_is_an_identifier_of_their_system() -> None:
    (plan,) = to_fhir(Plan(planNo=7, person="p", state=State.OPEN), mapping=HERE / "plan.yaml")
    assert plan["identifier"] == [{"system": "https://hospital.example/plan-no", "value": "7"}]


def test_what_kind_of_number_theirs_is_can_be_said_of_it(tmp_path: Path) -> None:
    text = (HERE / "plan.yaml").read_text(encoding="utf-8")
    right = "{key: plan.identifier, system: 'https://hospital.example/plan-no'"
    assert right in text
    place = tmp_path / "plan.yaml"
    place.write_text(
        text.replace(right, f"{right}, type: kinds#ACSN") + "\nsystems: {kinds: 'https://hospital.example/kinds'}\n",
        encoding="utf-8",
    )
    record = Plan(planNo=7, person="p", state=State.OPEN)
    (plan,) = to_fhir(record, mapping=place)
    kind = {"coding": [{"system": "https://hospital.example/kinds", "code": "ACSN"}]}
    assert plan["identifier"] == [{"type": kind, "system": "https://hospital.example/plan-no", "value": "7"}]
    assert from_fhir([plan], mapping=place).record == record


def test_a_resource_without_their_number_is_refused_and_the_rule_named() -> None:
    plan = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": {"identifier": {"value": "p"}}}
    with pytest.raises(ResourceRefused, match=r"Field required .* @ plan.identifier \(plan.yaml:7 plan_no\)"):
        from_fhir(plan, mapping=HERE / "plan.yaml")


def test_what_is_no_record_of_the_model_is_told_without_the_value() -> None:
    with pytest.raises(RecordInvalid, match="no Plan"):
        to_fhir(Sample("1", "p", date(2026, 1, 1), 1), mapping=HERE / "plan.yaml")
    with pytest.raises(RecordInvalid) as caught:
        to_fhir({"number": "secret", "lines": []}, mapping=HERE / "row.yaml")
    told = str(caught.value)
    assert "does not keep to the schema's `type: integer` @ number" in told
    assert "'person' is a required property" in told
    assert "secret" not in told


MISTAKES: dict[str, tuple[str, str, str, str]] = {
    "a field without a rule": ("plan", "  title: {field: plan.title}\n", "", "field `title` of Plan has no rule"),
    "a field of an item": ("plan", "text: {field", "txt: {field", "Wish has no field `txt`; did you mean `text`?"),
    "a rule without a field": ("plan", "  title: {", "  titel: {", "Plan has no field `titel`; did you mean `title`?"),
    "a required field not carried": (
        "plan",
        "  person: {field: plan.subject.identifier.value}\n",
        "  client: {constant: plan.subject.display, value: x}\n",
        "field `person` of Plan is required and not carried: none can be read",
    ),
    "a value without a row": ("plan", "[open, active], ", "", "the table has no row for `open`"),
    "a row without a value": (
        "row",
        "[a, one]",
        "[a, one], [c, three]",
        "a row for `c`, which the model does not know",
    ),
    "another type": ("sample", "{field: obs.effectiveDateTime}", "{field: obs.valueBoolean}", "the field takes date"),
    "another type by schema": ("row", "{field: obs.valueQuantity.value}", "{field: obs.issued}", "takes Decimal"),
    "no key": ("plan", "{key: plan.identifier, system: 'https", "{field: plan.language, x: 'https", "has no word `x`"),
    "a system that is no URI": ("plan", "system: 'https://hospital.example/plan-no'", "system: plan-no", "is no URI"),
    "an unknown module": ("plan", "own.people:Plan", "own.peple:Plan", "cannot be imported"),
    "an unknown class": ("plan", "people:Plan", "people:Plam", "has no `Plam`; did you mean `Plan`?"),
    "what is no class": (
        "plan",
        "tests.mapping.own.people:Plan",
        "math:pi",
        "no pydantic model, dataclass or TypedDict",
    ),
    "no schema there": ("row", "row.schema.json", "rwo.schema.json", "`rwo.schema.json` cannot be read as JSON"),
    "bound twice": ("row", "schema: row", "record: case\nschema: row", "is bound by `record` or by `schema`"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_before_any_record_flows(name: str, tmp_path: Path) -> None:
    file, right, wrong, told = MISTAKES[name]
    text = (HERE / f"{file}.yaml").read_text(encoding="utf-8")
    assert right in text
    if name == "a required field not carried":
        text = text.replace("{internal: theirs alone}", "{internal: theirs alone, person: x}")
    place = tmp_path / f"{file}.yaml"
    place.write_text(text.replace(right, wrong), encoding="utf-8")
    (tmp_path / "row.schema.json").write_bytes((HERE / "row.schema.json").read_bytes())
    with pytest.raises(MappingFileError) as caught:
        compiled(str(place), "R4")
    assert told in str(caught.value)
    assert all(problem.source.startswith(f"{file}.yaml:") for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda row: row | {"number": None}, "number"),
        (lambda row: {name: value for name, value in row.items() if name != "number"}, "number"),
    ],
)
def test_a_record_without_its_number_is_refused(change: Callable[[Any], Any], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        to_fhir(change({"number": 3, "person": "p", "lines": []}), mapping=HERE / "row.yaml")


def test_decimals_keep_their_digits_and_floats_their_value() -> None:
    record = Sample("s", "p", date(2026, 1, 2), grams=0.1, exact=Decimal("72.50"))
    made = to_fhir(record, mapping=HERE / "sample.yaml")
    assert b'"value":72.50' in jsontext.encode(made)
    assert from_fhir(made, mapping=HERE / "sample.yaml").record == record


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a date of another form": ({"opened": "2026-12-31"}, "no date: it is written DD.MM.YYYY @ plan.period.start"),
    "a day that never was": ({"opened": "31.02.2026"}, "no date: it is written DD.MM.YYYY"),
    "a day without a month": ({"birth_y": 1960, "birth_d": 2}, "a day needs its month, and a month its year"),
    "a part that is not padded": ({"seen_y": "2020", "seen_m": "1"}, "its parts are written YYYY, MM and DD"),
    "a number in another form": ({"cost": "1234.50"}, "no number as it is written here"),
    "a number grouped wrongly": ({"cost": "12.34,50"}, "no number as it is written here"),
    "decimals of a whole number": ({"hours": "1,5"}, "no number as it is written here"),
    "neither yes nor no": ({"interpreter": "j"}, "neither the word for yes nor the one for no"),
    "a code without a row": ({"sex": "W"}, "the table has no row for its value @ patient.gender"),
    "an empty part": ({"diagnoses": "a; ; b"}, "a part between two `; ` is empty"),
    "a row of another client": ({"goals": [clinic.Goal(1, 8, "x", "A")]}, "it names another record"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_rule_can_say_is_refused_with_the_rule(name: str) -> None:
    fields, told = REFUSED[name]
    with pytest.raises(RecordInvalid) as caught:
        to_fhir(clinic.Client(7, "Hall", **fields), mapping=HERE / "clinic.yaml")
    assert told in str(caught.value)
    assert "clinic.yaml:" in str(caught.value)


def changed(record: clinic.Client, element: str, value: Any) -> clinic.Client:
    """What is read after somebody changed an element of the plan."""
    (plan, *rest) = to_fhir(record, mapping=HERE / "clinic.yaml")
    found: clinic.Client = from_fhir([{**plan, element: value}, *rest], mapping=HERE / "clinic.yaml").record
    return found


def test_words_are_kept_until_somebody_changes_the_code() -> None:
    record = clinic.Client(7, "Hall", status="laufend")
    assert changed(record, "status", "active").status == "laufend"
    assert changed(record, "status", "completed").status == "fertig"
    assert changed(clinic.Client(7, "Hall", status="keine Ahnung"), "title", "x").status == "keine Ahnung"


def test_of_words_and_their_code_the_words_are_what_is_carried() -> None:
    resources = to_fhir(clinic.Client(7, "Hall", status="laufend"), mapping=HERE / "clinic.yaml")
    report = from_fhir(resources, mapping=HERE / "clinic.yaml").report
    fates = {(entry.pointer, entry.value): entry.fate for entry in report}
    assert fates["/status", "active"] == "normalised"
    assert fates["/extension/0/valueString", "laufend"] == "carried"


def test_a_less_precise_date_is_left_where_it_is() -> None:
    (plan, *rest) = to_fhir(clinic.Client(7, "Hall", opened="31.12.2026"), mapping=HERE / "clinic.yaml")
    there = [{**plan, "period": {"start": "2026"}}, *rest]
    reading = from_fhir(there, mapping=HERE / "clinic.yaml")
    assert reading.record.opened == ""
    assert [remark.path for remark in reading.remarks] == ["plan.period.start"]
    assert to_fhir(reading.record, onto=there, mapping=HERE / "clinic.yaml") == there


def test_columns_come_back_with_their_gaps_and_what_is_more_stays() -> None:
    record = clinic.Client(7, "Hall", note2="b", note3="c")
    (plan, *rest) = to_fhir(record, mapping=HERE / "clinic.yaml")
    there = [{**plan, "note": [*plan["note"], {"text": "d", "id": "d"}, {"text": "theirs"}]}, *rest]
    reading = from_fhir(there, mapping=HERE / "clinic.yaml")
    assert (reading.record.note1, reading.record.note2, reading.record.note3) == (None, "b", "c")
    reading.record.title = "x"
    written = to_fhir(reading.record, onto=there, mapping=HERE / "clinic.yaml")
    assert written[0]["note"] == there[0]["note"]


def test_a_column_that_is_emptied_goes_and_the_others_keep_their_elements() -> None:
    record = clinic.Client(7, "Hall", note1="a", note2="b", note3="c")
    (plan, *rest) = to_fhir(record, mapping=HERE / "clinic.yaml")
    there = [{**plan, "note": [{**each, "time": "2026-01-01"} for each in plan["note"]]}, *rest]
    reading = from_fhir(there, mapping=HERE / "clinic.yaml")
    reading.record.note2 = None
    (written, *_) = to_fhir(reading.record, onto=there, mapping=HERE / "clinic.yaml")
    assert [(each["text"], each["time"]) for each in written["note"]] == [("a", "2026-01-01"), ("c", "2026-01-01")]
    again = from_fhir([written, *rest], mapping=HERE / "clinic.yaml").record
    assert (again.note1, again.note2, again.note3) == ("a", None, "c")


WRONG_RULES = {
    "format: YYYYMMDD": ("format: YYMMDD", "a format has YYYY, MM and DD"),
    "parts: [birth_y, birth_m, birth_d]": ("parts: [birth_y, birth_m, sex]", "field `sex` is carried by two rules"),
    "yes: Y, no: N": ("yes: Y, no: Y", "yes and no are the same word"),
    "yes: 1, no: 0": ("yes: J, no: N", "the rule reads str, and the field takes int"),
    "mark: ',', group: '.'": ("mark: ',', group: ','", "`mark` is `.` or `,`, and `group` another character"),
    "unknown: unknown": ("unknown: draft", "no row of the table has the code `draft`"),
    "[laufend, active]": (
        "[laufend, aktive]",
        "`aktive` is no code of http://hl7.org/fhir/ValueSet/request-status, which `plan.status` takes",
    ),
    "plan.title}": ("plan.title, empty: ''}", "means nothing, and so does None"),
    "table: sex, empty: ''": ("table: sex, empty: 0", "`empty: 0` is no value that the field takes"),
    "{parent: key}": ("{parent: id}", "write `{parent: key}`"),
}


@pytest.mark.parametrize("right", WRONG_RULES)
def test_a_rule_that_cannot_hold_is_found_before_any_record_flows(right: str, tmp_path: Path) -> None:
    wrong, told = WRONG_RULES[right]
    text = (HERE / "clinic.yaml").read_text(encoding="utf-8")
    assert right in text
    place = tmp_path / "clinic.yaml"
    place.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(MappingFileError) as caught:
        compiled(str(place), "R4")
    assert told in str(caught.value)
