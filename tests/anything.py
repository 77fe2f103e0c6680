"""Valid FHIR resources with anything that FHIR lets them hold, made from its element tables.

What a draw holds hangs on its seed alone. Each has ids or none, other people's extensions anywhere, `_name` beside
values and without them, nulls in lists of bare values, contained resources, references of all kinds, and codes from
the value sets that are required. Only modifier extensions and implicit rules are left out: those are refused.
"""

import random
from decimal import Decimal
from typing import Any

from tests.strategies import CLOCKS, DECIMALS, NASTY, ZONES

from fhircase.fhir.elements import Element, Elements, elements

Json = dict[str, Any]
Dice = random.Random

TYPES = ("CarePlan", "Task", "ServiceRequest", "Goal", "CareTeam", "EpisodeOfCare", "Condition", "Consent", "Procedure")
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

# Required bindings of the elements that are read.
CODES = {
    "CarePlan.status": "draft active on-hold revoked completed entered-in-error unknown",
    "CarePlan.intent": "proposal plan order option",
    "CarePlan.activity.detail.status": "not-started scheduled in-progress on-hold completed cancelled stopped unknown",
    "Task.status": "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed",
    "Task.intent": "unknown proposal plan order original-order reflex-order filler-order instance-order option",
    "Task.priority": "routine urgent asap stat",
    "ServiceRequest.status": "draft active on-hold revoked completed entered-in-error unknown",
    "ServiceRequest.intent": "proposal plan directive order original-order filler-order instance-order option",
    "ServiceRequest.priority": "routine urgent asap stat",
    "Goal.lifecycleStatus": "proposed planned accepted active on-hold completed cancelled entered-in-error rejected",
    "CareTeam.status": "proposed active suspended inactive entered-in-error",
    "EpisodeOfCare.status": "planned waitlist active onhold finished cancelled entered-in-error",
    "EpisodeOfCare.statusHistory.status": "planned waitlist active onhold finished cancelled entered-in-error",
    "Consent.status": "draft proposed active rejected inactive entered-in-error",
    "R5 Consent.status": "draft active inactive not-done entered-in-error unknown",
    "Consent.decision": "deny permit",
    "Consent.provision.type": "deny permit",
    "Consent.provision.data.meaning": "instance related dependents authoredby",
    "Procedure.status": "preparation in-progress not-done on-hold stopped completed entered-in-error unknown",
    "Patient.gender": "male female other unknown",
    "ContactPoint.system": "phone fax pager email sms url other",
    "ContactPoint.use": "home work temp old mobile",
    "HumanName.use": "usual official temp nickname anonymous old maiden",
    "Address.use": "home work temp old billing",
    "Quantity.comparator": "< <= >= >",
    "Timing.repeat.periodUnit": "s min h d wk mo a",
    "Timing.repeat.durationUnit": "s min h d wk mo a",
    "Timing.repeat.dayOfWeek": "mon tue wed thu fri sat sun",
    "Narrative.status": "generated extensions additional empty",
}
# Concepts that fhircase knows, so that its own rules meet them; the rest have other people's codes.
CODINGS = {
    "Condition.clinicalStatus": ("condition-clinical", "active recurrence relapse inactive remission resolved"),
    "Condition.verificationStatus": (
        "condition-ver-status",
        "unconfirmed provisional differential confirmed refuted entered-in-error",
    ),
    "Condition.category": ("condition-category", "problem-list-item encounter-diagnosis"),
    "Goal.achievementStatus": ("goal-achievement", "in-progress improving achieved not-achieved"),
    "Task.code": ("service-type", "279 280"),
}
SYSTEMS = (
    "http://snomed.info/sct",
    "http://loinc.org",
    "urn:oid:1.2.3",
    "https://fhircase.org/fhir/CodeSystem/fhircase",
)
URLS = (
    "http://elsewhere.example/x",
    "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare",
    "http://hl7.org/fhir/StructureDefinition/workflow-statusReason",
    "http://hl7.org/fhir/StructureDefinition/request-statusReason",
    "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal",
    "https://fhircase.org/fhir/StructureDefinition/exact-status",
)
VALUES = {
    URLS[1]: "valueReference",
    URLS[2]: "valueCodeableConcept",
    URLS[3]: "valueCodeableConcept",
    URLS[4]: "valueReference",
    URLS[5]: "valueCode",
}


