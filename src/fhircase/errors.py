"""Every error fhircase raises, as one tree; each says whether trying again may help.

FhircaseError
├── ConfigError              the settings are wrong: nothing was tried
├── MappingFileError         a mapping file is wrong: found at load, before any value flows
├── InvalidInput             a record, resource or file that cannot be taken as it is
│   ├── CutShort             an input that ends in the middle: what is missing nobody knows
│   ├── RecordInvalid        a record does not validate or cannot be expressed in FHIR
│   └── ResourceRefused      a resource cannot be read safely as a record
├── LedgerError              the ledger cannot be opened or is not ours
└── ServerError              a FHIR server and what happened between it and us
    ├── Unreachable          no connection was made: nothing was sent        (retry)
    │   └── CircuitOpen      it failed too often and is left in peace for a while
    ├── UnknownOutcome       sent, but no whole answer came: look before resending (retry)
    ├── NotFHIR              something answered, and it does not speak FHIR
    ├── ForeignHost          a link or reference leaves the configured server
    └── Rejected             an HTTP error with its OperationOutcome
        ├── NotFound         404 or 410
        ├── NotAllowed       401 or 403
        ├── Conflict         409 or 412: somebody wrote in between; look again
        ├── Throttled        429: slower, `after` says when             (retry)
        └── Broken           5xx                                        (retry)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, under which rule, and what to do. Never a person's data."""

    what: str
    path: str = ""
    rule: str = ""
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        text = self.what
        if self.path:
            text += f" @ {self.path}"
        if self.rule:
            text += f" ({self.rule})"
        if self.source:
            text = f"{self.source}: {text}"
        return f"{text}; {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True)
class NoRow(Problem):
    """A code that no row of a code table reads: with that row, nothing is wrong any more."""

    table: str = ""
    code: str = ""

    def __str__(self) -> str:
        return Problem.__str__(self)


@dataclass(frozen=True, slots=True)
class Truncated(Problem):
    """A file ends inside a value, or inside what it was packed in."""

    def __str__(self) -> str:
        return Problem.__str__(self)


class FhircaseError(Exception):
    """Root of all errors of this package."""

    retry: ClassVar[bool] = False
    """Whether the same call may succeed later without anybody changing anything."""


class _Problems(FhircaseError):
    """An error that lists every problem found, not only the first."""

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConfigError(_Problems):
    """The settings are wrong; nothing was tried."""


class MappingFileError(_Problems):
    """A mapping file is wrong; found at load, before any value flows."""


class InvalidInput(_Problems):
    """A record, resource or file cannot be taken as it is."""


class CutShort(InvalidInput):
    """An input ends in the middle: what else would have come, nobody knows."""


class RecordInvalid(InvalidInput):
    """A record does not validate, or cannot be expressed in the FHIR version asked for."""


class ResourceRefused(InvalidInput):
    """A resource is invalid, or reading it as a record would be unsafe."""


class LedgerError(FhircaseError):
    """The ledger cannot be opened, or is not one of ours."""


class ServerError(FhircaseError):
    """Something happened between a FHIR server and us."""

    def __init__(
        self,
        message: str,
        *,
        url: str = "",
        status: int | None = None,
        issues: Sequence[Problem] = (),
        after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.url = url
        self.status = status
        self.issues = tuple(issues)
        self.after = after
        """Seconds the server asked us to wait (Retry-After), if it did."""


class Unreachable(ServerError):
    """No connection was made, so nothing was sent."""

    retry = True


class CircuitOpen(Unreachable):
    """The server failed too often, or asked to be left in peace: nothing is sent before the time it says."""


class UnknownOutcome(ServerError):
    """The request went out, but no whole answer came back: look before sending again."""

    retry = True


class NotFHIR(ServerError):
    """Something answered, but not FHIR JSON (an HTML page, an empty body, another format)."""


class ForeignHost(ServerError):
    """A link or reference points to a host that the configuration does not name."""


class Rejected(ServerError):
    """The server answered with an HTTP error; `issues` is its OperationOutcome in plain words."""


class NotFound(Rejected):
    """404 or 410: it is not there, or no longer."""


class NotAllowed(Rejected):
    """401 or 403: who we are was not accepted for this."""


class Conflict(Rejected):
    """409 or 412: somebody wrote in between. Read again, then decide."""


class Throttled(Rejected):
    """429: too many requests; `after` says when to come back."""

    retry = True


class Broken(Rejected):
    """5xx: the server failed."""

    retry = True
