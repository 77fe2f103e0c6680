"""Resources to records, through objects of `fhir.resources`."""

from base64 import b64encode
from typing import Any

from fhir.resources.R4B.annotation import Annotation
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.documentreference import DocumentReference
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.money import Money
from fhir.resources.R4B.period import Period
from fhir.resources.R4B.procedure import Procedure
from fhir.resources.R4B.provenance import Provenance
from fhir.resources.R4B.quantity import Quantity
from fhir.resources.R4B.reference import Reference
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task
from fhir.resources.R4B.timing import Timing

from benchmarks.by_hand import codes
from fhircase import model

Json = dict[str, Any]
CLASSES = {
    "ServiceRequest": ServiceRequest,
    "Task": Task,
    "Procedure": Procedure,
    "DocumentReference": DocumentReference,
}


def read(resources: list[Json]) -> model.Referral:
    """The referral in resources, through objects of `fhir.resources`.

    Raises:
        ValueError: there is none, or a code in it is not known.
    """
    typed = [CLASSES[resource["resourceType"]].model_validate(resource) for resource in resources]
    req = next(r for r in typed if isinstance(r, ServiceRequest) and r.intent in codes.ORDERS)
    if req.doNotPerform or req.implicitRules or req.modifierExtension:
        raise ValueError("no referral")
    by_id = {f"urn:uuid:{r.id}": r for r in typed}
    data = _read_request(req)
    _read_supporting(data, req, by_id)
    tasks = [r for r in typed if isinstance(r, Task) and by_id.get(r.focus.reference) is req]
    if offers := [_read_offer(task, by_id) for task in tasks if (codes.TASK_CODE, "fulfill") in _codes(task.code)]:
        data["offers"] = tuple(offers)
    return model.Referral.model_validate(data)


def _read_request(req: ServiceRequest) -> Json:
    data: Json = {"key": _key(req.identifier[0])}
    _put(data, "client", _link(req.subject))
    for extension in req.extension or ():
        if extension.url == codes.EPISODE:
            data["case"] = _link(extension.valueReference)
        elif extension.url == codes.STATUS_REASON:
            data["status_reason"] = _read_concept(extension.valueCodeableConcept)
        elif extension.url == codes.COST:
            data["cost"] = _read_money(extension.valueMoney)
        elif extension.url == codes.RELEASE:
            data["held_until"] = _moment(extension.valueDateTime)
    for based in req.basedOn or ():
        if based.type == "CarePlan":
            data["plan"] = _link(based)
            for extension in based.extension or ():
                if extension.url == codes.ACTIVITY:
                    data["activity"] = extension.valueString
    if (status := codes.REFERRAL_OF[req.status]) != "unspecified":
        data["status"] = status
    _read_history(data, req)
    categories = []
    for category in req.category or ():
        domain = next((code for system, code in _codes(category) if system == codes.DOMAIN), None)
        if domain is None:
            categories.append(_read_concept(category))
        elif domain in codes.DOMAINS:
            data["domain"] = domain
    _put(data, "categories", tuple(categories))
    _put(data, "service", _read_concept(req.code))
    if req.priority is not None and req.priority not in codes.PRIORITIES:
        raise ValueError("unknown priority")
    _put(data, "urgency", req.priority)
    _put(data, "sent", _moment(req.authoredOn))
    _put(data, "sender", _link(req.requester))
    _put(data, "needs", tuple([_link(need) for need in req.reasonReference or ()]))
    _put(data, "reasons", tuple([_read_concept(reason) for reason in req.reasonCode or ()]))
    _put(data, "goals", tuple([_link(e.valueReference) for e in req.extension or () if e.url == codes.GOAL]))
    _put(data, "when", _read_period(req.occurrencePeriod) or _read_timing(req.occurrenceTiming))
    if "when" not in data:
        _put(data, "when", _moment(req.occurrenceDateTime))
    _put(data, "quantity", _read_quantity(req.quantityQuantity))
    _put(data, "insurance", tuple([_link(link) for link in req.insurance or ()]))
    _put(data, "replaces", tuple([_link(link) for link in req.replaces or ()]))
    if any((codes.SDOH, "contacting-subject-prohibited") in _codes(detail) for detail in req.orderDetail or ()):
        data["do_not_contact"] = True
    _put(data, "instructions", req.patientInstruction)
    _put(data, "notes", tuple([_read_note(note) for note in req.note or ()]))
    return data