class Maker:
    """Makes resources of one FHIR version."""

    def __init__(self, fhir: str, seed: int, fill: float) -> None:
        self.fhir = fhir
        self.table: Elements = elements(fhir)
        self.dice = Dice(seed)
        self.fill = fill
        """How likely an element is there that need not be."""

    def resource(self, kind: str, *, inside: bool = False) -> Json:
        """A resource; with some that it contains."""
        made: Json = {"resourceType": kind}
        if inside or self.dice.random() < 0.8:
            made["id"] = self.id()
        if not inside and self.dice.random() < 0.4:
            contained = [self.resource(self.dice.choice(["Goal", "Patient", "Condition"]), inside=True) for _ in "ab"]
            made["contained"] = [{**each, "id": f"c{number}"} for number, each in enumerate(contained)]
        made |= self.object(kind, 0)
        return _sound(made)

    def object(self, parent: str, depth: int) -> Json:
        """An object of a type or a backbone element."""
        made: Json = {}
        left_out = {"modifierExtension", "implicitRules", "contained", "text"} | (
            {"id"} if "." not in parent else set()
        )
        chosen: set[str] = set()
        for element in self.table.below(parent):
            name = element.path.rpartition(".")[2]
            rivals = self.table.rivals(parent, name)
            there = self.dice.random() < (self.fill if depth < 2 else self.fill / 3) / (1 + len(rivals) ** 0.5)
            if name in left_out or chosen & set(rivals) or not (element.low or there):
                continue
            if name == "extension":
                made["extension"] = [self.extension(depth) for _ in range(self.dice.choice([1, 1, 2]))]
            elif depth > 4 and not (element.primitive or element.low):
                continue
            else:
                chosen.add(name)
                self.put(made, name, element, depth)
        if depth == 0 and self.dice.random() < 0.5:
            made["text"] = {"status": self.dice.choice(["generated", "additional"]), "div": "<div>x</div>"}
        return made or {"extension": [self.extension(9)]}

    def put(self, made: Json, name: str, element: Element, depth: int) -> None:
        """One element, with what is said beside it where it is a bare value."""
        if not element.primitive:
            make = self.value(element, depth)
            made[name] = (
                [self.value(element, depth) for _ in range(self.dice.choice([1, 1, 2, 3]))] if element.many else make
            )
            return
        beside = {"extension": [self.extension(9)]}
        if element.many:
            values = [self.bare(element) for _ in range(self.dice.choice([1, 2, 3]))]
            made[name] = values
            if self.dice.random() < 0.3:
                empty = self.dice.randrange(len(values) + 1)
                values.insert(empty, None)
                made[f"_{name}"] = [beside if at == empty else None for at in range(len(values))]
            return
        if self.dice.random() > 0.08 or name in (
            "url",
            "status",
            "intent",
            "lifecycleStatus",
            "decision",
            "meaning",
            "div",
        ):
            made[name] = self.bare(element)
        if name not in made or self.dice.random() < 0.08:
            absent = {"url": ABSENT, "valueCode": self.dice.choice(["unknown", "masked", "asked-declined"])}
            made[f"_{name}"] = beside if name in made else {"extension": [absent]}

    def value(self, element: Element, depth: int) -> Any:
        """One object."""
        kind = Elements.inside(element)
        if kind == "Reference":
            return self.reference()
        if kind == "CodeableConcept" and element.path in CODINGS and self.dice.random() < 0.7:
            system, codes = CODINGS[element.path]
            coding = {
                "system": f"http://terminology.hl7.org/CodeSystem/{system}",
                "code": self.dice.choice(codes.split()),
            }
            return {"coding": [*([self.object("Coding", depth + 1)] if self.dice.random() < 0.3 else []), coding]}
        if kind == "Extension":
            return self.extension(depth)
        if kind == "Resource":
            return {"resourceType": "Basic"}
        return self.object(kind, depth + 1)

    def bare(self, element: Element) -> Any:
        """One bare value."""
        if codes := CODES.get(f"{self.fhir} {element.path}") or CODES.get(element.path):
            return self.dice.choice(codes.split())
        return getattr(self, f"_{element.type.lower()}", self._string)()

    def extension(self, depth: int) -> Json:
        """An extension, sometimes one that fhircase knows."""
        url = self.dice.choice(URLS) if self.dice.random() < 0.5 else URLS[0]
        name = VALUES.get(
            url, self.dice.choice(["valueString", "valueBoolean", "valueDecimal", "valueReference", "valuePeriod"])
        )
        element = self.table.child("Extension", name)
        assert element is not None
        made = {"url": url, name: self.bare(element) if element.primitive else self.value(element, 5)}
        if url == URLS[5]:
            made[name] = "active"
        return {"url": URLS[0], "extension": [made]} if depth < 2 and self.dice.random() < 0.1 else made

    def reference(self) -> Json:
        """A Reference of any kind."""
        kind, number = (
            self.dice.choice(["Patient", "Goal", "Condition", "Practitioner", "Task", "CarePlan"]),
            self.dice.randrange(3),
        )
        text = self.dice.choice(
            [
                f"{kind}/{number}",
                f"{kind}/{number}/_history/{number}",
                f"https://elsewhere.example/fhir/{kind}/{number}",
                f"https://elsewhere.example/fhir/{kind}/{number}/_history/2",
                "urn:uuid:6f0c3e4e-0b6b-5d5e-9d5e-6d1f6c8a7f10",
                "urn:oid:1.2.3",
                "#c0",
                "#c1",
            ]
        )
        made: Json = {}
        if self.dice.random() < 0.8:
            made["reference"] = text
        for name, value in (("type", kind), ("identifier", self.object("Identifier", 5)), ("display", self._string())):
            if self.dice.random() < 0.3 or not made:
                made[name] = value
        if self.dice.random() < 0.1:
            made["extension"] = [self.extension(9)]
        return made

    def id(self) -> str:
        """An id of a resource or an element."""
        return self.dice.choice(["1", "2", "a.b-C", "x" * 64, "6f0c3e4e-0b6b-5d5e-9d5e-6d1f6c8a7f10"])

    def _string(self) -> str:
        return self.dice.choice([*NASTY, " ", "\n"]) if self.dice.random() < 0.3 else f"text {self.dice.randrange(9)}"

    def _boolean(self) -> bool:
        return self.dice.random() < 0.5

    def _decimal(self) -> Decimal:
        return Decimal(self.dice.choice(DECIMALS))

    def _integer(self) -> int:
        return self.dice.choice([-1, 0, 1, 99])

    def _unsignedint(self) -> int:
        return self.dice.choice([0, 1, 99])

    def _integer64(self) -> str:
        return self.dice.choice(["-1", "0", "9223372036854775807"])

    def _positiveint(self) -> int:
        return self.dice.choice([1, 2, 99])

    def _date(self) -> str:
        return self.dice.choice(["2026", "2026-02", "2024-02-29", "0001-01-01", "9999-12-31"])

    def _datetime(self) -> str:
        return self._instant() if self.dice.random() < 0.6 else self._date()

    def _instant(self) -> str:
        return f"2026-03-04T{self.dice.choice(CLOCKS)}{self.dice.choice([*ZONES, '-00:00', '+00:00'])}"

    def _time(self) -> str:
        return "10:11:12"

    def _code(self) -> str:
        return self.dice.choice(["a", "b-c", "some code", "1.2"])

    def _uri(self) -> str:
        return self.dice.choice(SYSTEMS)

    _url = _canonical = _oid = _uuid = _uri

    def _id(self) -> str:
        return self.id()

    def _base64binary(self) -> str:
        return "aGk="


def _says(concept: Any) -> bool:
    return isinstance(concept, dict) and (
        "text" in concept or any(c.keys() & {"code", "system", "display"} for c in concept.get("coding", ()))
    )


def _sound(node: Any) -> Any:
    """What FHIR's invariants forbid taken out: an aim without a measure, a coded unit without a system, and so on."""
    if isinstance(node, list):
        return [_sound(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {name: _sound(value) for name, value in node.items()}
    if "code" in made and "system" not in made and isinstance(made["code"], str) and "display" not in made:
        made.pop("code")
    if not _says(made.get("measure")):
        made = {
            name: value for name, value in made.items() if name == "detail" or not name.lstrip("_").startswith("detail")
        }
    if "repeat" in made and isinstance(made["repeat"], dict):
        repeat = made["repeat"]
        for one, other in (("period", "periodUnit"), ("duration", "durationUnit")):
            if repeat.get(one) is not None and repeat.get(other) is None:
                repeat[other] = "d"
    return made or {"extension": [{"url": URLS[0], "valueBoolean": True}]}
