"""The way to the model server, without sockets: faults as they are told, one a request, and the end of a process."""

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from tests.model.server import Answer, ModelServer
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from fhircase.fhir import jsontext

FAULTS = {
    "unreachable": "no connection",
    "refused": "closed before anything was done",
    "lost": "done, and no answer",
    "garbled": "done, and the answer is no JSON",
    "gateway": "done, and a gateway answers 502",
    "late": "no answer, and done when the next requests are over",
    "503": "not done",
    "429": "not done",
    "500": "not done",
    "412": "not done, as if somebody had been faster",
    "leave me": "not done, and nothing is to be asked for two minutes",
    "killed before": "the process ends with the request unsent",
    "killed after": "the process ends, and the request is done",
}
PEACE = 120
"""Seconds for which a server that has too much to do wants to be asked nothing."""


class Killed(BaseException):
    """The process is no more."""


class Wire(BaseAdapter):
    """Carries one side's requests to the server, and lets go wrong what it is told."""

    def __init__(self, server: ModelServer, who: str, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.server = server
        self.who = who
        self.now = now
        self.before: Callable[[], None] | None = None
        """What happens once, just before the server does the next write."""
        self.after: Callable[[], None] | None = None
        """The same, just after it."""
        self.quiet_until: datetime | None = None
        """Until when the server asked to be left in peace."""
        self.impatient = False
        """Whether it was asked all the same."""
        self.faults: deque[str] = deque()
        """What goes wrong with the next requests, one each."""
        self.at_writes: deque[str] = deque()
        """The same, of those that write."""
        self.dead = False
        self.late: list[Callable[[], Any]] = []
        self.met: list[str] = []
        """The faults that came about."""
        self._turn = threading.Lock()

    def session(self) -> requests.Session:
        """A session whose requests all go this way."""
        session = requests.Session()
        session.mount("http://", self)
        return session

    def arrive(self) -> None:
        """Let what was held up be done."""
        while self.late:
            self.late.pop(0)()

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """Carry one request."""
        with self._turn:
            if self.dead:
                raise Killed
            self.impatient |= self.quiet_until is not None and self.now() < self.quiet_until
            faults = self.at_writes if _writes(request) and self.at_writes else self.faults
            fault = faults.popleft() if faults else ""
            if fault:
                self.met.append(fault)
            return self._carried(request, fault)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _carried(self, request: requests.PreparedRequest, fault: str) -> requests.Response:
        if fault == "unreachable":
            why = NewConnectionError(None, "nobody listens")  # type: ignore[arg-type]
            raise requests.ConnectionError(MaxRetryError(None, "", why))  # type: ignore[arg-type]
        if fault == "refused":
            raise requests.ConnectionError(ProtocolError("closed"))
        if fault == "killed before":
            self.dead = True
            raise Killed
        if fault == "late":
            self.late.append(lambda: self._done(request))
            raise requests.ReadTimeout
        if fault == "leave me":
            self.quiet_until = self.now() + timedelta(seconds=PEACE)
            return _response(request, Answer(429, headers={"Retry-After": str(PEACE)}))
        if fault.isdigit():
            return _response(request, Answer(int(fault), {"resourceType": "OperationOutcome"}))
        answer = self._between(request)
        if fault == "lost":
            raise requests.ReadTimeout
        if fault == "killed after":
            self.dead = True
            raise Killed
        if fault == "gateway":
            return _response(request, Answer(502))
        return _response(request, answer, cut=fault == "garbled")

    def _between(self, request: requests.PreparedRequest) -> Answer:
        """Do it, and what somebody else does just before and after."""
        writes = _writes(request)
        if writes and self.before:
            (happens, self.before) = (self.before, None)
            happens()
        answer = self._done(request)
        if writes and self.after:
            (happens, self.after) = (self.after, None)
            happens()
        return answer

    def _done(self, request: requests.PreparedRequest) -> Answer:
        parts = urlsplit(str(request.url))
        path = parts.path.removeprefix(urlsplit(self.server.url).path).strip("/")
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request.body or b""
        return self.server.handle(
            self.who, str(request.method), path, parts.query, headers, body.encode() if isinstance(body, str) else body
        )


def _writes(request: requests.PreparedRequest) -> bool:
    return b'"transaction"' in (request.body or b"") or request.method in ("PUT", "DELETE")


def _response(request: requests.PreparedRequest, answer: Answer, *, cut: bool = False) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update({"Content-Type": "application/fhir+json", **answer.headers})
    body = jsontext.encode(answer.body) if answer.body else b""
    response._content = body[: len(body) // 2] if cut else body
    response.url, response.request = str(request.url), request
    return response
