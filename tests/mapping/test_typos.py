"""Typos in a mapping file: each is located to its line, with what was meant; writing that there mends the file."""

import difflib
import re
from pathlib import Path

import pytest

from fhircase.errors import MappingFileError, Problem
from fhircase.mapping import files
from fhircase.mapping.compiled import compiled_document

# By file: what stands there, and what somebody typed.
TYPOS = [
    ("goal", "goal.startDate}", "goal.startDat}"),
    ("goal", "goal.priority}", "goal.priorty}"),
    ("goal", "{field: goal.statusDate}", "{feild: goal.statusDate}"),
    ("goal", "{concept: goal.description}", "{concpet: goal.description}"),
    ("goal", "table: goal-lifecycle\n", "table: goal-lifecicle\n"),
    ("goal", "table: goal-achievement}", "tabel: goal-achievement}"),
    ("goal", "[on-hold,          on-hold, ", "[on-hold,          on-hld, "),
    ("goal", "record: goal", "record: gaol"),
    ("goal", "{type: Goal}", "{type: Gaol}"),
    ("goal", "each: note, merge", "each: nota, merge"),
    ("goal", "tables:\n", "tabels:\n"),
    ("goal", "type: Patient}", "typ: Patient}"),
    ("need", "need.severity}", "ned.severity}"),
    ("need", "$condition-clinical]", "$condition-clincal]"),
    ("need", "{tags: need.category", "{tag: need.category"),
    ("need", "need.onsetDateTime", "need.onsetDatetime"),
    ("need", "need.clinicalStatus.coding[system", "need.clinicalStatus.coding[sytem"),
    ("care-plan", "plan.extension[episode]", "plan.extension[episod]"),
    ("care-plan", "plan.title}", "plan.titel}"),
    ("care-plan", "value: plan, accepts", "value: plann, accepts"),
    ("care-plan", "items: goals}", "items: golas}"),
    ("care-plan", "use: goal", "use: gaol"),
]


def problems(text: str) -> list[Problem]:
    found: list[Problem] = []
    try:
        for document in files.parsed(text, "x.yaml"):
            for fhir in ("R4", "R5"):
                compiled_document(document, fhir)
    except MappingFileError as error:
        found += error.problems
    return found


@pytest.mark.parametrize(("file", "right", "wrong"), TYPOS)
def test_a_typo_is_located_and_what_is_suggested_mends_it(file: str, right: str, wrong: str) -> None:
    text = (files.folder() / f"{file}.yaml").read_text(encoding="utf-8")
    assert right in text
    spoilt = text.replace(right, wrong, 1)
    line = spoilt[: spoilt.index(wrong)].count("\n") + 1
    told = [str(problem) for problem in problems(spoilt) if problem.source == f"x.yaml:{line}"]
    before, _, after = next(each for each in told if "did you mean" in each).partition("did you mean `")
    meant = after.partition("`")[0]
    named = [name.removeprefix("$") for name in re.findall(r"`([^`]+)`", before)]
    typed = max(named, key=lambda name: difflib.SequenceMatcher(None, name, meant).ratio())
    lines = spoilt.splitlines(keepends=True)
    lines[line - 1] = re.sub(rf"(?<!\w){re.escape(typed)}(?!\w)", meant, lines[line - 1], count=1)
    assert problems("".join(lines)) == []


def test_there_are_at_least_twenty_of_them() -> None:
    assert len(TYPOS) >= 20
    assert {Path(file).name for file, _, _ in TYPOS} == {"goal", "need", "care-plan"}
