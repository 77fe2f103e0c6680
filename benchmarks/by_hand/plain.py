"""The referral's mapping by hand on plain dicts: about as fast as Python that builds and validates the same can be."""

from typing import Any

from benchmarks.by_hand import codes
from fhircase.mapping.context import urn
from fhircase.mapping.narrative import narrate
from fhircase.model import Concept, Link, Note, Period, Quantity, Recurrence, Referral

Json = dict[str, Any]


def write(record: Referral) -> list[Json]:
    """A new referral as resources."""
    key, system = record.key, f"{record.key.namespace}/referral"

    def new(kind: str, role: str) -> Json:
        return {"resourceType": kind, "id": urn(key.kind, key.namespace, key.value, role)}

    req = new("ServiceRequest", "req")
    tasks, procedures = [], []
    _request(record, req, system)
    address = {"reference": f"urn:uuid:{req['id']}"}
    for offer in record.offers:
        task = new("Task", f"task:{offer.id}")
        tasks.append(task)
        task["focus"] = dict(address)
        task["identifier"] = [{"system": f"{key.namespace}/offer", "value": f"{key.value}:{offer.id}"}]
        task["code"] = {"coding": [{"system": codes.TASK_CODE, "code": "fulfill"}]}
        task["intent"] = "order"
        task["for"] = _copy(req["subject"])
        if record.sender is not None:
            task["requester"] = _copy(req["requester"])
        if "priority" in req:
            task["priority"] = req["priority"]
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
        if offer.history:
            _history(task, offer.history)
        if offer.notes:
            task["note"] = [_note(note) for note in offer.notes]
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
            made["status"] = "unknown" if outcome.status == "unspecified" else outcome.status
            if outcome.what is not None:
                made["code"] = _concept(outcome.what)
            if outcome.by is not None:
                made["performer"] = [{"actor": _reference(outcome.by)}]
            if isinstance(outcome.when, str):
                made["performedDateTime"] = outcome.when
            elif outcome.when is not None:
                made["performedPeriod"] = _period(outcome.when)
            if outcome.quantity is not None:
                made["extension"] = [{"url": codes.QUANTITY, "valueQuantity": _quantity(outcome.quantity)}]
            if outcome.result is not None:
                made["outcome"] = _concept(outcome.result)
            if outcome.notes:
                made["note"] = [_note(note) for note in outcome.notes]
    resources = [req, *tasks, *procedures]
    for resource in resources:
        narrate(resource)
    return resources


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


def read(resources: list[Json]) -> Referral:
    """The referral in resources that were written as above.

    Raises:
        ValueError: there is none, or a code in it is not known.
    """
    req = next(r for r in resources if r["resourceType"] == "ServiceRequest" and r.get("intent") in codes.ORDERS)
    if req.get("doNotPerform") or req.get("implicitRules") or "modifierExtension" in req:
        raise ValueError("no referral")
    by_id = {f"urn:uuid:{r['id']}": r for r in resources}
    data = _read_request(req)
    tasks = [r for r in resources if r["resourceType"] == "Task" and by_id.get(r["focus"]["reference"]) is req]
    offers = [_read_offer(task, by_id) for task in tasks if _codes(task["code"])[0] == (codes.TASK_CODE, "fulfill")]
    if offers:
        data["offers"] = tuple(offers)
    return Referral.model_validate(data)


def _read_request(req: Json) -> Json:
    data: Json = {"key": _key(req["identifier"][0])}
    extensions = req.get("extension", ())
    _put(data, "client", req.get("subject"), _link)
    for extension in extensions:
        if extension["url"] == codes.EPISODE:
            data["case"] = _link(extension["valueReference"])
        elif extension["url"] == codes.STATUS_REASON:
            data["status_reason"] = _read_concept(extension["valueCodeableConcept"])
    for based in req.get("basedOn", ()):
        if based.get("type") == "CarePlan":
            data["plan"] = _link(based)
            for extension in based.get("extension", ()):
                if extension["url"] == codes.ACTIVITY:
                    data["activity"] = extension["valueString"]
    if (status := codes.REFERRAL_OF[req["status"]]) != "unspecified":
        data["status"] = status
    _read_history(data, req)
    categories = []
    for category in req.get("category", ()):
        domain = next((code for system, code in _codes(category) if system == codes.DOMAIN), None)
        if domain is None:
            categories.append(_read_concept(category))
        elif domain in codes.DOMAINS:
            data["domain"] = domain
    if categories:
        data["categories"] = tuple(categories)
    _put(data, "service", req.get("code"), _read_concept)
    _put(data, "urgency", req.get("priority"), _known_priority)
    _put(data, "sent", req.get("authoredOn"))
    _put(data, "sender", req.get("requester"), _link)
    if needs := req.get("reasonReference"):
        data["needs"] = tuple([_link(need) for need in needs])
    if reasons := req.get("reasonCode"):
        data["reasons"] = tuple([_read_concept(reason) for reason in reasons])
    if goals := [_link(e["valueReference"]) for e in extensions if e["url"] == codes.GOAL]:
        data["goals"] = tuple(goals)
    if "occurrencePeriod" in req:
        data["when"] = dict(req["occurrencePeriod"])
    elif "occurrenceTiming" in req:
        data["when"] = _read_timing(req["occurrenceTiming"])
    else:
        _put(data, "when", req.get("occurrenceDateTime"))
    _put(data, "quantity", req.get("quantityQuantity"), dict)
    if any((codes.SDOH, "contacting-subject-prohibited") in _codes(detail) for detail in req.get("orderDetail", ())):
        data["do_not_contact"] = True
    _put(data, "instructions", req.get("patientInstruction"))
    if notes := req.get("note"):
        data["notes"] = tuple([_read_note(note) for note in notes])
    return data


