"""OperationOutcome in plain words: by severity, and without any person's data.

Rule: what an issue's text shows is picked from closed lists (severity, code, element path). What the server
wrote in its own words may quote a patient, so it stays in `diagnostics`, which no text or repr shows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhircase.errors import Problem
from fhircase.fhir.lenient import object_at, objects_at, text_at, texts_at

# https://hl7.org/fhir/R5/valueset-issue-type.html
_WORDS = {
    "invalid": "the content is invalid",
    "structure": "the structure is wrong",
    "required": "a required element is missing",
    "value": "an element's value is invalid",
    "invariant": "a rule of FHIR or of a profile is broken",
    "security": "a security check failed",
    "login": "the server wants a login",
    "unknown": "the server does not know who is asking",
    "expired": "the login has expired",
    "forbidden": "this login may not do this",
    "suppressed": "something was held back for security reasons",
    "processing": "the server refused to process it",
    "not-supported": "the server does not support this",
    "duplicate": "there is one already",
    "multiple-matches": "more than one resource matches",
    "not-found": "it is not there",
    "deleted": "it was deleted",
    "too-long": "something is too long",
    "code-invalid": "a code is not in its code system or value set",
    "extension": "an extension is not accepted",
    "too-costly": "the server finds this too costly",
    "business-rule": "a rule of the server's forbids it",
    "conflict": "somebody changed it in between",
    "limited-filter": "not all search criteria were applied",
    "transient": "a passing failure",
    "lock-error": "the resource is locked",
    "no-store": "the server's storage is not available",
    "exception": "the server failed inside",
    "timeout": "the server ran out of time",
    "incomplete": "the answer is incomplete",
    "throttled": "too many requests",
    "informational": "a note",
    "success": "it worked",
}
_SEVERITIES = ("fatal", "error", "warning", "information", "success")
_COMMENT = re.compile(r"/\*.*?\*/")
_PATH = re.compile(r"[A-Za-z]\w*(?:\.ofType\(\w+\)|\.[A-Za-z_]\w*|\[(?:\d+|x)\]|:\w+)*")
# HAPI numbers its messages, and the number alone says what it objects to.
_MESSAGE_ID = re.compile(r"\bHAPI-\d{4}\b")
_LINE = re.compile(r"Line\[")


@dataclass(frozen=True, slots=True)
class Issue(Problem):
    """One issue of an OperationOutcome. Its text is safe to show; its `diagnostics` may not be."""

    severity: str = ""
    code: str = ""
    diagnostics: str = field(default="", repr=False)
    """Everything the server said in its own words. May quote a person's data: show it to no log."""

    @property
    def failed(self) -> bool:
        """Whether this says that something failed; warnings and notes do not."""
        return self.severity in ("fatal", "error")


def issues_of(outcome: object) -> tuple[Issue, ...]:
    """Read every issue of an OperationOutcome; anything else has none.

    Source: https://hl7.org/fhir/R4/operationoutcome.html
    """
    if not isinstance(outcome, Mapping) or outcome.get("resourceType") != "OperationOutcome":
        return ()
    return tuple(_issue(issue) for issue in objects_at(outcome, "issue"))


def failures(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Keep the errors; drop warnings, information and success."""
    return tuple(issue for issue in issues if issue.failed)


def _issue(issue: Mapping[str, Any]) -> Issue:
    code, severity, own_words = text_at(issue, "code"), text_at(issue, "severity"), _own_words(issue)
    known = code if code in _WORDS else ""
    return Issue(
        what=_WORDS.get(known, "the server gave no known reason"),
        path=_path(issue),
        rule=known,
        # An unknown severity is treated as an error: nothing says that it worked.
        severity=severity if severity in _SEVERITIES else "error",
        code=known,
        diagnostics=own_words,
        hint=", ".join(dict.fromkeys(_MESSAGE_ID.findall(own_words))),
    )


def _path(issue: Mapping[str, Any]) -> str:
    for place in [*texts_at(issue, "expression"), *texts_at(issue, "location")]:
        if not _LINE.match(place):
            # R4 `location` may still be XPath: /f:Task/f:intent.
            plain = re.sub(r"/f:", ".", _COMMENT.sub("", place)).lstrip("./")
            found = _PATH.match(plain)
            if found:
                return found[0]
    return ""


def _own_words(issue: Mapping[str, Any]) -> str:
    details = object_at(issue, "details")
    displays = [text_at(coding, "display") for coding in objects_at(details, "coding")]
    texts = [text_at(issue, "diagnostics"), text_at(details, "text"), *displays]
    return "; ".join(text for text in texts if text)
