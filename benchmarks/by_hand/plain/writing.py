"""Records to resources, on plain dicts."""

from typing import Any

from benchmarks.by_hand import codes
from fhircase.mapping.context import urn
from fhircase.mapping.narrative import narrate
from fhircase.model import (
    Attachment,
    Concept,
    Link,
    Money,
    Note,
    Offer,
    Outcome,
    Period,
    Quantity,
    Recurrence,
    Referral,
)

Json = dict[str, Any]


def write(record: Referral) -> list[Json]:
    """A new referral as resources."""
    key, system = record.key, f"{record.key.namespace}/referral"

    def new(kind: str, role: str) -> Json:
        return {"resourceType": kind, "id": urn(key.kind, key.namespace, key.value, role)}

    req = new("ServiceRequest", "req")
    documents, tasks, procedures = [], [], []
    _request(record, req, system)
    for attachment in record.attachments:
        made = new("DocumentReference", f"document:{attachment.id}")
        documents.append(made)
        made["identifier"] = [{"system": f"{key.namespace}/attachment", "value": f"{key.value}:{attachment.id}"}]
        made["subject"] = _copy(req["subject"])
        _document(made, attachment)
    supporting = [{"reference": f"urn:uuid:{document['id']}"} for document in documents]
    if record.consent is not None:
        supporting.insert(0, _reference(record.consent, kind="Consent"))
    supporting += [_reference(link) for link in record.information]
    if supporting:
        req["supportingInfo"] = supporting
    address = {"reference": f"urn:uuid:{req['id']}"}
    for offer in record.offers:
        task = new("Task", f"task:{offer.id}")
        tasks.append(task)
        task["focus"] = dict(address)
        task["identifier"] = [{"system": f"{key.namespace}/offer", "value": f"{key.value}:{offer.id}"}]
        task["for"] = _copy(req["subject"])
        if record.sender is not None:
            task["requester"] = _copy(req["requester"])
        if "priority" in req:
            task["priority"] = req["priority"]
        _task(task, offer)
        for outcome in offer.outcomes:
            made = new("Procedure", f"outcome:{offer.id}:{outcome.id}")
            procedures.append(made)
            task.setdefault("output", []).append(
                {
                    "type": {"coding": [{"system": codes.SDOH, "code": "resulting-activity"}]},
                    "valueReference": {"reference": f"urn:uuid:{made['id']}"},
                }
            )
            made["identifier"] = [
                {"system": f"{key.namespace}/outcome", "value": f"{key.value}:{offer.id}:{outcome.id}"}
            ]
            made["subject"] = _copy(req["subject"])
            made["basedOn"] = [dict(address)]
            _procedure(made, outcome)
    resources = [req, *documents, *tasks, *procedures]
    for resource in resources:
        narrate(resource)
    return resources


def _task(task: Json, offer: Offer) -> None:
    task["code"] = {"coding": [{"system": codes.TASK_CODE, "code": "fulfill"}]}
    task["intent"] = "order"
    if offer.agency is not None:
        task["owner"] = _reference(offer.agency)
    status, business = codes.OFFERS[offer.status]
    task["status"] = status
    if business is not None:
        task["businessStatus"] = {"coding": [{"system": codes.OWN, "code": business}]}
    if offer.status_reason is not None:
        task["statusReason"] = _concept(offer.status_reason)
    if offer.sent is not None:
        task["authoredOn"] = offer.sent
    if offer.requested is not None:
        task["restriction"] = {"period": _period(offer.requested)}
    if offer.insurance:
        task["insurance"] = [_reference(link) for link in offer.insurance]
    if offer.information:
        task["input"] = [
            {
                "type": {"coding": [{"system": codes.SDOH, "code": "additional-content"}]},
                "valueReference": _reference(link),
            }
            for link in offer.information
        ]
    if offer.history:
        _history(task, offer.history)
    if offer.notes:
        task["note"] = [_note(note) for note in offer.notes]


