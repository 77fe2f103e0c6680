"""A server in between that forwards to the real one, except where a test says otherwise."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from fhircase.fhir import jsontext

Fault = Callable[[str, str, bytes], Any]
"""Given method, path and body says None (forward), one of FAULTS, or a status, a resource and perhaps headers to
answer without forwarding."""

FAULTS = {
    "refused": "closed at once",
    "reset": "done, then the connection is reset",
    "lost": "done, then closed without an answer",
    "cut": "done, and half the answer comes",
    "slow": "done, and the answer comes when nobody waits any more",
    "late": "done when nobody waits any more",
    "gateway": "done, and a gateway answers 502",
}


@dataclass
class Between:
    """The way to the server, and what goes wrong on it."""

    target: str
    url: str = ""
    fault: Fault | None = None
    patience: float = 30.0
    """Seconds that the client waits; `slow` and `late` wait longer."""
    heard: list[tuple[str, str]] = field(default_factory=list)
    without: frozenset[str] = frozenset()
    """Names of headers, in lower case, that do not get through."""

    def once(self, what: Any, method: str = "POST", path: str = "/fhir") -> None:
        """Let the next such request go wrong."""

        def fault(asked: str, where: str, body: bytes) -> Any:
            if asked == method and where == path:
                self.fault = None
                return what
            return None

        self.fault = fault


def outcome(code: str = "processing", severity: str = "error") -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    between: Between

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.between.heard.append((self.command, self.path))
        what = self.between.fault(self.command, self.path, body) if self.between.fault else None
        if what == "refused":
            self.close_connection = True
            return
        if isinstance(what, tuple):
            status, resource, *more = what
            headers = {"Content-Type": "application/fhir+json", **(more[0] if more else {})}
            self._say(status, jsontext.encode(resource), headers)
            return
        if what == "late":
            time.sleep(self.between.patience * 1.5)
        status, headers, answer = self._forward(what if isinstance(what, bytes) else body)
        if what == "slow":
            time.sleep(self.between.patience * 1.5)
        if what in ("lost", "slow", "late"):
            self.close_connection = True
        elif what == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        elif what == "gateway":
            self._say(502, b"", {})
        elif what == "cut":
            self._say(status, answer[: len(answer) // 2], headers, len(answer))
            self.close_connection = True
        else:
            self._say(status, answer, headers)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        target = urlsplit(self.between.target)
        connection = HTTPConnection(str(target.hostname), target.port, timeout=30)
        dropped = {"host", "connection", "content-length", "accept-encoding"} | self.between.without
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        # In what is packed no link is made to lead by us: the client refuses one that leads elsewhere.
        headers["Accept-Encoding"] = "identity"
        connection.request(self.command, self.path, body or None, headers)
        response = connection.getresponse()
        kept = {
            name: value
            for name, value in response.getheaders()
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server")
        }
        answer = response.read().replace(self.between.target.encode(), self.between.url.encode())
        connection.close()
        return response.status, kept, answer

    def _say(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body) if length is None else length)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def shutdown_request(self, request: Any) -> None:
        """Where nothing may linger, close without the good-bye that comes first, so that RST is sent."""
        if struct.unpack("ii", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))[0]:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def between(target: str) -> Iterator[Between]:
    """Stand between a client and the server."""
    way = Between(target)
    server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"between": way}))
    way.url = f"http://127.0.0.1:{server.server_port}{urlsplit(target).path}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield way
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