def _read_supporting(data: Json, req: ServiceRequest, by_id: dict[str, Any]) -> None:
    attachments, information = [], []
    for reference in req.supportingInfo or ():
        document = by_id.get(reference.reference)
        if reference.type == "Consent":
            data.setdefault("consent", _link(reference))
        elif isinstance(document, DocumentReference):
            attachments.append(_read_attachment(document))
        else:
            information.append(_link(reference))
    _put(data, "attachments", tuple(attachments))
    _put(data, "information", tuple(information))


def _read_attachment(document: DocumentReference) -> Json:
    if document.implicitRules or document.modifierExtension:
        raise ValueError("not safe")
    data: Json = {"id": document.identifier[0].value.rpartition(":")[2]}
    exact = next((e.valueCode for e in document.extension or () if e.url == codes.EXACT_STATUS), None)
    if (status := codes.ATTACHMENT_OF[document.status, exact]) != "unspecified":
        data["status"] = status
    _put(data, "kind", _read_concept(document.type))
    _put(data, "description", document.description)
    _put(data, "by", tuple([_link(author) for author in document.author or ()]))
    for content in document.content or ():
        data["document"] = said = {}
        for name, element in codes.DOCUMENT.items():
            value = getattr(content.attachment, element)
            _put(said, name, _moment(value) if name == "made" else value)
        if "hash" in said:
            said["hash"] = b64encode(said["hash"]).decode()
    return data


def _read_offer(task: Task, by_id: dict[str, Any]) -> Json:
    if task.implicitRules or task.modifierExtension:
        raise ValueError("not safe")
    data: Json = {"id": task.identifier[0].value.rpartition(":")[2]}
    _put(data, "agency", _link(task.owner))
    business = next((code for system, code in _codes(task.businessStatus) if system == codes.OWN), None)
    if (status := codes.OFFER_OF[task.status, business]) != "unspecified":
        data["status"] = status
    _put(data, "status_reason", _read_concept(task.statusReason))
    _put(data, "sent", _moment(task.authoredOn))
    _put(data, "requested", _read_period(task.restriction.period) if task.restriction else None)
    _put(data, "insurance", tuple([_link(link) for link in task.insurance or ()]))
    information = [
        _link(said.valueReference)
        for said in task.input or ()
        if (codes.SDOH, "additional-content") in _codes(said.type)
    ]
    _put(data, "information", tuple(information))
    _read_history(data, task)
    _put(data, "notes", tuple([_read_note(note) for note in task.note or ()]))
    outcomes = [
        _read_outcome(by_id[output.valueReference.reference])
        for output in task.output or ()
        if (codes.SDOH, "resulting-activity") in _codes(output.type)
    ]
    _put(data, "outcomes", tuple(outcomes))
    return data


def _read_outcome(procedure: Procedure) -> Json:
    if procedure.implicitRules or procedure.modifierExtension:
        raise ValueError("not safe")
    data: Json = {"id": procedure.identifier[0].value.rpartition(":")[2]}
    if procedure.status in codes.OUTCOMES:
        data["status"] = procedure.status
    _put(data, "what", _read_concept(procedure.code))
    if procedure.performer:
        _put(data, "by", _link(procedure.performer[0].actor))
    _put(data, "when", _read_period(procedure.performedPeriod) or _moment(procedure.performedDateTime))
    for extension in procedure.extension or ():
        if extension.url == codes.QUANTITY:
            data["quantity"] = _read_quantity(extension.valueQuantity)
        elif extension.url == codes.COST:
            data["cost"] = _read_money(extension.valueMoney)
    _put(data, "result", _read_concept(procedure.outcome))
    _put(data, "notes", tuple([_read_note(note) for note in procedure.note or ()]))
    return data


