"""Both clients behind one set of sentences, a server that answers as it is told, and a real one."""

import asyncio
import inspect
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from fhircase.client import AsyncFHIRClient, FHIRClient


class Awaited:
    """AsyncFHIRClient, spoken to as if it were blocking."""

    def __init__(self, *args, sleep, **options):
        async def nap(seconds):
            sleep(seconds)

        async def make():
            return AsyncFHIRClient(*args, sleep=nap, **options)

        self._runner = asyncio.Runner()
        self._client = self._runner.run(make())

    def __getattr__(self, name):
        attribute = getattr(self._client, name)
        return (lambda *a, **k: self._settle(attribute(*a, **k))) if callable(attribute) else attribute

    def _settle(self, value):
        async def whole():
            return await value

        if inspect.isawaitable(value):
            return self._runner.run(whole())
        return self._each(value) if hasattr(value, "__aiter__") else value

    def _each(self, values):
        async def step():
            return await anext(values, None)

        while (value := self._runner.run(step())) is not None:
            yield value

    def close(self):
        self._settle(self._client.aclose())
        self._runner.close()


@pytest.fixture
def naps() -> list[float]:
    """What the clients would have slept, in seconds."""
    return []


@pytest.fixture(params=[FHIRClient, Awaited], ids=["blocking", "async"])
def connect(request, naps) -> Iterator[Callable[..., Any]]:
    """Make a client; every test that asks for this runs over both."""
    made = []

    def make(base_url: str, *args: Any, **options: Any) -> Any:
        client = request.param(base_url, *args, **{"sleep": naps.append, "random": lambda: 0.5} | options)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@dataclass
class Told:
    """An HTTP server that answers as it is told, in turn, and remembers what it heard."""

    base_url: str
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    heard: list[SimpleNamespace] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def says(self, status: int, body: Any = b"", **headers: str) -> "Told":
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "application/fhir+json"} if isinstance(body, dict) else {}
        given = {name.replace("_", "-"): value for name, value in headers.items()}

        def answer(handler):
            handler.send_response_only(status)
            for name, value in {**kind, "Content-Length": str(len(raw)), **given}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(raw)

        self.answers.append(answer)
        return self

    def cuts(self) -> "Told":
        """Stop in the middle of the answer."""
        self.says(200, b'{"resourceType":', Content_Length="500", Connection="close")
        return self

    def drops(self) -> "Told":
        """Reset the connection without a word."""

        def answer(handler):
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True

        self.answers.append(answer)
        return self

    def hangs(self) -> "Told":
        """Say nothing until the test is over."""
        self.answers.append(lambda _: self.done.wait(10) and None)
        return self


def _handler(told: Told) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = SimpleNamespace(method=self.command, path=self.path, headers=headers, body=body)
            told.heard.append(heard)
            told.answers.pop(0)(self)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, *args):
            pass

    return Handler


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is what some tests are about."""


@pytest.fixture
def told() -> Iterator[Told]:
    server = _Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
    told = Told(f"http://127.0.0.1:{server.server_port}/fhir")
    server.RequestHandlerClass = _handler(told)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    told.done.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fhir(connect, told):
    """A client of the server that answers as it is told."""
    return connect(told.base_url)


@pytest.fixture
def real(connect, request):
    """A client of a real server: SEKMET, or the one that FHIRCASE_TEST_SERVER names (HAPI passes, too)."""
    return connect(os.environ.get("FHIRCASE_TEST_SERVER") or request.getfixturevalue("sekmet"))
