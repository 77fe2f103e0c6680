"""What claims a profile meets what the tables say of it: judged by the tables, not by the rules that wrote it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from tests.often import often
from tests.strategies import records

from fhircase.errors import RecordInvalid
from fhircase.fhir.definitions import codes
from fhircase.fhir.profiles import Demand, Profile, profile
from fhircase.mapping import to_fhir
from fhircase.mapping.compiled import all_compiled
from fhircase.records.sample import sample

OVERLAYS = {
    "us-core@6.1.0": {"careplan", "goal", "condition-problems-health-concerns", "servicerequest", "procedure"},
    "us-core@7.0.0": {"careplan", "goal", "condition-problems-health-concerns", "servicerequest", "procedure"},
    "sdoh-clinicalcare@2.2.0": {"ServiceRequest", "TaskForReferralManagement", "Condition", "Procedure"},
    "sdoh-clinicalcare@3.0.0": {"ServiceRequest", "TaskForReferralManagement", "Condition", "Procedure"},
}


def broken(resource: dict[str, Any], claimed: Profile) -> list[str]:
    """What of a profile a resource does not meet."""
    return [f"{claimed.name}: {demand.id}" for demand in claimed.demands if not all(met(resource, demand))]


def met(resource: dict[str, Any], demand: Demand) -> Iterator[bool]:
    *way, last = demand.id.split(".")[1:]
    name, _, slice_ = last.partition(":")
    if "extension" in demand.id or any(":" in step for step in way):
        return
    allowed = codes(demand.value_set, "R4") if demand.value_set else None
    for node in inside([resource], way):
        there = list(inside([node], [name]))
        if slice_ and (demand.fixed or allowed):
            there = [each for each in there if fits(each, demand.fixed, allowed)]
        elif slice_:
            return
        yield demand.low <= len(there) <= (int(demand.high) if demand.high.isdecimal() else len(there))
        yield all(fits(each, demand.fixed, allowed) for each in there)
        if name.endswith("[x]") and demand.kinds and there:
            kinds = {f"{name[:-3]}{kind[0].upper()}{kind[1:]}" for kind in demand.kinds}
            yield any(key in kinds for key in node)


def inside(nodes: list[Any], way: list[str]) -> Iterator[Any]:
    if not way:
        yield from nodes
        return
    stem, chosen = way[0].removesuffix("[x]"), way[0].endswith("[x]")
    for node in nodes:
        for key, value in node.items() if isinstance(node, dict) else ():
            if key == stem or (chosen and key.startswith(stem) and key[len(stem)].isupper()):
                yield from inside(value if isinstance(value, list) else [value], way[1:])


def fits(value: Any, fixed: Any, allowed: Any) -> bool:
    """Whether a value is the one that is fixed or has all of a pattern, and a code of the value set."""
    said = {(coding.get("system"), coding.get("code")) for coding in codings(value)}
    known = {(system, code) for system, each in (allowed or {}).items() for code in each}
    if isinstance(fixed, dict):
        return all((coding["system"], coding["code"]) in said for coding in fixed["coding"])
    if isinstance(value, str):
        return value == (fixed or value) and (not known or value in {code for _, code in known})
    return not known or not known.isdisjoint(said)


def codings(value: Any) -> list[Any]:
    return value.get("coding", []) if isinstance(value, dict) else []


def claims(resource: dict[str, Any], overlay: str) -> Iterator[Profile]:
    """The profiles that a resource claims, in the versions that the overlay knows."""
    known = {
        name.partition("|")[0]: name
        for mapping in all_compiled("R4", (overlay,))
        for names in mapping.profiles.values()
        for name in names
    }
    for canonical in resource.get("meta", {}).get("profile", []):
        found = profile(known[canonical])
        assert found is not None
        yield found


def written(record: Any, overlay: str) -> list[dict[str, Any]]:
    try:
        return to_fhir(record, "R4", overlays=[overlay])
    except RecordInvalid:  # one that lists a code among its categories which the overlay writes itself
        return []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_a_sample_caseload_claims_it_meets(overlay: str) -> None:
    counts: Counter[str] = Counter()
    for record in sample(120, seed=11):
        for resource in written(record, overlay):
            for claimed in claims(resource, overlay):
                counts[claimed.name.rpartition("-core-")[2].rpartition("SDOHCC-")[2].partition("|")[0]] += 1
                assert broken(resource, claimed) == []
    assert OVERLAYS[overlay] <= {name for name, count in counts.items() if count > 2}


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("kind", ["care-plan", "case", "need", "goal", "referral"])
def test_whatever_a_record_says_what_it_claims_it_meets(overlay: str, kind: str) -> None:
    @often(15)
    @given(records(kind))
    def hold(record: Any) -> None:
        for resource in written(record, overlay):
            for claimed in claims(resource, overlay):
                assert broken(resource, claimed) == []

    hold()


def test_the_judge_finds_what_is_broken() -> None:
    url = "http://hl7.org/fhir/us/sdoh-clinicalcare/StructureDefinition/SDOHCC-"
    task, need, given_ = (
        profile(f"{url}{each}") for each in ("TaskForReferralManagement|3.0.0", "Condition|3.0.0", "Procedure|2.2.0")
    )
    assert task
    assert need
    assert given_
    lacking = {
        "resourceType": "Task",
        "status": "received",
        "intent": "plan",
        "code": {"text": "x"},
        "statusReason": {},
    }
    found = {each.partition(": ")[2] for each in broken(lacking, task)}
    elements = ("status", "intent", "code", "focus", "for", "authoredOn", "requester", "statusReason.text")
    assert found == {f"Task.{name}" for name in elements}
    concern = {
        "coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/condition-category", "code": "health-concern"}]
    }
    found = {each.partition(": ")[2] for each in broken({"category": [concern], "code": {}, "bodySite": [{}]}, need)}
    assert found == {"Condition.category", "Condition.category:screening-assessment", "Condition.bodySite"}
    found = {each.partition(": ")[2] for each in broken({"code": {}, "performedString": "once"}, given_)}
    assert found == {"Procedure.performed[x]"}
