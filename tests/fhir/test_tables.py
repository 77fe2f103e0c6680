"""The command that writes the tables of FHIR, on packages small enough to read; and the tables that ship."""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fhircase.fhir import definitions
from fhircase.fhir.elements import elements

SCRIPT = Path(__file__).parents[2] / "scripts" / "tables"
GOAL = "http://hl7.org/fhir/StructureDefinition/Goal"
STATUS = "http://hl7.org/fhir/ValueSet/goal-status"


def element(path: str, low: int, high: str, *types: str, **more: Any) -> dict[str, Any]:
    return {"id": path, "path": path, "min": low, "max": high, "type": [{"code": code} for code in types], **more}


def bound(value_set: str, strength: str = "required") -> dict[str, Any]:
    return {"binding": {"strength": strength, "valueSet": f"{value_set}|4.0.1"}}


EVENT_STATUS = [
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "completed",
    "entered-in-error",
    "unknown",
]
SUBJECT = {"code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}
ANYONE = {"code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Resource"]}
RULE = {"key": "gol-1", "severity": "error", "human": "No detail\nalone", "expression": "true", "source": GOAL}
MEANT = {"key": "gol-0", "severity": "warning", "human": "Better so", "expression": "true"}

CORE = [
    {
        "resourceType": "StructureDefinition",
        "id": "Goal",
        "url": GOAL,
        "type": "Goal",
        "kind": "resource",
        "abstract": False,
        "derivation": "specialization",
        "snapshot": {
            "element": [
                element("Goal", 0, "*", constraint=[RULE, MEANT]),
                element("Goal.status", 1, "1", "code", **bound(STATUS)),
                element("Goal.category", 0, "*", "CodeableConcept", **bound(f"{STATUS}-x", "preferred")),
                {**element("Goal.subject", 1, "1"), "type": [SUBJECT]},
                {**element("Goal.about", 0, "*"), "type": [ANYONE]},
                element("Goal.start[x]", 0, "1", "date", "code", **bound("urn:elsewhere")),
                element("Goal.gone", 0, "0", "string"),
            ]
        },
    },
    {
        "resourceType": "ValueSet",
        "url": STATUS,
        "compose": {
            "include": [{"system": "urn:whole"}, {"system": "urn:part", "concept": [{"code": "p"}]}],
            "exclude": [{"system": "urn:whole", "concept": [{"code": "b"}]}],
        },
    },
    {
        "resourceType": "CodeSystem",
        "url": "urn:whole",
        "content": "complete",
        "concept": [{"code": "a", "concept": [{"code": "b"}, {"code": "c"}]}],
    },
]
PROFILE = {
    "resourceType": "StructureDefinition",
    "id": "goal",
    "url": "https://guide.example/goal",
    "type": "Goal",
    "kind": "resource",
    "derivation": "constraint",
    "snapshot": {
        "element": [
            element(
                "Goal", 0, "*", constraint=[RULE, {**RULE, "key": "our-1", "source": "https://guide.example/goal"}]
            ),
            element("Goal.status", 1, "1", "code", **bound(STATUS)),
            element("Goal.category", 1, "*", "CodeableConcept"),
            {
                **element("Goal.category", 1, "1", "CodeableConcept"),
                "id": "Goal.category:ours",
                "patternCodeableConcept": {"coding": [{"code": "x"}]},
            },
            element("Goal.start[x]", 0, "1", "date"),
        ]
    },
}


def package(place: Path, name: str, version: str, bodies: list[dict[str, Any]]) -> None:
    files = {"package.json": {"name": name, "version": version}}
    files |= {f"{body['resourceType']}-{number}.json": body for number, body in enumerate(bodies)}
    with tarfile.open(place, "w:gz") as archive:
        for file, body in files.items():
            text = json.dumps(body).encode()
            member = tarfile.TarInfo(f"package/{file}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))


def test_the_tables_say_what_the_packages_define(tmp_path: Path) -> None:
    package(tmp_path / "core.tgz", "hl7.fhir.r4.core", "4.0.1", CORE)
    package(tmp_path / "guide.tgz", "guide", "2.0.0-build", [PROFILE])
    subprocess.run([sys.executable, SCRIPT, tmp_path, tmp_path], check=True)
    written = {place.name: place.read_text(encoding="utf-8") for place in tmp_path.glob("*.tsv")}
    assert written == {
        "r4.tsv": "Goal.status\t1\t1\tcode\nGoal.category\t0\t*\tCodeableConcept\nGoal.subject\t1\t1\tReference\n"
        "Goal.about\t0\t*\tReference\nGoal.startDate\t0\t1\tdate\nGoal.startCode\t0\t1\tcode\n",
        "r4-choices.tsv": "Goal.start[x]\t0\n",
        "r4-targets.tsv": "Goal.subject\tPatient\n",
        "r4-bindings.tsv": f"Goal.status\t{STATUS}\nGoal.startCode\turn:elsewhere\n",
        "r4-codes.tsv": f"{STATUS}\turn:part\tp\n{STATUS}\turn:whole\ta c\n"
        "urn:elsewhere\t-\tthe value set is not in the packages\n",
        "r4-constraints.tsv": "gol-1\tGoal\tNo detail alone\ttrue\n",
        "profiles.tsv": "profile\thttps://guide.example/goal|2.0.0\tGoal\tR4\n"
        "constraint\tour-1\tGoal\tNo detail alone\ttrue\nGoal.category\t1\t\t\t\t\t\n"
        'Goal.category:ours\t1\t1\t\t\t{"coding":[{"code":"x"}]}\t\nGoal.start[x]\t\t\tdate\t\t\t\n',
        "profiles-codes.tsv": "",
    }


@pytest.mark.parametrize("fhir", ["R4", "R5"])
def test_the_shipped_tables_fit_together(fhir: str) -> None:
    known = elements(fhir)
    for path in (*definitions.bindings(fhir), *definitions.targets(fhir)):
        assert known.known(path), path
    named = {row[0] for row in definitions.rows(f"{definitions.SHAPE[fhir]}-codes")}
    assert set(definitions.bindings(fhir).values()) == named
    found = definitions.codes("http://hl7.org/fhir/ValueSet/event-status", fhir)
    assert found == {"http://hl7.org/fhir/event-status": frozenset(EVENT_STATUS)}


def test_a_choice_is_known_by_any_of_its_types() -> None:
    assert definitions.choice("Goal.target.detailQuantity", "R4") == "Goal.target.detail[x]"
    assert definitions.choice("Task.output.valueString", "R5") == "Task.output.value[x]"
    assert definitions.choice("Goal.statusDate", "R4") == ""
