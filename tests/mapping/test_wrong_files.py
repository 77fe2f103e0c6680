"""Mapping files with a mistake in them: what is wrong, where, and what would fix it; never a traceback."""

import contextlib
import copy
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml.comments import CommentedMap
from tests.often import SHARE

from fhircase.errors import MappingFileError, Problem
from fhircase.mapping import files
from fhircase.mapping.compiled import compiled, compiled_document

SHAPES = files.parsed("x: [null, 1, true, y, ., '', [], [y], [1], [[]], {}, {x: y}, {x: 1}]", "x.yaml")[0]["x"]
GOLDEN = Path(__file__).parent / "golden"

# A copy of a shipped mapping, by file, in which the first text was replaced by the second.
MISTAKES = {
    "misspelt-element": ("goal", "goal.startDate", "goal.startDat"),
    "selector-on-a-single-element": ("goal", "{concept: goal.priority}", "{concept: 'goal.priority[coding=x]'}"),
    "selector-of-an-unknown-element": ("case", "task.input[type~own#acuity]", "task.input[typ~own#acuity]"),
    "unreadable-path": ("goal", "goal.startDate", "'goal.start Date'"),
    "unknown-role": ("goal", "goal.startDate", "gaol.startDate"),
    "unknown-system": ("need", "$condition-clinical", "$condition-clinica"),
    "unknown-extension": ("care-plan", "plan.extension[episode]", "plan.extension[episod]"),
    "unknown-kind-of-rule": ("goal", "{field: goal.startDate}", "{feild: goal.startDate}"),
    "unknown-type": ("goal", "{list: goal.category, each: concept}", "{list: goal.category, each: concpet}"),
    "misspelt-word-of-a-rule": ("goal", "table: goal-achievement}", "tabel: goal-achievement}"),
    "word-of-the-wrong-shape": ("goal", "{link: goal.subject, type: Patient}", "{link: goal.subject, type: [Patient]}"),
    "another-type-at-the-place": ("goal", "{concept: goal.description}", "{quantity: goal.description}"),
    "link-to-what-is-no-reference": ("goal", "{link: goal.subject,", "{link: goal.description,"),
    "link-to-a-type-that-fhir-does-not-allow": (
        "goal",
        "{link: goal.subject, type: Patient}",
        "{link: goal.subject, type: Task}",
    ),
    "bare-value-of-an-object": ("goal", "{field: goal.startDate}", "{field: goal.priority}"),
    "bare-value-of-another-type": ("work-item", "R5: task.doNotPerform}", "R5: task.description}"),
    "unknown-table": ("goal", "table: goal-achievement}", "table: goal-achievment}"),
    "table-without-a-value": ("need", "[unconfirmed, provisional,", "[unconfirmed,"),
    "table-with-an-unknown-value": ("need", "[unconfirmed, provisional,", "[unconfirmed, provisionl, provisional,"),
    "row-with-a-code-too-few": ("referral", "[seen,             received,         '-']", "[seen, received]"),
    "row-of-tags-without-lists": ("need", "['condition-category#problem-list-item']]", "'condition-category#x']"),
    "tag-of-an-unknown-system": (
        "need",
        "['condition-category#problem-list-item']]",
        "['condition-categry#problem-list-item']]",
    ),
    "tag-without-a-system": ("need", "['condition-category#problem-list-item']]", "[problem-list-item]]"),
    "code-that-fhir-does-not-have": ("goal", "[on-hold,          on-hold, ", "[on-hold,          onhold, "),
    "code-that-is-refused-and-read": ("goal", "  goal-acceptance:", "    refuses: {active: why}\n  goal-acceptance:"),
    "code-that-is-refused-and-not-there": ("goal", "  goal-acceptance:", "    refuses: {x: why}\n  goal-acceptance:"),
    "two-values-with-one-code": ("goal", "[planned,          planned, ", "[planned,          accepted,"),
    "cell-that-says-another-value-alone": ("case", "assessing,  ~active]", "assessing,  active]"),
    "inexact-cells-without-a-reason": ("case", "    lossy: an EpisodeOfCare tells less than the Task\n", ""),
    "reason-without-inexact-cells": ("goal", "  goal-acceptance:", "    lossy: why\n  goal-acceptance:"),
    "second-row-of-a-value": (
        "care-plan",
        "    - [scheduled,        ready,            scheduled]",
        "    - [scheduled,        ready,            scheduled]\n    - [scheduled, accepted, scheduled]",
    ),
    "rows-that-are-read-without-a-reason": (
        "referral",
        "reads: {to have all that is needed before it begins is no step of ours: [[accepted, ready, '-']]}",
        "reads: [[accepted, ready, '-']]",
    ),
    "values-that-are-lacking-without-a-reason": ("work-item", "{active: said of requests only}", "[active]"),
    "constant-that-fhir-does-not-have": ("care-plan", "plan.intent, value: plan,", "plan.intent, value: plann,"),
    "selector-that-fhir-does-not-have": (
        "goal",
        "{field: goal.startDate}",
        "{field: 'goal.identifier[use=officiel].value'}",
    ),
    "removed-to-what-fhir-does-not-have": ("care-plan", "{review.status: cancelled}", "{review.status: canceled}"),
    "words-that-fhir-does-not-have": (
        "consent",
        "status: {code: [consent.status, 'consent.extension[exact-status].valueCode'], table: consent-status}",
        "status: {field: consent.status}",
    ),
    "any-text-where-fhir-has-codes": ("care-team", "name: {field: team.name}", "name: {field: team.text.status}"),
    "any-code-where-fhir-has-some": (
        "need",
        "severity: {concept: need.severity}",
        "severity: {concept: need.verificationStatus}",
    ),
    "one-value-into-a-list": ("goal", "{list: goal.category, each: concept}", "{concept: goal.category}"),
    "list-into-one-value": (
        "outcome",
        "{link: outcome.performer.actor}",
        "{list: outcome.performer, items: {link: .actor}}",
    ),
    "unknown-policy": (
        "care-plan",
        "{list: plan.note, each: note, merge: union}",
        "{list: plan.note, each: note, merge: unite}",
    ),
    "union-of-one-value": ("care-plan", "{field: plan.title}", "{field: plan.title, merge: union}"),
    "forward-without-words": ("care-plan", "{field: plan.title}", "{field: plan.title, merge: forward, order: [a, b]}"),
    "status-without-a-step": ("goal", "accepted, [active, on-hold]", "accepted, active"),
    "step-that-is-no-status": ("goal", "accepted, [active, on-hold]", "accepted, [active, onhold, on-hold]"),
    "status-with-two-steps": ("goal", "accepted, [active, on-hold]", "accepted, [active, on-hold], on-hold"),
    "order-without-forward": ("goal", "    merge: forward\n", ""),
    "order-of-something-else": ("goal", "accepted, [active, on-hold]", "accepted, [{active: on-hold}]"),
    "policy-inside-of-a-field": (
        "care-plan",
        "items: {link: .}, R5: {below",
        "items: {link: ., merge: theirs}, R5: {below",
    ),
    "policy-of-what-is-no-field": ("care-plan", "{constant: plan.intent,", "{constant: plan.intent, merge: ours,"),
    "doubled-key": (
        "goal",
        "  start: {field: goal.startDate}",
        "  start: {field: goal.startDate}\n  start: {field: x}",
    ),
    "tab": ("goal", "  start: {", "\tstart: {"),
    "not-closed": ("goal", "{field: goal.startDate}", "{field: goal.startDate"),
    "field-without-a-rule": ("goal", "  start: {field: goal.startDate}\n", ""),
    "field-of-an-item-without-a-rule": ("referral", "      sent: {field: task", "      x: {field: task"),
    "rule-without-a-field": ("goal", "  start: {", "  strat: {"),
    "place-owned-twice": ("goal", "{field: goal.statusDate}", "{field: goal.startDate}"),
    "place-owned-twice-in-a-group": ("case", "task.input[type~own#origin]", "task.input[type~own#acuity]"),
    "place-of-a-key": ("goal", "goal.statusDate", "'goal.identifier[use=official].value'"),
    "item-of-a-list-and-the-list": (
        "goal",
        "{list: goal.category, each: concept}",
        "{list: goal.extension, items: {concept: .valueCodeableConcept}}",
    ),
    "element-of-an-item-and-the-list": ("goal", "{field: goal.startDate}", "{field: goal.target.dueDate}"),
    "part-of-an-object-and-the-object": ("goal", "goal.statusReason", "goal.priority.text"),
    "two-selectors-that-pick-the-same": ("case", "[type~own#acuity]", "[type.text=acuity]"),
    "two-types-of-one-choice": ("goal", "due: {field: .dueDate}", "due: {field: .detailString}"),
    "tag-that-a-list-takes-too": ("referral", "{list: 'req.category[this!$domain]',", "{list: req.category,"),
    "list-that-does-not-leave-out-resources": (
        "care-plan",
        "items: {link: .}, besides: agreements}",
        "items: {link: .}}",
    ),
    "required-element-unfilled": (
        "care-plan",
        "  intent: {constant: plan.intent, value: plan,",
        "  x: {constant: plan.language, value: de,",
    ),
    "required-element-of-an-item-unfilled": (
        "referral",
        "          client: {same: req.subject, at: outcome.subject}\n",
        "",
    ),
    "required-element-of-a-contained-resource-unfilled": (
        "referral",
        "      recorded: {constant: .recorded, value: unknown}\n",
        "",
    ),
    "required-element-inside-another-unfilled": (
        "work-item",
        "  created: {field: task.authoredOn}\n",
        "  created: {field: task.authoredOn}\n  x: {constant: task.input.valueString, value: y}\n",
    ),
    "required-choice-inside-another-unfilled": (
        "work-item",
        "  created: {field: task.authoredOn}\n",
        "  created: {field: task.authoredOn}\n  x: {constant: task.output.type.text, value: y}\n",
    ),
    "required-element-of-an-element-unfilled": ("goal", "'.extension[acceptance-status].value", "'.extension.value"),
    "required-element-that-may-be-left-out": ("consent", "  category: {needed: consent.category, R5: none}\n", ""),
    "required-code-inside-another-that-may-be-left-out": (
        "care-plan",
        "cancelled, stopped, entered-in-error, [unspecified, unknown]]",
        "cancelled, stopped, entered-in-error]\n    refuses: {unknown: why}",
    ),
    "constant-without-a-value": ("care-plan", "{constant: plan.intent, value: plan,", "{constant: plan.intent,"),
    "list-without-each": ("goal", "{list: goal.category, each: concept}", "{list: goal.category}"),
    "list-of-what-is-no-list": ("goal", "{list: goal.category, each: concept}", "{list: goal.priority, each: concept}"),
    "items-without-an-id": ("care-plan", "      id: {id: goal.identifier, kind: goal}\n", ""),
    "items-of-an-unknown-resource": ("care-plan", "resource: {goal: Goal}", "resource: {goal: Gaol}"),
    "items-that-use-an-unknown-mapping": ("care-plan", "use: goal", "use: gaol"),
    "refers-to-no-list": ("care-plan", "items: goals}", "items: golas}"),
    "record-without-a-key": ("goal", "  key: {key: goal.identifier, kind: goal}\n", ""),
    "record-of-an-unknown-kind": ("goal", "record: goal", "record: gaol"),
    "record-missing": ("goal", "record: goal\n", ""),
    "resources-missing": ("goal", "resources:\n  goal: {type: Goal}\n", ""),
    "resource-of-an-unknown-type": ("goal", "goal: {type: Goal}", "goal: {type: Gaol}"),
    "resource-without-a-type": ("goal", "goal: {type: Goal}", "goal: Goal"),
    "resource-by-an-unknown-element": ("case", "via: task.focus", "via: task.fokus"),
    "rules-are-a-list": ("goal", "rules:\n  key: {", "rules: [1]\nlacks:\n  key: {"),
    "rule-is-a-word": ("goal", "{field: goal.startDate}", "goal.startDate"),
    "table-without-rows": ("need", "  confirmation:\n    rows:", "  confirmation:\n    row:"),
    "misspelt-section": ("referral", "refuses:", "refusse:"),
    "anchor-that-is-no-resource": ("case", "anchors: [task, eoc]", "anchors: [task, eco]"),
    "mistakes-of-two-rules": ("goal", "goal.st", "goal.sd"),
}


