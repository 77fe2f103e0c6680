from fhircase.exchange.people import Held, Person, criteria, found_by, matched, person

TRUSTED = ("https://h.example/mrn",)
MRN = {"system": "https://h.example/mrn", "value": "M1"}


def patient(id, *identifiers, **more):
    return {"resourceType": "Patient", "id": id, "identifier": list(identifiers), **more}


def test_only_trusted_identifiers_find_a_patient():
    other = {"system": "https://other.example", "value": "1"}
    assert person([MRN, other], TRUSTED) == Person(("https://h.example/mrn|M1",))
    assert person([other], TRUSTED).untrusted
    assert person([{"value": "no system"}], TRUSTED) == Person(())


def test_exactly_one_match_is_the_patient():
    found = found_by([patient("1", MRN)])
    assert matched(person([MRN], TRUSTED), found) == "Patient/1"


def test_none_or_two_matches_hold_and_say_why():
    who = person([MRN], TRUSTED)
    assert matched(who, {}) == Held("no-patient", matched(who, {}).reason)
    two = matched(who, found_by([patient("1", MRN), patient("2", MRN)]))
    assert (two.code, "Patient/1, Patient/2" in two.reason) == ("several-patients", True)


def test_identifiers_that_lead_to_different_patients_hold():
    second = {**MRN, "value": "M2"}
    found = found_by([patient("1", MRN), patient("2", second)])
    assert matched(person([MRN, second], TRUSTED), found).code == "several-patients"


def test_a_patient_that_was_merged_into_another_is_not_a_match():
    merged = patient("2", MRN, link=[{"type": "replaced-by", "other": {"reference": "Patient/1"}}])
    assert matched(person([MRN], TRUSTED), found_by([patient("1", MRN), merged])) == "Patient/1"


def test_search_values_are_escaped():
    assert criteria(["https://h.example/x|a,b", "s|p|q$"]) == "https://h.example/x|a\\,b,s|p\\|q\\$"
