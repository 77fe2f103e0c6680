"""Resources to records, on plain dicts."""

from typing import Any

from benchmarks.by_hand import codes
from fhircase.model import Referral

Json = dict[str, Any]


def read(resources: list[Json]) -> Referral:
    """The referral in resources that were written by `plain.writing`.

    Raises:
        ValueError: there is none, or a code in it is not known.
    """
    req = next(r for r in resources if r["resourceType"] == "ServiceRequest" and r.get("intent") in codes.ORDERS)
    if req.get("doNotPerform") or req.get("implicitRules") or "modifierExtension" in req:
        raise ValueError("no referral")
    by_id = {f"urn:uuid:{r['id']}": r for r in resources}
    data = _read_request(req)
    _read_supporting(data, req, by_id)
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
        elif extension["url"] == codes.COST:
            data["cost"] = dict(extension["valueMoney"])
        elif extension["url"] == codes.RELEASE:
            data["held_until"] = extension["valueDateTime"]
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
    if insurance := req.get("insurance"):
        data["insurance"] = tuple([_link(link) for link in insurance])
    if replaces := req.get("replaces"):
        data["replaces"] = tuple([_link(link) for link in replaces])
    if any((codes.SDOH, "contacting-subject-prohibited") in _codes(detail) for detail in req.get("orderDetail", ())):
        data["do_not_contact"] = True
    _put(data, "instructions", req.get("patientInstruction"))
    if notes := req.get("note"):
        data["notes"] = tuple([_read_note(note) for note in notes])
    return data


def _read_supporting(data: Json, req: Json, by_id: dict[str, Json]) -> None:
    attachments, information = [], []
    for reference in req.get("supportingInfo", ()):
        document = by_id.get(reference.get("reference"))
        if reference.get("type") == "Consent":
            data.setdefault("consent", _link(reference))
        elif document is not None and document["resourceType"] == "DocumentReference":
            attachments.append(_read_attachment(document))
        else:
            information.append(_link(reference))
    if attachments:
        data["attachments"] = tuple(attachments)
    if information:
        data["information"] = tuple(information)


def _read_attachment(document: Json) -> Json:
    if document.get("implicitRules") or "modifierExtension" in document:
        raise ValueError("not safe")
    data: Json = {"id": document["identifier"][0]["value"].rpartition(":")[2]}
    exact = next((e["valueCode"] for e in document.get("extension", ()) if e["url"] == codes.EXACT_STATUS), None)
    if (status := codes.ATTACHMENT_OF[document["status"], exact]) != "unspecified":
        data["status"] = status
    _put(data, "kind", document.get("type"), _read_concept)
    _put(data, "description", document.get("description"))
    if authors := document.get("author"):
        data["by"] = tuple([_link(author) for author in authors])
    for content in document.get("content", ()):
        said = content["attachment"]
        data["document"] = {name: said[element] for name, element in codes.DOCUMENT.items() if element in said}
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
    _put(data, "requested", task.get("restriction", {}).get("period"), dict)
    if insurance := task.get("insurance"):
        data["insurance"] = tuple([_link(link) for link in insurance])
    information = [
        _link(said["valueReference"])
        for said in task.get("input", ())
        if (codes.SDOH, "additional-content") in _codes(said["type"])
    ]
    if information:
        data["information"] = tuple(information)
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
        elif extension["url"] == codes.COST:
            data["cost"] = dict(extension["valueMoney"])
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