def _procedure(made: Json, outcome: Outcome) -> None:
    made["status"] = "unknown" if outcome.status == "unspecified" else outcome.status
    if outcome.what is not None:
        made["code"] = _concept(outcome.what)
    if outcome.by is not None:
        made["performer"] = [{"actor": _reference(outcome.by)}]
    if isinstance(outcome.when, str):
        made["performedDateTime"] = outcome.when
    elif outcome.when is not None:
        made["performedPeriod"] = _period(outcome.when)
    extensions: list[Json] = []
    if outcome.quantity is not None:
        extensions.append({"url": codes.QUANTITY, "valueQuantity": _quantity(outcome.quantity)})
    if outcome.cost is not None:
        extensions.append({"url": codes.COST, "valueMoney": _money(outcome.cost)})
    if extensions:
        made["extension"] = extensions
    if outcome.result is not None:
        made["outcome"] = _concept(outcome.result)
    if outcome.notes:
        made["note"] = [_note(note) for note in outcome.notes]


def _document(made: Json, attachment: Attachment) -> None:
    status, exact = codes.ATTACHMENTS[attachment.status]
    made["status"] = status
    if exact is not None:
        made["extension"] = [{"url": codes.EXACT_STATUS, "valueCode": exact}]
    if attachment.kind is not None:
        made["type"] = _concept(attachment.kind)
    if attachment.description is not None:
        made["description"] = attachment.description
    if attachment.by:
        made["author"] = [_reference(link) for link in attachment.by]
    if attachment.document is not None:
        said = {
            element: value
            for name, element in codes.DOCUMENT.items()
            if (value := getattr(attachment.document, name)) is not None
        }
        made["content"] = [{"attachment": said}]


def _request(record: Referral, req: Json, system: str) -> None:
    label = {"coding": [{"system": codes.IDENTIFIER_TYPE, "code": "PLAC"}]}
    req["identifier"] = [{"type": label, "system": system, "value": record.key.value}]
    req["intent"] = "order"
    req["subject"] = {"extension": [dict(codes.UNKNOWN["extension"][0])]}
    if record.client is not None:
        req["subject"] = _reference(record.client, kind="Patient")
    extensions = []
    if record.case is not None:
        extensions.append({"url": codes.EPISODE, "valueReference": _reference(record.case, "eoc")})
    if record.plan is not None:
        based = _reference(record.plan, "plan", "CarePlan")
        if record.activity is not None:
            based["extension"] = [{"url": codes.ACTIVITY, "valueString": record.activity}]
        req["basedOn"] = [based]
    req["status"] = codes.STATUSES[record.status]
    if record.status_reason is not None:
        extensions.append({"url": codes.STATUS_REASON, "valueCodeableConcept": _concept(record.status_reason)})
    if record.history:
        _history(req, record.history)
    categories = []
    if record.domain != "unspecified":
        categories.append({"coding": [{"system": codes.DOMAIN, "code": record.domain}]})
    categories += [_concept(category) for category in record.categories]
    if categories:
        req["category"] = categories
    if record.service is not None:
        req["code"] = _concept(record.service)
    if record.urgency != "unspecified":
        req["priority"] = record.urgency
    if record.sent is not None:
        req["authoredOn"] = record.sent
    if record.sender is not None:
        req["requester"] = _reference(record.sender)
    if record.needs:
        req["reasonReference"] = [_reference(need) for need in record.needs]
    if record.reasons:
        req["reasonCode"] = [_concept(reason) for reason in record.reasons]
    extensions += [{"url": codes.GOAL, "valueReference": _reference(goal)} for goal in record.goals]
    if record.cost is not None:
        extensions.append({"url": codes.COST, "valueMoney": _money(record.cost)})
    if record.held_until is not None:
        extensions.append({"url": codes.RELEASE, "valueDateTime": record.held_until})
    if extensions:
        req["extension"] = extensions
    if isinstance(record.when, str):
        req["occurrenceDateTime"] = record.when
    elif isinstance(record.when, Period):
        req["occurrencePeriod"] = _period(record.when)
    elif record.when is not None:
        req["occurrenceTiming"] = _timing(record.when)
    if record.quantity is not None:
        req["quantityQuantity"] = _quantity(record.quantity)
    if record.insurance:
        req["insurance"] = [_reference(link) for link in record.insurance]
    if record.replaces:
        req["replaces"] = [_reference(link) for link in record.replaces]
    if record.do_not_contact:
        req["orderDetail"] = [{"coding": [{"system": codes.SDOH, "code": "contacting-subject-prohibited"}]}]
    if record.instructions is not None:
        req["patientInstruction"] = record.instructions
    if record.notes:
        req["note"] = [_note(note) for note in record.notes]


