import importlib.util
import socket

import pytest

from fhircase.client import FHIRClient
from fhircase.demo.server import local_server
from fhircase.errors import ConfigError


def test_the_server_calls_itself_by_the_address_it_is_reached_at(sekmet):
    with FHIRClient(sekmet) as client:
        assert client.capabilities()["url"] == f"{sekmet}/metadata"


def test_without_sekmet_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install fhircase\[demo\]"), local_server(tmp_path):
        pass


def test_a_taken_port_is_said_at_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is taken"), local_server(tmp_path, port):
            pass


def test_what_was_written_is_there_after_a_restart_on_the_same_folder(tmp_path):
    with local_server(tmp_path) as server:
        port = server.port
        with FHIRClient(server.base_url) as client:
            made = client.create({"resourceType": "Patient"})
    assert server.process.returncode is not None
    with local_server(tmp_path, port) as again, FHIRClient(again.base_url) as client:
        assert client.read("Patient", made.id).etag == made.etag