def _put(data: Json, name: str, value: Any) -> None:
    if value not in (None, (), {}):
        data[name] = value


def _moment(value: Any) -> Any:
    # `fhir.resources` has turned the text into dates and times; their text is the closest to what it was.
    return value.isoformat() if value is not None else None


def _key(identifier: Identifier) -> Json:
    namespace, _, kind = identifier.system.rpartition("/")
    return {"kind": kind, "namespace": namespace, "value": identifier.value}


def _codes(concept: CodeableConcept | None) -> list[tuple[Any, Any]]:
    return [(c.system, c.code) for c in concept.coding or ()] if concept is not None else []


def _link(node: Reference | None) -> Json:
    data: Json = {}
    if node is None:
        return data
    identifier = node.identifier
    if identifier is not None:
        if (identifier.system or "").rpartition("/")[2] in codes.RECORDS:
            data["record"] = _key(identifier)
        else:
            data["identifier"] = said = {}
            _put(said, "system", identifier.system)
            _put(said, "value", identifier.value)
            _put(said, "type", _read_concept(identifier.type))
    elif node.reference is not None:
        data["reference"] = node.reference
    _put(data, "display", node.display)
    return data


def _read_concept(node: CodeableConcept | None) -> Json | None:
    if node is None:
        return None
    data: Json = {}
    if node.coding:
        data["codings"] = codings = []
        for coding in node.coding:
            one: Json = {}
            _put(one, "system", coding.system)
            _put(one, "code", coding.code)
            _put(one, "display", coding.display)
            codings.append(one)
    _put(data, "text", node.text)
    return data


def _read_period(node: Period | None) -> Json | None:
    if node is None:
        return None
    data: Json = {}
    _put(data, "start", _moment(node.start))
    _put(data, "end", _moment(node.end))
    return data


def _read_quantity(node: Quantity | None) -> Json | None:
    if node is None:
        return None
    data: Json = {}
    for name in ("value", "comparator", "unit", "system", "code"):
        _put(data, name, getattr(node, name))
    return data


def _read_money(node: Money) -> Json:
    data: Json = {}
    _put(data, "value", node.value)
    _put(data, "currency", node.currency)
    return data


def _read_timing(node: Timing | None) -> Json | None:
    if node is None:
        return None
    data: Json = {}
    _put(data, "at", tuple([_moment(event) for event in node.event or ()]))
    if node.repeat is not None:
        _put(data, "bounds", _read_period(node.repeat.boundsPeriod))
        _put(data, "count", node.repeat.count)
        _put(data, "frequency", node.repeat.frequency)
        _put(data, "every", node.repeat.period)
        _put(data, "unit", node.repeat.periodUnit)
        _put(data, "days", tuple(node.repeat.dayOfWeek or ()))
    _put(data, "text", _read_concept(node.code))
    return data


def _read_note(node: Annotation) -> Json:
    data: Json = {}
    _put(data, "text", node.text)
    _put(data, "at", _moment(node.time))
    _put(data, "author", node.authorString or _link(node.authorReference))
    return data


def _read_history(data: Json, resource: Any) -> None:
    contained = {r.id: r for r in resource.contained or () if isinstance(r, Provenance)}
    changes = []
    for reference in resource.relevantHistory or ():
        made = contained.get(reference.reference[1:])
        if made is None or made.target[0].display != codes.HISTORY:
            continue
        change = {"status": made.activity.coding[0].code, "at": _moment(made.occurredDateTime)}
        _put(change, "by", _link(made.agent[0].who))
        if made.reason:
            change["reason"] = _read_concept(made.reason[0])
        changes.append(change)
    _put(data, "history", tuple(changes))