def _read_offer(task: Json, by_id: dict[str, Json]) -> Json:
    if task.get("implicitRules") or "modifierExtension" in task:
        raise ValueError("not safe")
    data: Json = {"id": task["identifier"][0]["value"].rpartition(":")[2]}
    _put(data, "agency", task.get("owner"), _link)
    business = next((code for system, code in _codes(task.get("businessStatus", {})) if system == codes.OWN), None)
    if (status := codes.OFFER_OF[task["status"], business]) != "unspecified":
        data["status"] = status
    _put(data, "status_reason", task.get("statusReason"), _read_concept)
    _put(data, "sent", task.get("authoredOn"))
    _read_history(data, task)
    if notes := task.get("note"):
        data["notes"] = tuple([_read_note(note) for note in notes])
    outcomes = [
        _read_outcome(by_id[output["valueReference"]["reference"]])
        for output in task.get("output", ())
        if (codes.SDOH, "resulting-activity") in _codes(output["type"])
    ]
    if outcomes:
        data["outcomes"] = tuple(outcomes)
    return data


def _read_outcome(procedure: Json) -> Json:
    if procedure.get("implicitRules") or "modifierExtension" in procedure:
        raise ValueError("not safe")
    data: Json = {"id": procedure["identifier"][0]["value"].rpartition(":")[2]}
    if procedure["status"] in codes.OUTCOMES:
        data["status"] = procedure["status"]
    _put(data, "what", procedure.get("code"), _read_concept)
    if performers := procedure.get("performer"):
        data["by"] = _link(performers[0]["actor"])
    _put(data, "when", procedure.get("performedPeriod"), dict)
    if "when" not in data:
        _put(data, "when", procedure.get("performedDateTime"))
    for extension in procedure.get("extension", ()):
        if extension["url"] == codes.QUANTITY:
            data["quantity"] = dict(extension["valueQuantity"])
    _put(data, "result", procedure.get("outcome"), _read_concept)
    if notes := procedure.get("note"):
        data["notes"] = tuple([_read_note(note) for note in notes])
    return data


def _put(data: Json, name: str, value: Any, read: Any = None) -> None:
    if value is not None and (found := read(value) if read else value):
        data[name] = found


def _key(identifier: Json) -> Json:
    namespace, _, kind = identifier["system"].rpartition("/")
    return {"kind": kind, "namespace": namespace, "value": identifier["value"]}


def _known_priority(code: str) -> str:
    if code not in codes.PRIORITIES:
        raise ValueError("unknown priority")
    return code


def _codes(concept: Json) -> list[tuple[Any, Any]]:
    return [(coding.get("system"), coding.get("code")) for coding in concept.get("coding", ())]


def _link(node: Json) -> Json:
    data: Json = {}
    if (identifier := node.get("identifier")) is not None:
        if identifier.get("system", "").rpartition("/")[2] in codes.RECORDS:
            data["record"] = _key(identifier)
        else:
            data["identifier"] = said = {n: identifier[n] for n in ("system", "value") if n in identifier}
            _put(said, "type", identifier.get("type"), _read_concept)
    elif "reference" in node:
        data["reference"] = node["reference"]
    _put(data, "display", node.get("display"))
    return data


def _read_concept(node: Json) -> Json:
    data: Json = {}
    if codings := node.get("coding"):
        data["codings"] = tuple(
            [{name: coding[name] for name in ("system", "code", "display") if name in coding} for coding in codings]
        )
    _put(data, "text", node.get("text"))
    return data


def _read_timing(node: Json) -> Json:
    data, repeat = {}, node.get("repeat", {})
    if events := node.get("event"):
        data["at"] = tuple(events)
    _put(data, "bounds", repeat.get("boundsPeriod"), dict)
    for name, element in (("count", "count"), ("frequency", "frequency"), ("every", "period"), ("unit", "periodUnit")):
        _put(data, name, repeat.get(element))
    if days := repeat.get("dayOfWeek"):
        data["days"] = tuple(days)
    _put(data, "text", node.get("code"), _read_concept)
    return data


def _read_note(node: Json) -> Json:
    data: Json = {}
    _put(data, "text", node.get("text"))
    _put(data, "at", node.get("time"))
    if "authorString" in node:
        data["author"] = node["authorString"]
    else:
        _put(data, "author", node.get("authorReference"), _link)
    return data


def _read_history(data: Json, resource: Json) -> None:
    contained = {r["id"]: r for r in resource.get("contained", ()) if r["resourceType"] == "Provenance"}
    changes = []
    for reference in resource.get("relevantHistory", ()):
        made = contained.get(reference["reference"][1:])
        if made is None or made["target"][0].get("display") != codes.HISTORY:
            continue
        change = {"status": made["activity"]["coding"][0]["code"], "at": made["occurredDateTime"]}
        _put(change, "by", made["agent"][0]["who"], _link)
        if reasons := made.get("reason"):
            change["reason"] = _read_concept(reasons[0])
        changes.append(change)
    if changes:
        data["history"] = tuple(changes)
