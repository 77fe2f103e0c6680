import logging
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import requests
from urllib3 import exceptions as wire

import fhircase.transport
from fhircase.errors import UnknownOutcome, Unreachable
from fhircase.rest.message import Request
from fhircase.transport import asynchronous, blocking
from fhircase.transport.drive import run
from fhircase.transport.quiet import hush

ASK = Request("GET", "https://x/fhir/Patient?family=Smith")


def retries(reason):
    return wire.MaxRetryError(None, ASK.url, reason)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectionError(retries(wire.NewConnectionError(None, "refused"))), Unreachable),
        (requests.ConnectTimeout(retries(wire.ConnectTimeoutError())), Unreachable),
        (requests.exceptions.ProxyError(retries(wire.ProxyError("no", OSError()))), Unreachable),
        (requests.exceptions.SSLError(retries(wire.SSLError("CERTIFICATE_VERIFY_FAILED"))), Unreachable),
        (requests.exceptions.SSLError(retries(wire.SSLError("unexpected end of file"))), UnknownOutcome),
        (requests.ReadTimeout("slow"), UnknownOutcome),
        (requests.ConnectionError(wire.ProtocolError("aborted")), UnknownOutcome),
        (requests.exceptions.ChunkedEncodingError("cut"), UnknownOutcome),
        (requests.RequestException(), UnknownOutcome),
    ],
)
def test_requests_errors_tell_nothing_sent_from_answer_lost(error, kind):
    def fail(*_, **__):
        raise error

    send = blocking.sender(SimpleNamespace(request=fail, auth=None), (1, 1))
    with pytest.raises((Unreachable, UnknownOutcome)) as caught:
        send(ASK)
    assert type(caught.value) is kind
    assert "Smith" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError, Unreachable),
        (httpx.ConnectTimeout, Unreachable),
        (httpx.PoolTimeout, Unreachable),
        (httpx.ProxyError, Unreachable),
        (httpx.ReadTimeout, UnknownOutcome),
        (httpx.WriteError, UnknownOutcome),
        (httpx.RemoteProtocolError, UnknownOutcome),
        (httpx.DecodingError, UnknownOutcome),
    ],
)
def test_httpx_errors_tell_nothing_sent_from_answer_lost(error, kind):
    async def fail(*_, **__):
        raise error(ASK.url)

    sending = asynchronous.sender(SimpleNamespace(request=fail), (1, 1))(ASK)
    with pytest.raises((Unreachable, UnknownOutcome)) as caught:
        sending.send(None)
    assert type(caught.value) is kind
    assert "Smith" not in str(caught.value)
    assert caught.value.__context__ is None


def test_an_untrusted_certificate_is_named():
    def fail(*_, **__):
        raise requests.exceptions.SSLError(retries(wire.SSLError("CERTIFICATE_VERIFY_FAILED")))

    with pytest.raises(Unreachable, match="certificate is not trusted"):
        blocking.sender(SimpleNamespace(request=fail, auth=None), (1, 1))(ASK)


def test_timeouts_are_on_and_redirects_are_ours_to_judge():
    given = {}

    def remember(*_, **options):
        given.update(options)
        return SimpleNamespace(status_code=200, headers={"ETag": "x"}, content=b"")

    response = blocking.sender(SimpleNamespace(request=remember, auth=None), (10, 60))(ASK)
    assert (given["timeout"], given["allow_redirects"]) == ((10, 60), False)
    assert response.headers == {"etag": "x"}


def test_the_driver_sleeps_before_a_request_that_has_to_wait():
    naps = []

    def patient():
        yield Request("GET", "https://x", wait=2.5)

    run(patient(), lambda _: None, naps.append)
    assert naps == [2.5]


@pytest.mark.parametrize("name", ["httpx", "urllib3.connectionpool"])
def test_a_librarys_log_loses_the_query(name, caplog):
    caplog.set_level(logging.DEBUG)
    hush()
    hush()
    logger = logging.getLogger(name)
    logger.debug('"%s %s" %s', "GET", "/fhir/Patient?family=Smith", 200)
    logger.info("no arguments")
    assert '"GET /fhir/Patient?..." 200' in caplog.text
    assert len(logger.filters) == 1


def test_no_transport_is_longer_than_sixty_lines():
    (folder,) = fhircase.transport.__path__
    lines = {path.name: len(path.read_text().splitlines()) for path in Path(folder).glob("*.py")}
    assert {name for name, count in lines.items() if count > 60} == set()
