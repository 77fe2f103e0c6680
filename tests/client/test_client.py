"""How clients are made, closed, and given credentials."""

import asyncio
import subprocess
import sys

import httpx
import pytest
import requests

from fhircase.auth import basic, bearer
from fhircase.client import AsyncFHIRClient, FHIRClient
from fhircase.errors import ConfigError, ForeignHost
from fhircase.rest.ask import get
from fhircase.rest.retry import Retry

PATIENT = {"resourceType": "Patient", "id": "1"}


def test_a_bearer_token_goes_with_every_request(connect, told):
    told.says(200, PATIENT)
    connect(told.base_url, auth=bearer("t0ken")).read("Patient", "1")
    assert told.heard[0].headers["authorization"] == "Bearer t0ken"


def test_a_token_function_is_asked_for_every_request(connect, told):
    told.says(200, PATIENT).says(200, PATIENT)
    client = connect(told.base_url, auth=bearer(iter(["one", "two"]).__next__))
    client.read("Patient", "1")
    client.read("Patient", "1")
    assert [heard.headers["authorization"] for heard in told.heard] == ["Bearer one", "Bearer two"]


def test_a_password_goes_as_basic(connect, told):
    told.says(200, PATIENT)
    connect(told.base_url, auth=basic("user", "pass")).read("Patient", "1")
    assert told.heard[0].headers["authorization"] == "Basic dXNlcjpwYXNz"


def test_a_netrc_file_does_not_replace_our_credentials(connect, told, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    told.says(200, PATIENT)
    connect(told.base_url, auth=bearer("ours")).read("Patient", "1")
    assert told.heard[0].headers["authorization"] == "Bearer ours"


def test_credentials_are_put_on_no_request_to_elsewhere(connect, told):
    asked = []
    client = connect(told.base_url, auth=bearer(lambda: asked.append(1) or "t0ken"))

    def stray():
        yield get("https://evil.example/fhir/Patient/1")

    with pytest.raises(ForeignHost):
        client.run(stray())
    assert asked == []


def test_a_layer_of_ones_own_sees_requests_and_answers(connect, told):
    seen = []

    def watch(request):
        response = yield request
        seen.append((request.method, response.status))
        return response

    told.says(200, PATIENT)
    connect(told.base_url, layers=[watch]).read("Patient", "1")
    assert seen == [("GET", 200)]


def test_retrying_can_be_turned_off(connect, told, naps):
    told.says(429, b"")
    with pytest.raises(Exception, match="429"):
        connect(told.base_url, retry=Retry(attempts=1)).read("Patient", "1")
    assert naps == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "fhir.example.org",
        "ftp://x/fhir",
        "https://user:pw@x/fhir",
        "https://x/fhir?a=b",
        "https://x:port/fhir",
    ],
)
def test_a_base_url_that_is_none_is_said_at_once(url):
    with pytest.raises(ConfigError, match="base_url"):
        FHIRClient(url)


def test_a_trailing_slash_makes_no_difference(connect, told):
    told.says(200, PATIENT)
    connect(told.base_url + "/").read("Patient", "1")
    assert told.heard[0].path == "/fhir/Patient/1"


def test_an_id_cannot_leave_its_place_in_the_path(connect, told):
    told.says(200, PATIENT)
    connect(told.base_url).read("Patient", "1/../../admin?x#y")
    assert told.heard[0].path == "/fhir/Patient/1%2F..%2F..%2Fadmin%3Fx%23y"


def test_a_session_of_ones_own_stays_open(told):
    told.says(200, PATIENT).says(200, PATIENT)
    with requests.Session() as session:
        for _ in range(2):
            with FHIRClient(told.base_url, session) as client:
                client.read("Patient", "1")
        assert session.adapters["http://"].poolmanager.pools.keys()


def test_without_httpx_the_async_client_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(ConfigError, match=r"pip install fhircase\[async\]"):
        AsyncFHIRClient("https://x/fhir")


def test_neither_http_library_is_loaded_before_it_is_used():
    code = "import sys, fhircase.client; print({'requests', 'httpx', 'urllib3'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_the_repr_shows_the_server_and_nothing_else():
    assert repr(FHIRClient("https://x/fhir", auth=bearer("t0ken"))) == "FHIRClient('https://x/fhir')"


def test_an_httpx_client_of_ones_own_is_used_and_stays_open(respx_mock):
    respx_mock.get("https://x/fhir/Patient/1").respond(json=PATIENT)

    async def both():
        async with httpx.AsyncClient(follow_redirects=True) as own:
            async with AsyncFHIRClient("https://x/fhir", own) as client:
                stored = await client.read("Patient", "1")
            return stored.id, own.is_closed

    assert asyncio.run(both()) == ("1", False)
