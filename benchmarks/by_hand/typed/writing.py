"""Records to resources, through objects of `fhir.resources`."""

from typing import Any

from fhir.resources.R4B.annotation import Annotation
from fhir.resources.R4B.attachment import Attachment
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.coding import Coding
from fhir.resources.R4B.documentreference import DocumentReference, DocumentReferenceContent
from fhir.resources.R4B.extension import Extension
from fhir.resources.R4B.identifier import Identifier
from fhir.resources.R4B.money import Money
from fhir.resources.R4B.period import Period
from fhir.resources.R4B.procedure import Procedure, ProcedurePerformer
from fhir.resources.R4B.provenance import Provenance, ProvenanceAgent
from fhir.resources.R4B.quantity import Quantity
from fhir.resources.R4B.reference import Reference
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task, TaskInput, TaskOutput, TaskRestriction
from fhir.resources.R4B.timing import Timing, TimingRepeat

from benchmarks.by_hand import codes
from fhircase import model
from fhircase.mapping.context import urn
from fhircase.mapping.narrative import narrate

Json = dict[str, Any]
UNKNOWN = codes.UNKNOWN


def write(record: model.Referral) -> list[Json]:
    """A new referral as resources, through objects of `fhir.resources`, and with its own dump."""
    resources = [made.model_dump() for made in objects(record)]
    for resource in resources:
        narrate(resource)
        # `fhir.resources` has bytes where FHIR has base64.
        for content in resource.get("content", ()):
            if "hash" in content["attachment"]:
                content["attachment"]["hash"] = content["attachment"]["hash"].decode()
    return resources


def objects(record: model.Referral) -> list[Any]:
    """The objects."""
    key = record.key
    req = _request(record)
    documents = [_document(record, attachment, req) for attachment in record.attachments]
    consent = [_reference(record.consent, kind="Consent")] if record.consent else []
    supporting = [Reference(reference=f"urn:uuid:{document.id}") for document in documents]
    req.supportingInfo = [*consent, *supporting, *map(_reference, record.information)] or None
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
            restriction=TaskRestriction(period=_period(offer.requested)) if offer.requested else None,
            insurance=[_reference(link) for link in offer.insurance] or None,
            input=[
                TaskInput(type=_code(codes.SDOH, "additional-content"), valueReference=_reference(link))
                for link in offer.information
            ]
            or None,
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
    return [req, *documents, *tasks, *procedures]


def _procedure(record: model.Referral, offer: Any, outcome: Any, req: ServiceRequest, address: str) -> Procedure:
    key = record.key
    quantity, cost = outcome.quantity, outcome.cost
    extensions = [Extension(url=codes.QUANTITY, valueQuantity=_quantity(quantity))] if quantity else []
    extensions += [Extension(url=codes.COST, valueMoney=_money(cost))] if cost else []
    return Procedure(
        id=urn(key.kind, key.namespace, key.value, f"outcome:{offer.id}:{outcome.id}"),
        identifier=[
            Identifier(system=f"{key.namespace}/outcome", value=f"{key.value}:{offer.id}:{outcome.id}"),
        ],
        extension=extensions or None,
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


def _document(record: model.Referral, attachment: model.Attachment, req: ServiceRequest) -> DocumentReference:
    key, document = record.key, attachment.document
    status, exact = codes.ATTACHMENTS[attachment.status]
    said = Attachment(**{e: getattr(document, name) for name, e in codes.DOCUMENT.items()}) if document else None
    return DocumentReference(
        id=urn(key.kind, key.namespace, key.value, f"document:{attachment.id}"),
        identifier=[Identifier(system=f"{key.namespace}/attachment", value=f"{key.value}:{attachment.id}")],
        extension=[Extension(url=codes.EXACT_STATUS, valueCode=exact)] if exact else None,
        subject=req.subject,
        status=status,
        type=_concept(attachment.kind),
        description=attachment.description,
        author=[_reference(link) for link in attachment.by] or None,
        content=[DocumentReferenceContent(attachment=said)] if said else None,
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
    if record.cost is not None:
        extensions.append(Extension(url=codes.COST, valueMoney=_money(record.cost)))
    if record.held_until is not None:
        extensions.append(Extension(url=codes.RELEASE, valueDateTime=record.held_until))
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
        insurance=[_reference(link) for link in record.insurance] or None,
        replaces=[_reference(link) for link in record.replaces] or None,
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


def _money(money: model.Money) -> Money:
    return Money(value=money.value, currency=money.currency)


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
