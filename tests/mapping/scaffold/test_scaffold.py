"""Starting mappings: what is guessed for models of theirs, how it is marked, and that it holds."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.mapping.scaffold import theirs

from fhircase.errors import MappingFileError
from fhircase.fhir.elements import elements
from fhircase.mapping import from_fhir, to_fhir
from fhircase.mapping.scaffold import Scaffold, scaffold

HERE = Path(__file__).parent
OWN = HERE.parent / "own"
CLIENT = "tests.mapping.own.clinic:Client"


@cache
def made(name: str, *kinds: str, **options: Any) -> Scaffold:
    model = name if ":" in name else f"tests.mapping.scaffold.theirs:{name}"
    return scaffold(model, None, kinds, **options)


def read(text: str) -> Any:
    return YAML(typ="safe").load(text)


def flat(rules: Mapping[str, Any], way: str = "") -> Iterator[tuple[str, tuple[str, Any]]]:
    """Kind and place of each rule, by its way."""
    for name, rule in rules.items():
        kind = next(iter(rule))
        yield f"{way}{name}", (kind, rule[kind])
        for word in ("each", "group"):
            if isinstance(rule.get(word), Mapping):
                yield from flat(rule[word], f"{way}{name}.")


def guesses(found: Scaffold) -> dict[str, Any]:
    return dict(flat(read(found.text)["rules"]))


def by_hand() -> dict[str, Any]:
    return dict(flat(read((OWN / "clinic.yaml").read_text(encoding="utf-8"))["rules"]))


# What no name and no type tells.
ELSEWHERE = {"diagnoses", "urgent", "cost", "hours", "seen"}
ANOTHER_FORM = {"status", "opened", "closed", "goals.due"}
CALLED_OTHERWISE = {"whose": "subject", "goals.whose": "goals.subject"}


def test_of_an_ugly_model_nearly_all_is_guessed_as_a_person_mapped_it() -> None:
    hand, found = by_hand(), guesses(made(CLIENT, "CarePlan"))
    same = {name for name, rule in hand.items() if found.get(CALLED_OTHERWISE.get(name, name)) == rule}
    assert hand.keys() - same == ELSEWHERE | ANOTHER_FORM
    assert len(same) == 26
    for name in ANOTHER_FORM:
        assert found[name][1] == hand[name][1], "the place is right, and how it is written is asked"


def test_what_looks_like_no_element_is_left_out_until_it_is_decided() -> None:
    found = read(made(CLIENT, "CarePlan").text)
    assert found["lacks"] == dict.fromkeys(["seen_y", "seen_m", "urgent", "cost", "hours"], "to be decided")
    assert "extensions" not in found


def test_what_looks_like_no_element_can_be_kept_in_extensions() -> None:
    found = made(CLIENT, "CarePlan", extensions=True, namespace="https://clinic.example")
    assert found.problems == ()
    assert found.lacking == 0
    assert guesses(found)["seen"] == by_hand()["seen"]
    assert read(found.text)["extensions"]["cost"] == "https://clinic.example/cost"
    assert "https://example.org" not in found.text


EXPECTED: dict[tuple[str, str], dict[str, Any]] = {
    ("CarePlan", "CarePlan"): {
        "planId": ("key", "plan.identifier"),
        "patient.id": ("digits", "patient.identifier[system=$id].value"),
        "patient.name.first": ("field", "patient.name.given"),
        "patient.name.last": ("field", "patient.name.family"),
        "patient.dob": ("field", "patient.birthDate"),
        "patient.sex": ("code", "patient.gender"),
        "patient.addresses": ("list", "patient.address"),
        "patient.addresses.street": ("field", ".line"),
        "patient.addresses.zip": ("field", ".postalCode"),
        "patient.phone": ("field", "patient.telecom[system=phone,use!=mobile].value"),
        "state": ("code", "plan.status"),
        "startDate": ("field", "plan.period.start"),
        "caseManager": ("field", "plan.author.display"),
        "caseManagerId": ("digits", "plan.author.identifier.value"),
        "remarks": ("list", "plan.note"),
        "remarks.author": ("field", ".authorString"),
        "remarks.at": ("field", ".time"),
        "problems": ("list", "plan.addresses"),
        "score": ("field", "plan.extension[score].valueInteger"),
        "intent": ("constant", "plan.intent"),
    },
    ("Person", "Patient"): {
        "id": ("key", "patient.identifier"),
        "email": ("field", "patient.telecom[system=email].value"),
        "active": ("field", "patient.active"),
        "addresses.town": ("field", ".city"),
    },
    ("Task", "Task"): {
        "task_id": ("key", "task.identifier"),
        "summary": ("field", "task.description"),
        "patient_id": ("digits", "task.for.identifier.value"),
        "assigned_to": ("field", "task.owner.display"),
        "due_date": ("field", "task.restriction.period.end"),
        "done": ("code", "task.status"),
        "created_at": ("field", "task.authoredOn"),
        "priority": ("code", "task.priority"),
        "comments": ("field", "task.note.text"),
        "requester": ("digits", "task.requester.identifier.value"),
        "intent": ("constant", "task.intent"),
    },
    ("Referral", "ServiceRequest"): {
        "referralNumber": ("key", "request.identifier"),
        "clientName": ("field", "request.subject.display"),
        "service": ("field", "request.code.text"),
        "urgency": ("code", "request.priority"),
        "referredBy": ("field", "request.requester.display"),
        "referredTo": ("field", "request.performer.display"),
        "reason": ("field", "request.reasonCode.text"),
        "date": ("field", "request.authoredOn"),
        "Status": ("code", "request.status"),
        "notes": ("field", "request.note.text"),
        "intent": ("constant", "request.intent"),
    },
    ("Goal", "Goal"): {
        "id": ("key", "goal.identifier"),
        "description": ("field", "goal.description.text"),
        "target_date": ("field", "goal.target.dueDate"),
        "status": ("code", "goal.lifecycleStatus"),
        "patient": ("field", "goal.subject.identifier.value"),
        "progress": ("field", "goal.achievementStatus.text"),
    },
    ("Contact", "Patient"): {
        "mrn": ("key", "patient.identifier"),
        "surname": ("field", "patient.name.family"),
        "phones": ("list", "patient.telecom[system=phone]"),
        "phones.number": ("field", ".value"),
        "phones.kind": ("code", ".use"),
    },
}


@pytest.mark.parametrize(("name", "kind"), EXPECTED, ids=lambda each: each)
def test_fields_find_the_elements_that_they_look_like(name: str, kind: str) -> None:
    found = guesses(made(name, kind))
    expected = EXPECTED[name, kind]
    assert {way: found.get(way) for way in expected} == expected


def test_an_object_is_an_element_by_its_name_and_its_parts_are_not_those_of_the_record() -> None:
    found = guesses(made("Stay", "CarePlan"))
    assert found["period.start"] == ("field", "plan.period.start")
    assert found["author.name"] == ("field", "plan.author.display")
    assert found["author.id"] == ("digits", "plan.author.identifier.value")
    assert set(read(made("Stay", "CarePlan").text)["lacks"]) == {"dates", "ward"}


def test_a_schema_is_guessed_as_a_class_is_and_named_from_where_the_file_will_be(tmp_path: Path) -> None:
    found = scaffold("", OWN / "row.schema.json", ["Observation"], beside=OWN / "sub")
    assert read(found.text)["schema"] == "../row.schema.json"
    assert guesses(found)["number"] == ("key", "observation.identifier")
    assert guesses(found)["person"] == ("field", "observation.subject.identifier.value")
    assert read(found.text)["lacks"] == dict.fromkeys(["weight", "urgent"], "to be decided")


def test_what_fhir_calls_otherwise_in_r5_is_said_so() -> None:
    rules = read(made("Referral", "ServiceRequest").text)["rules"]
    assert rules["reason"] == {"field": "request.reasonCode.text", "R5": "request.reason.concept.text"}
    rules = read(made("CarePlan", "CarePlan").text)["rules"]
    assert rules["caseManager"]["R5"] == "plan.custodian.display"
    assert rules["problems"] == {
        "list": "plan.addresses",
        "items": {"field": ".display"},
        "R5": {"items": {"field": ".concept.text"}},
    }


def test_an_enum_is_guessed_by_its_values_and_by_its_members_names() -> None:
    tables = read(made("CarePlan", "CarePlan").text)["tables"]
    assert tables["state"]["rows"] == [["o", "active"], ["s", "completed"], ["w", "on-hold"]]
    assert list(tables["state"]["refuses"]) == ["draft", "entered-in-error", "revoked", "unknown"]
    assert tables["sex"]["rows"] == [["m", "male"], ["f", "female"], ["x", "other"]]


def test_a_flag_is_guessed_by_its_name_and_what_it_is_not_is_unsure() -> None:
    text = made("Task", "Task").text
    assert "- [true, completed] # likely\n      - [false, ready] # unsure" in text
    assert "Look first at what is unsure: done." in text


def test_a_value_without_a_code_is_asked_by_the_file_and_by_the_check() -> None:
    found = made("Goal", "Goal")
    assert "which codes say `dropped`?" in found.text
    assert [problem.what for problem in found.problems] == ["the table has no row for `dropped`"]


def test_each_rule_says_why_and_how_sure_it_is() -> None:
    lines = made(CLIENT, "CarePlan").text.splitlines()
    rules = lines[lines.index("rules:") + 1 : lines.index("tables:") - 1]
    marks = ("sure: ", "likely: ", "unsure: ", "needed: ")
    above = ""
    for line in rules:
        said = line.strip()
        if not said.startswith("#"):
            if said.partition(":")[0] not in ("list", "reverse", "to", "resource", "each", "removed"):
                assert above.startswith(marks), line
            above = ""
        elif said[2:].startswith(marks):
            above = said[2:]


def test_what_is_to_be_decided_stands_first_and_where_it_is_decided() -> None:
    found = made(CLIENT, "CarePlan")
    head, _, body = found.text.partition("\nmapping:")
    assert f"{found.asks:>3}. " in head
    assert f"{found.asks + 1:>3}. " not in head
    # The first is of the whole file.
    assert all(f"decide {number}:" in body for number in range(2, found.asks + 1))


def test_it_is_the_same_each_time() -> None:
    made.cache_clear()
    first = made("CarePlan", "CarePlan")
    made.cache_clear()
    assert made("CarePlan", "CarePlan") == first


def test_the_file_is_as_people_have_read_it() -> None:
    place = HERE / "golden" / "clinic.yaml"
    text = made(CLIENT, "CarePlan").text
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
        pytest.fail(f"{place.name} was not there; read what was written and keep it")
    assert text == place.read_text(encoding="utf-8")


def test_what_cannot_be_carried_is_asked_and_nothing_else_is_wrong() -> None:
    found = made("Awkward", "CarePlan")
    told = {problem.what for problem in found.problems}
    assert told == {
        "the record has no key",
        *(
            f"field `{name}` of Awkward is required and not carried: none can be read"
            for name in ("several", "anything", "loop")
        ),
    }
    assert "which field is the record's number?" in found.text
    assert set(read(found.text)["lacks"]) == {"several", "anything", "loop", "name_or_object", "parts.kind"}
    assert guesses(found)["parts"] == ("list", "plan.extension[parts]")


@pytest.mark.parametrize("extensions", [False, True])
def test_objects_of_which_a_required_part_cannot_be_carried_are_left_out_as_a_whole(extensions: bool) -> None:
    found = made("Loose", "Patient", extensions=extensions)
    assert set(guesses(found)) == {"id", "surname"}, "half an object could not be read again"
    assert set(read(found.text)["lacks"]) == {"addresses", "goals", "name", "bits"}
    assert found.problems == ()


@pytest.mark.parametrize("kind", [kind for kind in elements("R4").resources() if kind != "Provenance"])
@pytest.mark.parametrize("name", ["CarePlan", "Task"])
def test_for_every_type_of_resource_the_check_asks_for_rows_at_most(name: str, kind: str) -> None:
    told = [problem.what for problem in made(name, kind).problems]
    assert [what for what in told if not what.startswith("the table has no row for `")] == []


RECORDS: dict[str, Any] = {
    "CarePlan": lambda: theirs.CarePlan(
        planId="P/1",
        patient=theirs.Person(
            id=17,
            name=theirs.Name(first="Anna", last="Hall"),
            dob=date(1961, 4, 1),
            sex="f",
            addresses=[theirs.Address(town="Ely", zip="0815")],
            phone="1",
            mobilePhone="2",
        ),
        state=theirs.State.WAITING,
        startDate=date(2026, 1, 2),
        caseManager="B. Case",
        caseManagerId=3,
        remarks=[theirs.Remark(text="a"), theirs.Remark(text="b", author="c")],
        problems=["asthma", "falls"],
        score=12,
    ),
    "Task": lambda: theirs.Task(
        1, "walk", 17, "B. Case", due_date=None, done=True, created_at=date(2026, 1, 1), priority="high"
    ),
}


def decided(text: str) -> str:
    """The file after somebody gave each value that no code says one of the codes that no value says."""
    document = read(text)
    for table in document.get("tables", {}).values():
        for rows in [table, *([table["R5"]] if "R5" in table else [])]:
            said = {row[0] for row in rows["rows"] if isinstance(row, list)}
            if said & {"o", "s", "w"}:
                rows["rows"] += [[value, rows["refuses"].popitem()[0]] for value in "osw" if value not in said]
                rows.get("refuses", True) or rows.pop("refuses")
    stream = StringIO()
    YAML().dump(document, stream)
    return stream.getvalue()


@pytest.mark.parametrize("fhir", ["R4", "R5"])
@pytest.mark.parametrize("kind", [kind for kind in elements("R4").resources() if kind != "Provenance"])
@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_carried_both_ways_by_the_file_as_it_is(name: str, kind: str, fhir: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}-{kind}.yaml"
    file.write_text(decided(made(name, kind, extensions=True).text), encoding="utf-8")
    record = RECORDS[name]()
    resources = to_fhir(record, fhir, mapping=file)
    assert resources[0]["resourceType"] == kind
    reading = from_fhir(resources, fhir, mapping=file)
    assert reading.record == record
    assert to_fhir(reading.record, fhir, resources, mapping=file) == resources


def test_another_resource_joins_where_one_refers_to_it() -> None:
    found = read(made("Referral", "ServiceRequest", "Patient").text)
    assert found["resources"]["patient"] == {"type": "Patient", "via": "request.subject", "make": "always"}
    assert found["rules"]["subject"] == {"refer": "request.subject", "to": "patient"}
    assert found["rules"]["clientName"] == {"field": "patient.name.text"}


def schema(folder: Path, **fields: Any) -> Path:
    """A JSON Schema of theirs in a file, all of its fields required."""
    file = folder / "theirs.schema.json"
    document = {"title": "Theirs", "type": "object", "properties": fields, "required": list(fields)}
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


TEXT = {"type": "string"}


def test_which_words_there_are_is_asked_of_a_text_and_known_of_an_enum(tmp_path: Path) -> None:
    for of, asked in ((TEXT, True), ({"enum": ["routine", "urgent"]}, False)):
        found = scaffold(schema=schema(tmp_path, number=TEXT, urgency=of), resources=["ServiceRequest"])
        assert guesses(found)["urgency"] == ("code", "request.priority")
        assert ("which words does your system have?" in found.text) == asked


@pytest.mark.parametrize(
    ("name", "of", "place"),
    [
        ("surname", TEXT, "patient.name.family"),
        ("first_name", TEXT, "patient.name.given"),
        ("dob", {"type": "string", "format": "date"}, "patient.birthDate"),
        ("sex", {"enum": ["male", "female"]}, "patient.gender"),
    ],
)
def test_a_plan_with_something_that_only_a_person_has_is_also_a_patient(
    name: str, of: Any, place: str, tmp_path: Path
) -> None:
    found = scaffold(schema=schema(tmp_path, plan_id=TEXT, **{name: of}), resources=["CarePlan"])
    assert f"`{name}` is something that a person has" in found.text
    assert read(found.text)["resources"]["patient"]["via"] == "plan.subject"
    assert guesses(found)[name][1] == place


def test_fields_whose_names_are_one_in_a_uri_get_extensions_of_their_own(tmp_path: Path) -> None:
    file = schema(tmp_path, plan_id=TEXT, zorkMark=TEXT, zork_mark=TEXT, ZorkMark={"type": "integer"})
    found = scaffold(schema=file, resources=["CarePlan"], namespace="https://clinic.example")
    assert found.problems == ()
    assert {name: place for name, (_, place) in guesses(found).items() if "zork" in name.lower()} == {
        "zorkMark": "plan.extension[zork-mark].valueString",
        "zork_mark": "plan.extension[zork-mark-2].valueString",
        "ZorkMark": "plan.extension[zork-mark-3].valueInteger",
    }
    assert read(found.text)["extensions"] == {
        name: f"https://clinic.example/{name}" for name in ("zork-mark", "zork-mark-2", "zork-mark-3")
    }


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no such class": (("Nothing", "CarePlan"), "has no `Nothing`"),
    "a class misspelt": (("Gaol", "CarePlan"), "did you mean `Goal`?"),
    "no class": (("math:pi", "CarePlan"), "is no pydantic model, dataclass or TypedDict"),
    "no module": (
        ("no.such:Class", "CarePlan"),
        "cannot be imported: No module named 'no'; run this where Python finds",
    ),
    "no such type": (("Goal", "CarePln"), "did you mean `CarePlan`?"),
    "a type far from any": (("Goal", "Zzz"), "known: CarePlan, CareTeam,"),
    "a type without identifiers": (("Goal", "Provenance"), "a Provenance has no identifier"),
    "types that do not belong together": (("Goal", "Patient", "Goal"), "nothing in Patient refers to one Goal"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_started_is_told_with_what_to_do(name: str) -> None:
    (model, *kinds), told = WRONG[name]
    with pytest.raises(MappingFileError) as caught:
        made(model, *kinds)
    assert told in str(caught.value)
