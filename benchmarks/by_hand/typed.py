"""The referral's mapping by hand on `fhir.resources` models, as such adapters are written in Python today."""

from typing import Any

from fhir.resources.R4B.annotation import Annotation
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.coding import Coding
from fhir.resources.R4B.extension import Extension
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.period import Period
from fhir.resources.R4B.procedure import Procedure, ProcedurePerformer
from fhir.resources.R4B.provenance import Provenance, ProvenanceAgent
from fhir.resources.R4B.quantity import Quantity
from fhir.resources.R4B.reference import Reference
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task, TaskOutput
from fhir.resources.R4B.timing import Timing, TimingRepeat

from benchmarks.by_hand import codes
from fhircase import model
from fhircase.mapping.context import urn
from fhircase.mapping.narrative import narrate

Json = dict[str, Any]
CLASSES = {"ServiceRequest": ServiceRequest, "Task": Task, "Procedure": Procedure}
UNKNOWN = codes.UNKNOWN


def write(record: model.Referral) -> list[Json]:
    """A new referral as resources, through objects of `fhir.resources`, and with its own dump."""
    resources = [made.model_dump() for made in objects(record)]
    for resource in resources:
        narrate(resource)
    return resources


def objects(record: model.Referral) -> list[Any]:
    """The objects."""
    key = record.key
    req = _request(record)
    address = f"urn:uuid:{req.id}"
    tasks, procedures = [], []
    for offer in record.offers:
        made = [_procedure(record, offer, outcome, req, address) for outcome in offer.outcomes]
        status, business = codes.OFFERS[offer.status]
        task = Task(
            id=urn(key.kind, key.namespace, key.value, f"task:{offer.id}"),
            identifier=[Identifier(system=f"{key.namespace}/offer", value=f"{key.value}:{offer.id}")],
            focus=Reference(reference=address),
            code=_code(codes.TASK_CODE, "fulfill"),
            intent="order",
            status=status,
            businessStatus=_code(codes.OWN, business) if business else None,
            statusReason=_concept(offer.status_reason),
            authoredOn=offer.sent,
            owner=_reference(offer.agency),
            requester=req.requester,
            priority=req.priority,
            note=[_note(note) for note in offer.notes] or None,
            output=[
                TaskOutput(
                    type=_code(codes.SDOH, "resulting-activity"),
                    valueReference=Reference(reference=f"urn:uuid:{procedure.id}"),
                )
                for procedure in made
            ]
            or None,
            **{"for": req.subject},
            **_history(offer.history),
        )
        tasks.append(task)
        procedures += made
    return [req, *tasks, *procedures]


def _procedure(record: model.Referral, offer: Any, outcome: Any, req: ServiceRequest, address: str) -> Procedure:
    key = record.key
    quantity = outcome.quantity
    return Procedure(
        id=urn(key.kind, key.namespace, key.value, f"outcome:{offer.id}:{outcome.id}"),
        identifier=[
            Identifier(system=f"{key.namespace}/outcome", value=f"{key.value}:{offer.id}:{outcome.id}"),
        ],
        extension=[Extension(url=codes.QUANTITY, valueQuantity=_quantity(quantity))] if quantity else None,
        subject=req.subject,
        basedOn=[Reference(reference=address)],
        status="unknown" if outcome.status == "unspecified" else outcome.status,
        code=_concept(outcome.what),
        performer=[ProcedurePerformer(actor=_reference(outcome.by))] if outcome.by else None,
        performedDateTime=outcome.when if isinstance(outcome.when, str) else None,
        performedPeriod=_period(outcome.when) if isinstance(outcome.when, model.Period) else None,
        outcome=_concept(outcome.result),
        note=[_note(note) for note in outcome.notes] or None,
    )


