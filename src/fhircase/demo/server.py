"""Start SEKMET, a FHIR R4 server from PyPI, on the loopback address, and stop it again."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from fhircase.errors import ConfigError, Problem

HOST = "127.0.0.1"
PATIENCE = 60.0
"""Seconds for the server to get ready; usually it takes two."""

# It must be told its own base URL, or it advertises another one in every link. With its simulator on it would
# work on what it is sent all by itself.
_SETTINGS = """\
base_url: {base_url}
host: {host}
port: {port}
data_dir: {data}
log_inbound: false
simulator: {{enabled: false}}
validation: {{inbound: strict}}
subscriptions: {{notify_method: put-resource}}
"""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A FHIR server running here."""

    base_url: str
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def stop(self) -> None:
        """Stop the server and wait until it is gone."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def local_server(data_dir: Path | str, port: int = 0) -> Iterator[LocalServer]:
    """Run a FHIR server, keeping its data in a folder; port 0 takes a free one.

    Raises:
        ConfigError: SEKMET is not installed, the port is taken, or the server does not start.
    """
    server = start(Path(data_dir), port)
    try:
        yield server
    finally:
        server.stop()


def start(data_dir: Path, port: int = 0) -> LocalServer:
    """Start a FHIR server and return when it answers; whoever starts it stops it.

    Raises:
        ConfigError: SEKMET is not installed, the port is taken, or the server does not start.
    """
    if importlib.util.find_spec("sekmet") is None:
        hint = "pip install fhircase[demo]"
        raise ConfigError(Problem("the local FHIR server (sekmet-fhir) is not installed", hint=hint))
    if port and not _free(port):
        raise ConfigError(Problem(f"port {port} is taken", path="port", hint="choose another, or 0 for any"))
    # Between finding a free port and binding it somebody else may take it.
    for _ in range(3 if port == 0 else 1):
        server = _launch(data_dir, port or _any_port())
        if _ready(server):
            return server
        server.stop()
    raise ConfigError(Problem("the local FHIR server did not start", hint=f"see {server.log}"))


def _launch(data_dir: Path, port: int) -> LocalServer:
    data_dir.mkdir(parents=True, exist_ok=True)
    base_url = f"http://{HOST}:{port}/fhir"
    settings = data_dir / f"settings-{port}.yaml"
    settings.write_text(_SETTINGS.format(base_url=base_url, host=HOST, port=port, data=data_dir / "data"))
    log = data_dir / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_command(), "serve", "--config", str(settings), "--host", HOST, "--port", str(port)],
            cwd=data_dir,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A proxy of this machine's is not for loopback.
            env={**os.environ, "NO_PROXY": HOST, "no_proxy": HOST},
        )
    return LocalServer(base_url, port, process, log)


def _command() -> list[str]:
    beside = Path(sys.executable).with_name("sekmet")
    found = str(beside) if beside.exists() else shutil.which("sekmet")
    return [found] if found else [sys.executable, "-c", "from sekmet.cli import app; app()"]


def _ready(server: LocalServer) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.process.poll() is None:
        if _answers(server.port):
            return True
        time.sleep(0.05)
    return False


def _answers(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    with closing(connection), suppress(OSError, HTTPException):
        connection.request("GET", "/fhir/Patient?_summary=count")
        return connection.getresponse().status == 200
    return False


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server itself does: a port left in TIME_WAIT by a stopped server is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