def told(make: Callable[[], Any]) -> str:
    with pytest.raises(MappingFileError) as caught:
        make()
    return "".join(f"{problem}\n" for problem in caught.value.problems)


def golden(name: str, text: str) -> None:
    place = GOLDEN / f"{name}.txt"
    if not place.exists():
        place.write_text(text, encoding="utf-8")
        pytest.fail(f"{place.name} was not there; read what was written and keep it")
    assert text == place.read_text(encoding="utf-8")


def checked(place: Path) -> None:
    """A file as `fhircase mappings check` checks it; what is wrong in either version is told once."""
    problems = []
    for document in files.documents(place):
        for version in ("R4", "R5"):
            try:
                compiled_document(document, version)
            except MappingFileError as error:
                problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise MappingFileError(problems)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_would_mend_it(name: str, tmp_path: Path) -> None:
    file, right, wrong = MISTAKES[name]
    text = (files.folder() / f"{file}.yaml").read_text(encoding="utf-8")
    assert right in text
    place = tmp_path / f"{name}.yaml"
    place.write_text(text.replace(right, wrong), encoding="utf-8")
    golden(name, told(lambda: checked(place)))


def test_an_unknown_name_in_an_overlay_is_told_with_the_nearest(tmp_path: Path) -> None:
    place = tmp_path / "site.yaml"
    place.write_text(
        """
overlay: site@1
over: [case@1]
add:
  status: {field: task.description}
  origin.why.not: {field: task.description}
change:
  statsu: {table: x}
  origin.sorce: {link: task.owner}
drop: [nots]
rows:
  case-statsu: [[active, ready, '-', active]]
""",
        encoding="utf-8",
    )
    golden("overlay-with-unknown-names", told(lambda: compiled("case", "R4", (str(place),))))


