import json
import shutil
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.interop

CORPUS = Path(__file__).parents[2] / "fixtures/corpus"
VERSIONS = {"R4": "4.0.1", "R5": "5.0.0"}


def task(**elements):
    return {"resourceType": "Task", "status": "requested", "intent": "order"} | elements


@pytest.mark.parametrize("fhir", VERSIONS)
def test_a_hapi_server_speaks_the_version_asked_for(hapi, fhir):
    statement = requests.get(f"{hapi(fhir)}/metadata", timeout=60).json()
    assert statement["fhirVersion"] == VERSIONS[fhir]


def test_a_validating_hapi_server_refuses_what_is_not_valid(hapi):
    answer = requests.post(f"{hapi('R4', validating=True)}/Task", json=task(intent=None), timeout=60)
    assert answer.status_code == 422
    assert "Task.intent" in answer.text


@pytest.mark.parametrize("fhir", VERSIONS)
def test_the_validator_names_the_file_and_the_place(validate, tmp_path, fhir):
    (tmp_path / "good.json").write_text(json.dumps(task()))
    (tmp_path / "bad.json").write_text(json.dumps(task(status="on its way")))
    issues = validate(tmp_path, fhir)
    assert not [issue for issue in issues[tmp_path / "good.json"] if issue.is_error]
    assert {issue.path for issue in issues[tmp_path / "bad.json"] if issue.is_error} == {"Task.status"}


def test_the_validator_answers_again_without_a_new_start(validate, tmp_path):
    (tmp_path / "broken.json").write_text("{")
    for _ in range(2):
        assert any(issue.is_error for issue in validate(tmp_path)[tmp_path / "broken.json"])


@pytest.mark.parametrize("fhir", VERSIONS)
def test_the_specifications_own_examples_are_valid(validate, tmp_path, fhir):
    for example in CORPUS.glob(f"{fhir}/*/{fhir.lower()}spec__*.json"):
        if example.parent.name in {"CarePlan", "CareTeam", "Goal", "ServiceRequest", "Task"}:
            shutil.copy(example, tmp_path / f"{example.parent.name}-{example.name}")
    issues = validate(tmp_path, fhir)
    assert issues
    assert [(path.name, issue) for path in issues for issue in issues[path] if issue.is_error] == []
