"""A FHIR server that answers at once and keeps nothing: what an exchange costs beside it is the exchange's own.

`python -m benchmarks.null_server` prints its URL. It finds every patient that is asked for by identifier, says that it
made or replaced whatever it is sent, and nothing else.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from subprocess import PIPE, Popen
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

MADE = count(1)
URN = re.compile(rb'"(urn:uuid:[0-9a-f-]+)"')


class Handler(BaseHTTPRequestHandler):
    """Answers."""

    protocol_version = "HTTP/1.1"
    # Or each answer waits for the other side to acknowledge its headers.
    wbufsize = -1

    def do_GET(self) -> None:
        """Capabilities, and searches."""
        where = urlsplit(self.path)
        if where.path.endswith("/metadata"):
            self._say(capabilities())
        else:
            self._say(found(where.path.split("/")[2], parse_qs(where.query)))

    def do_POST(self) -> None:
        """Bundles, creates and searches."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        where = self.path.split("/")
        if where[-1] == "_search":
            self._say(found(where[2], parse_qs(body.decode())))
        elif len(where) > 2:
            self._say(kept(msgspec.json.decode(body)), 201)
        else:
            self._say({"resourceType": "Bundle", "type": "transaction-response", "entry": done(body)})

    def _say(self, value: Any, status: int = 200) -> None:
        body = msgspec.json.encode(value)
        self.send_response_only(status)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def capabilities() -> dict[str, Any]:
    """It can do everything."""
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [{"mode": "server"}]}


def found(kind: str, criteria: dict[str, list[str]]) -> dict[str, Any]:
    """A patient for each identifier that is asked for, and nothing of any other type."""
    tokens = criteria.get("identifier", [""])[0].split(",") if kind == "Patient" else []
    named = [token.replace("\\", "").split("|") for token in tokens]
    resources = [
        {"resourceType": kind, "id": f"p{value}", "identifier": [{"system": system, "value": value}]}
        for system, value in named
    ]
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


def kept(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource as it would be kept."""
    return {**resource, "id": f"n{next(MADE)}", "meta": {**resource.get("meta", {}), "versionId": "1"}}


def done(body: bytes) -> list[dict[str, Any]]:
    """What became of the entries; references to what is made become the server's own, as FHIR demands."""
    made = {
        entry["fullUrl"]: f"{entry['resource']['resourceType']}/n{next(MADE)}"
        for entry in msgspec.json.decode(body)["entry"]
        if entry["request"]["method"] == "POST"
    }
    text = URN.sub(lambda found: b'"' + made.get(found[1].decode(), found[1].decode()).encode() + b'"', body)
    return [_answer(entry) for entry in msgspec.json.decode(text)["entry"]]


def _answer(entry: dict[str, Any]) -> dict[str, Any]:
    resource = entry["resource"]
    where = entry["fullUrl"].split("/")[-2:]
    resource |= {"id": where[1], "meta": {**resource.get("meta", {}), "versionId": "1"}}
    location = f"{where[0]}/{where[1]}/_history/1"
    return {"resource": resource, "response": {"status": "201 Created", "location": location, "etag": 'W/"1"'}}


@contextmanager
def null_server() -> Iterator[str]:
    """Run it in a process of its own; its URL."""
    with Popen([sys.executable, "-m", "benchmarks.null_server"], stdout=PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.kill()


def main() -> None:
    """Serve until killed."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/fhir", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