def test_an_overlay_that_is_not_written_as_one_is_told(tmp_path: Path) -> None:
    place = tmp_path / "site.yaml"
    place.write_text("overlay: site@1\nchange: [x]\ndrops: [y]\nadd: {z: 1}\n", encoding="utf-8")
    golden("overlay-of-the-wrong-form", told(lambda: compiled("case", "R4", (str(place),))))


def test_a_mistake_in_what_an_overlay_adds_is_told_with_the_overlays_line(tmp_path: Path) -> None:
    place = tmp_path / "site.yaml"
    place.write_text("overlay: site@1\nover: [goal@1]\nadd:\n  x: {field: goal.nowhere}\n", encoding="utf-8")
    assert told(lambda: compiled("goal", "R4", (str(place),))) == "site.yaml:4: Goal has no element `nowhere` (x)\n"


@pytest.mark.parametrize("text", ["[1]", "just words", "42"])
def test_a_file_that_is_yaml_and_no_mapping_is_told(text: str, tmp_path: Path) -> None:
    place = tmp_path / "x.yaml"
    place.write_text(text, encoding="utf-8")
    assert "holds no `mapping:`" in told(lambda: compiled(str(place), "R4"))


def test_an_empty_file_and_one_that_is_not_there_are_told(tmp_path: Path) -> None:
    place = tmp_path / "x.yaml"
    place.write_text("", encoding="utf-8")
    assert told(lambda: compiled(str(place), "R4")) == "x.yaml: holds no `mapping:`\n"
    assert "cannot be read" in told(lambda: compiled(str(tmp_path / "y.yaml"), "R4"))