def _request(record: model.Referral) -> ServiceRequest:
    key = record.key
    based = None
    if record.plan is not None:
        based = _reference(record.plan, "plan", "CarePlan")
        if record.activity is not None:
            based.extension = [Extension(url=codes.ACTIVITY, valueString=record.activity)]
    extensions = []
    if record.case is not None:
        extensions.append(Extension(url=codes.EPISODE, valueReference=_reference(record.case, "eoc")))
    if record.status_reason is not None:
        extensions.append(Extension(url=codes.STATUS_REASON, valueCodeableConcept=_concept(record.status_reason)))
    extensions += [Extension(url=codes.GOAL, valueReference=_reference(goal)) for goal in record.goals]
    categories = [_code(codes.DOMAIN, record.domain)] if record.domain != "unspecified" else []
    categories += [_concept(category) for category in record.categories]
    when = record.when
    return ServiceRequest(
        id=urn(key.kind, key.namespace, key.value, "req"),
        identifier=[
            Identifier(type=_code(codes.IDENTIFIER_TYPE, "PLAC"), system=f"{key.namespace}/referral", value=key.value)
        ],
        extension=extensions or None,
        intent="order",
        subject=_reference(record.client, kind="Patient") or Reference(**UNKNOWN),
        basedOn=[based] if based else None,
        status=codes.STATUSES[record.status],
        category=categories or None,
        code=_concept(record.service),
        priority=record.urgency if record.urgency != "unspecified" else None,
        authoredOn=record.sent,
        requester=_reference(record.sender),
        reasonReference=[_reference(need) for need in record.needs] or None,
        reasonCode=[_concept(reason) for reason in record.reasons] or None,
        occurrenceDateTime=when if isinstance(when, str) else None,
        occurrencePeriod=_period(when) if isinstance(when, model.Period) else None,
        occurrenceTiming=_timing(when) if isinstance(when, model.Recurrence) else None,
        quantityQuantity=_quantity(record.quantity) if record.quantity else None,
        orderDetail=[_code(codes.SDOH, "contacting-subject-prohibited")] if record.do_not_contact else None,
        patientInstruction=record.instructions,
        note=[_note(note) for note in record.notes] or None,
        **_history(record.history),
    )


def _reference(link: model.Link | None, role: str = "", kind: str | None = None) -> Any:
    if link is None:
        return None
    if link.record is not None:
        key = link.record
        return Reference(
            reference=f"urn:uuid:{urn(key.kind, key.namespace, key.value, role)}" if role else None,
            identifier=Identifier(system=f"{key.namespace}/{key.kind}", value=key.value),
            type=kind,
            display=link.display,
        )
    said = link.identifier
    return Reference(
        reference=link.reference,
        identifier=Identifier(system=said.system, value=said.value, type=_concept(said.type)) if said else None,
        type=kind,
        display=link.display,
    )


def _code(system: str, code: str) -> CodeableConcept:
    return CodeableConcept(coding=[Coding(system=system, code=code)])


def _concept(concept: model.Concept | None) -> Any:
    if concept is None:
        return None
    codings = [Coding(system=c.system, code=c.code, display=c.display) for c in concept.codings]
    return CodeableConcept(coding=codings or None, text=concept.text)


def _period(period: model.Period) -> Period:
    return Period(start=period.start, end=period.end)


def _quantity(quantity: model.Quantity) -> Quantity:
    return Quantity(
        value=quantity.value,
        comparator=quantity.comparator,
        unit=quantity.unit,
        system=quantity.system,
        code=quantity.code,
    )


def _timing(when: model.Recurrence) -> Timing:
    repeat = TimingRepeat(
        boundsPeriod=_period(when.bounds) if when.bounds else None,
        count=when.count,
        frequency=when.frequency,
        period=when.every,
        periodUnit=when.unit,
        dayOfWeek=list(when.days) or None,
    )
    return Timing(event=list(when.at) or None, repeat=repeat, code=_concept(when.text))


def _note(note: model.Note) -> Annotation:
    said: Json = {"text": note.text} if note.text is not None else {"text__ext": UNKNOWN}
    author = note.author
    return Annotation(
        time=note.at,
        authorString=author if isinstance(author, str) else None,
        authorReference=_reference(author) if isinstance(author, model.Link) else None,
        **said,
    )


def _history(changes: Any) -> Json:
    if not changes:
        return {}
    made = [
        Provenance(
            id=f"history-{number}",
            target=[Reference(display=codes.HISTORY)],
            recorded__ext=UNKNOWN,
            activity=_code(codes.STATUS, change.status),
            occurredDateTime=change.at,
            agent=[ProvenanceAgent(who=_reference(change.by) or Reference(**UNKNOWN))],
            reason=[_concept(change.reason)] if change.reason else None,
        )
        for number, change in enumerate(changes, start=1)
    ]
    return {"contained": made, "relevantHistory": [Reference(reference=f"#{each.id}") for each in made]}


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
    if any((codes.SDOH, "contacting-subject-prohibited") in _codes(detail) for detail in req.orderDetail or ()):
        data["do_not_contact"] = True
    _put(data, "instructions", req.patientInstruction)
    _put(data, "notes", tuple([_read_note(note) for note in req.note or ()]))
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
