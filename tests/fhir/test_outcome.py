import pytest

from fhircase.fhir.outcome import failures, issues_of


def one(**issue):
    (read,) = issues_of({"resourceType": "OperationOutcome", "issue": [issue]})
    return read


@pytest.mark.parametrize(
    ("severity", "failed"),
    [
        ("fatal", True),
        ("error", True),
        ("warning", False),
        ("information", False),
        ("success", False),
        ("catastrophe", True),
        (None, True),
    ],
)
def test_severity_decides_what_failed_and_an_unknown_one_is_not_taken_for_success(severity, failed):
    assert one(severity=severity, code="invalid").failed is failed


def test_an_issue_reads_as_words_place_and_code():
    issue = one(severity="error", code="required", expression=["Task.intent"])
    assert str(issue) == "a required element is missing @ Task.intent (required)"


def test_an_unknown_code_is_not_repeated():
    assert str(one(severity="error", code="Smith")) == "the server gave no known reason"


def test_the_servers_own_words_are_kept_out_of_text_and_repr():
    issue = one(
        severity="error",
        code="value",
        diagnostics="Smith",
        details={"text": "Ann Smith", "coding": [{"display": "Smith, A."}]},
    )
    assert "Smith" not in f"{issue!s} {issue!r}"
    assert issue.diagnostics == "Smith; Ann Smith; Smith, A."


def test_the_number_of_a_hapi_message_is_shown_without_the_message():
    issue = one(severity="error", code="processing", diagnostics="HAPI-0550: HAPI-0989: Smith MRN-1234")
    assert str(issue) == "the server refused to process it (processing); HAPI-0550, HAPI-0989"


@pytest.mark.parametrize(
    ("issue", "path"),
    [
        ({"expression": ["Bundle.entry[3].resource.status"]}, "Bundle.entry[3].resource.status"),
        ({"expression": ["Bundle.entry[0].resource/*Patient/77*/.name[0]"]}, "Bundle.entry[0].resource.name[0]"),
        ({"expression": ["Patient.name.where(family = 'Smith').given"]}, "Patient.name.where"),
        ({"expression": ["Observation.value.ofType(Quantity).unit"]}, "Observation.value.ofType(Quantity).unit"),
        ({"expression": ["Patient.extension('http://x/Smith')"]}, "Patient.extension"),
        ({"location": ["/f:Task/f:intent"]}, "Task.intent"),
        ({"location": ["Line[1] Col[20]"]}, ""),
        ({"location": ["Task.code", "Line[1] Col[20]"]}, "Task.code"),
        ({"expression": "Task.code"}, ""),
        ({"expression": [None, "'Smith'"]}, ""),
        ({}, ""),
    ],
)
def test_a_path_keeps_element_names_and_drops_values(issue, path):
    assert one(severity="error", code="invalid", **issue).path == path


@pytest.mark.parametrize(
    "other",
    [
        None,
        "text",
        [],
        {"resourceType": "Task"},
        {"resourceType": "OperationOutcome"},
        {"resourceType": "OperationOutcome", "issue": ["text"]},
    ],
)
def test_what_is_no_outcome_has_no_issues(other):
    assert issues_of(other) == ()


def test_failures_leave_warnings_out():
    read = issues_of(
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "warning", "code": "value"}, {"severity": "error", "code": "invalid"}],
        }
    )
    assert [issue.code for issue in failures(read)] == ["invalid"]