def _copy(node: Json) -> Json:
    return {name: dict(value) if isinstance(value, dict) else value for name, value in node.items()}


def _reference(link: Link, role: str = "", kind: str = "") -> Json:
    node: Json = {}
    if link.record is not None:
        key = link.record
        if role:
            node["reference"] = f"urn:uuid:{urn(key.kind, key.namespace, key.value, role)}"
        node["identifier"] = {"system": f"{key.namespace}/{key.kind}", "value": key.value}
    else:
        if link.reference is not None:
            node["reference"] = link.reference
        if link.identifier is not None:
            node["identifier"] = said = {}
            if link.identifier.system is not None:
                said["system"] = link.identifier.system
            if link.identifier.value is not None:
                said["value"] = link.identifier.value
            if link.identifier.type is not None:
                said["type"] = _concept(link.identifier.type)
    if kind:
        node["type"] = kind
    if link.display is not None:
        node["display"] = link.display
    return node


def _concept(concept: Concept) -> Json:
    node: Json = {}
    if concept.codings:
        node["coding"] = codings = []
        for coding in concept.codings:
            one = {}
            if coding.system is not None:
                one["system"] = coding.system
            if coding.code is not None:
                one["code"] = coding.code
            if coding.display is not None:
                one["display"] = coding.display
            codings.append(one)
    if concept.text is not None:
        node["text"] = concept.text
    return node


def _period(period: Period) -> Json:
    node: Json = {}
    if period.start is not None:
        node["start"] = period.start
    if period.end is not None:
        node["end"] = period.end
    return node


def _quantity(quantity: Quantity) -> Json:
    return {
        name: value
        for name in ("value", "comparator", "unit", "system", "code")
        if (value := getattr(quantity, name)) is not None
    }


def _money(money: Money) -> Json:
    return {name: value for name in ("value", "currency") if (value := getattr(money, name)) is not None}


def _timing(when: Recurrence) -> Json:
    repeat: Json = {}
    if when.bounds is not None:
        repeat["boundsPeriod"] = _period(when.bounds)
    for name, value in (("count", when.count), ("frequency", when.frequency), ("period", when.every)):
        if value is not None:
            repeat[name] = value
    if when.unit is not None:
        repeat["periodUnit"] = when.unit
    if when.days:
        repeat["dayOfWeek"] = list(when.days)
    node: Json = {}
    if when.at:
        node["event"] = list(when.at)
    if repeat:
        node["repeat"] = repeat
    if when.text is not None:
        node["code"] = _concept(when.text)
    return node


def _note(note: Note) -> Json:
    node: Json = {}
    if note.text is not None:
        node["text"] = note.text
    else:
        node["_text"] = {"extension": [dict(codes.UNKNOWN["extension"][0])]}
    if note.at is not None:
        node["time"] = note.at
    if isinstance(note.author, str):
        node["authorString"] = note.author
    elif note.author is not None:
        node["authorReference"] = _reference(note.author)
    return node


def _history(resource: Json, changes: Any) -> None:
    resource["relevantHistory"] = [{"reference": f"#history-{n}"} for n in range(1, len(changes) + 1)]
    resource["contained"] = contained = []
    for number, change in enumerate(changes, start=1):
        made: Json = {
            "resourceType": "Provenance",
            "id": f"history-{number}",
            "target": [{"display": codes.HISTORY}],
            "_recorded": {"extension": [dict(codes.UNKNOWN["extension"][0])]},
            "activity": {"coding": [{"system": codes.STATUS, "code": change.status}]},
            "occurredDateTime": change.at,
            "agent": [{"who": {"extension": [dict(codes.UNKNOWN["extension"][0])]}}],
        }
        if change.by is not None:
            made["agent"] = [{"who": _reference(change.by)}]
        if change.reason is not None:
            made["reason"] = [_concept(change.reason)]
        contained.append(made)
