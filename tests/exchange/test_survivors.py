"""Who the survivor of a merge is, and references that follow."""

from fhircase.exchange.survivors import followed, inherited, merged, survivors


def patient(id_, other, how):
    link = [{"other": {"reference": f"Patient/{other}"}, "type": how}]
    return {"resourceType": "Patient", "id": id_, "link": link, "identifier": [{"system": "s", "value": id_}]}


def test_either_of_the_two_may_say_so():
    assert (
        merged([patient("1", "2", "replaced-by")])
        == merged([patient("2", "1", "replaces")])
        == {"Patient/1": "Patient/2"}
    )
    assert merged([patient("1", "2", "seealso"), patient("1", "2", "refer")]) == {}
    assert (
        merged([{"resourceType": "Patient", "id": "1", "link": [{"type": "replaced-by"}]}, {"resourceType": "Task"}])
        == {}
    )


def test_one_merge_may_follow_another_and_a_circle_leads_nowhere():
    assert survivors({"a": "b", "b": "c"}) == {"a": "c", "b": "c"}
    assert survivors({"a": "b", "b": "a"}) == {}
    assert survivors({"x": "a", "a": "b", "b": "a"}) == {}


def test_references_follow_and_nothing_else_changes():
    before = {"subject": {"reference": "Patient/1", "display": "Jo"}, "note": [{"text": "Patient/1"}], "n": 1}
    after = followed(before, {"Patient/1": "Patient/2"})
    assert after == {**before, "subject": {"reference": "Patient/2", "display": "Jo"}}


def test_the_survivor_inherits_identifiers():
    assert inherited([patient("1", "2", "replaced-by")], {"Patient/1": "Patient/2"}) == {"s|1": {"Patient/2"}}
