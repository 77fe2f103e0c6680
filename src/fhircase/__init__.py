"""fhircase: cases, care plans and referrals to FHIR and back, losing nothing.

The names below are loaded when they are first used, so that importing fhircase costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhircase.client import AsyncFHIRClient, FHIRClient
    from fhircase.errors import (
        Broken,
        ConfigError,
        Conflict,
        FhircaseError,
        ForeignHost,
        InvalidInput,
        LedgerError,
        MappingFileError,
        NotAllowed,
        NotFHIR,
        NotFound,
        Problem,
        RecordInvalid,
        Rejected,
        ResourceRefused,
        ServerError,
        Throttled,
        UnknownOutcome,
        Unreachable,
    )
    from fhircase.fhir.typed import typed
    from fhircase.mapping import Placed, Reading, Readings, Refused, from_bundle, from_fhir, to_fhir, write
    from fhircase.model import (
        Activity,
        Address,
        Assignment,
        CarePlan,
        Case,
        Client,
        ClientContact,
        Closure,
        Coding,
        Concept,
        Consent,
        ConsentActor,
        ConsentData,
        ContactPoint,
        Custom,
        Document,
        Goal,
        Identifier,
        Key,
        Language,
        Link,
        Member,
        Need,
        Note,
        Offer,
        Origin,
        Outcome,
        Period,
        PersonName,
        Quantity,
        Record,
        Recurrence,
        Referral,
        Review,
        StatusChange,
        StatusSpan,
        Target,
        Team,
        TeamMember,
        WorkItem,
    )
    from fhircase.records import Line, read_records, read_resources, write_records

__all__ = [
    "Activity",
    "Address",
    "Assignment",
    "AsyncFHIRClient",
    "Broken",
    "CarePlan",
    "Case",
    "Client",
    "ClientContact",
    "Closure",
    "Coding",
    "Concept",
    "ConfigError",
    "Conflict",
    "Consent",
    "ConsentActor",
    "ConsentData",
    "ContactPoint",
    "Custom",
    "Document",
    "FHIRClient",
    "FhircaseError",
    "ForeignHost",
    "Goal",
    "Identifier",
    "InvalidInput",
    "Key",
    "Language",
    "LedgerError",
    "Line",
    "Link",
    "MappingFileError",
    "Member",
    "Need",
    "NotAllowed",
    "NotFHIR",
    "NotFound",
    "Note",
    "Offer",
    "Origin",
    "Outcome",
    "Period",
    "PersonName",
    "Placed",
    "Problem",
    "Quantity",
    "Reading",
    "Readings",
    "Record",
    "RecordInvalid",
    "Recurrence",
    "Referral",
    "Refused",
    "Rejected",
    "ResourceRefused",
    "Review",
    "ServerError",
    "StatusChange",
    "StatusSpan",
    "Target",
    "Team",
    "TeamMember",
    "Throttled",
    "UnknownOutcome",
    "Unreachable",
    "WorkItem",
    "from_bundle",
    "from_fhir",
    "read_records",
    "read_resources",
    "to_fhir",
    "typed",
    "write",
    "write_records",
]

_HOMES = {
    "client": ("AsyncFHIRClient", "FHIRClient"),
    "errors": (
        "Broken", "ConfigError", "Conflict", "FhircaseError", "ForeignHost", "InvalidInput", "LedgerError",
        "MappingFileError", "NotAllowed", "NotFHIR", "NotFound", "Problem", "RecordInvalid", "Rejected",
        "ResourceRefused", "ServerError", "Throttled", "UnknownOutcome", "Unreachable",
    ),
    "fhir.typed": ("typed",),
    "mapping": ("Placed", "Reading", "Readings", "Refused", "from_bundle", "from_fhir", "to_fhir", "write"),
    "records": ("Line", "read_records", "read_resources", "write_records"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((home for home, names in _HOMES.items() if name in names), "model")
    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
