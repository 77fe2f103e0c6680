"""What both translators by hand say with the same words: systems and tables."""

SDOH = "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes"
OWN = "https://fhircase.org/fhir/CodeSystem/fhircase"
STATUS = "https://fhircase.org/fhir/CodeSystem/status"
DOMAIN = "https://fhircase.org/fhir/CodeSystem/referral-domain"
TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
EPISODE = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"
STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
GOAL = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"
ACTIVITY = "https://fhircase.org/fhir/StructureDefinition/plan-activity"
COST = "https://fhircase.org/fhir/StructureDefinition/cost"
RELEASE = "http://hl7.org/fhir/StructureDefinition/workflow-releaseDate"
EXACT_STATUS = "https://fhircase.org/fhir/StructureDefinition/exact-status"
QUANTITY = "https://fhircase.org/fhir/StructureDefinition/quantity-provided"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
UNKNOWN = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
HISTORY = "The resource that holds this one"

STATUSES = {
    "draft": "draft",
    "sent": "active",
    "suspended": "on-hold",
    "completed": "completed",
    "cancelled": "revoked",
    "entered-in-error": "entered-in-error",
    "unspecified": "unknown",
}
OFFERS = {
    "draft": ("draft", None),
    "sent": ("requested", None),
    "seen": ("received", None),
    "accepted": ("accepted", None),
    "scheduled": ("accepted", "scheduled"),
    "waitlisted": ("accepted", "waitlisted"),
    "in-progress": ("in-progress", None),
    "on-hold": ("on-hold", None),
    "declined": ("rejected", None),
    "failed": ("failed", None),
    "completed": ("completed", None),
    "cancelled": ("cancelled", None),
    "entered-in-error": ("entered-in-error", None),
    "unspecified": ("draft", "unknown"),
}
ATTACHMENTS = {
    "current": ("current", None),
    "superseded": ("superseded", None),
    "entered-in-error": ("entered-in-error", None),
    "unspecified": ("current", "unknown"),
}
DOCUMENT = {
    "title": "title", "url": "url", "form": "contentType", "size": "size", "hash": "hash", "made": "creation",
}  # fmt: skip
PRIORITIES = ("routine", "urgent", "asap", "stat")
ORDERS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
OUTCOMES = ("preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error")
DOMAINS = (
    "food", "housing", "transport", "mental-health", "substance-use", "benefits", "employment", "education", "legal",
    "safety", "home-care", "rehabilitation", "medical", "other",
)  # fmt: skip
REFERRAL_OF = {code: status for status, code in STATUSES.items()}
OFFER_OF = {codes: status for status, codes in OFFERS.items()} | {("ready", None): "accepted"}
ATTACHMENT_OF = {codes: status for status, codes in ATTACHMENTS.items()}
RECORDS = ("case", "care-plan", "referral", "work-item", "need", "goal", "team", "outcome", "consent")