@pytest.mark.parametrize(
    "name", ["case", "care-plan", "referral", "goal", "need", "work-item", "care-team", "outcome", "consent"]
)
def test_whatever_is_wrong_with_a_file_there_is_no_traceback_and_always_a_line(name: str) -> None:
    dice = random.Random(name)
    text = (files.folder() / f"{name}.yaml").read_text(encoding="utf-8")
    for _ in range(int(60 * SHARE) + 1):
        for document in files.parsed(text, "x.yaml"):
            spoiled(document, dice)
            problems = [problem for version in ("R4", "R5") for problem in found(document, version)]
            assert [str(problem) for problem in problems if not re.match(r"[a-z-]+\.yaml:\d+$", problem.source)] == []


def test_whatever_is_wrong_with_an_overlay_there_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(7)
    text = """
overlay: site@1
over: [goal@1]
systems: {site: https://site.example/codes}
add: {x: {field: goal.startDate}}
change: {start: {field: goal.statusDate}, targets.due: {field: .dueDate}}
drop: [notes, targets.measure]
rows: {goal-lifecycle: [[active, on-hold]]}
reads: {goal-lifecycle: {said elsewhere: [[active, on-hold, '-']]}}
tables: {site: {rows: [[a, b]], R5: {rows: [[a, c]]}}}
resources: {goal: {make: always}, other: {type: Task}}
lacks: {notes: no place}
fhir: [R4, R5]
"""
    for _ in range(int(300 * SHARE) + 1):
        (document,) = files.parsed(text, "x.yaml")
        spoiled(document, dice)
        monkeypatch.setattr(files, "overlay", lambda _, document=document: [document])
        with contextlib.suppress(MappingFileError):
            compiled_document(files.flattened("goal", ("x",)), "R4")


def found(document: CommentedMap, version: str) -> Sequence[Problem]:
    try:
        compiled_document(document, version)
    except MappingFileError as error:
        return error.problems
    return ()


def spoiled(document: Any, dice: random.Random) -> None:
    """One entry taken out, renamed, emptied or given a value of another shape."""
    container, key = dice.choice(list(entries(document)))
    act = dice.randrange(4)
    if act == 0:
        del container[key]
    elif act == 1 and isinstance(container, CommentedMap):
        container.insert(list(container).index(key), f"{key}x", container.pop(key))
    else:
        container[key] = copy.deepcopy(dice.choice(SHAPES))


def entries(node: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in list(node.items()) if isinstance(node, dict) else enumerate(node):
        yield node, key
        if isinstance(value, dict | list):
            yield from entries(value)
