from fhircase.exchange.references import Known, nodes, resolve, targets, token

OURS = {"system": "https://h.example/care-plan", "value": "P-1"}
MRN = {"system": "https://h.example/mrn", "value": "M1"}


def test_a_temporary_reference_becomes_the_servers_or_stays_within_the_transaction():
    task = {"resourceType": "Task", "focus": {"reference": "urn:uuid:a"}, "basedOn": [{"reference": "urn:uuid:b"}]}
    known = Known({"a": "ServiceRequest/1", "b": "urn:uuid:b"})
    assert resolve(task, known) == {
        "resourceType": "Task",
        "focus": {"reference": "ServiceRequest/1"},
        "basedOn": [{"reference": "urn:uuid:b"}],
    }


def test_what_is_unknown_keeps_its_identifier_and_loses_the_dangling_reference():
    task = {"basedOn": [{"reference": "urn:uuid:b", "identifier": OURS, "display": "plan"}]}
    assert resolve(task, Known()) == {"basedOn": [{"identifier": OURS, "display": "plan"}]}


def test_an_identifier_alone_becomes_a_reference_where_one_is_known():
    request = {"subject": {"identifier": MRN, "type": "Patient"}, "basedOn": [{"identifier": OURS}]}
    known = Known({}, {("Patient", token(MRN)): "Patient/1", ("CarePlan", token(OURS)): "CarePlan/2"})
    made = resolve(request, known)
    assert made["subject"] == {"reference": "Patient/1", "identifier": MRN, "type": "Patient"}
    assert made["basedOn"][0]["reference"] == "CarePlan/2"


def test_a_reference_by_identifier_that_others_wrote_is_left_alone():
    before = {"performer": [{"identifier": MRN, "type": "Patient"}], "basedOn": [{"identifier": OURS}]}
    known = Known({}, {("Patient", token(MRN)): "Patient/1", ("CarePlan", token(OURS)): "CarePlan/2"})
    made = resolve(before, known, before)
    assert made["performer"] == before["performer"]
    assert made["basedOn"][0]["reference"] == "CarePlan/2"


def test_a_resource_with_identifiers_is_no_reference():
    patient = {"resourceType": "Patient", "identifier": [MRN], "contained": [{"resourceType": "X", "identifier": MRN}]}
    assert list(nodes(patient)) == []


def test_targets_have_no_version_and_are_on_the_server():
    resource = {"a": {"reference": "Task/1/_history/3"}, "b": [{"reference": "#x"}, {"reference": "urn:uuid:y"}]}
    assert targets(resource) == {"Task/1"}
