import pytest

from fhircase.errors import ServerError, Unreachable
from fhircase.rest.layer import through
from fhircase.rest.message import Request, Response
from fhircase.transport.drive import run

FIRST = Request("GET", "https://x/first")


def ask():
    response = yield FIRST
    return response.status


def tagged(name):
    def layer(request):
        return (yield request.with_header("Via", request.headers.get("Via", "") + name))

    return layer


def test_the_first_layer_is_nearest_to_the_interaction():
    heard = []
    run(through(ask(), [tagged("a"), tagged("b")]), lambda request: heard.append(request) or Response(200))
    assert heard[0].headers["Via"] == "ab"


def test_a_layer_may_ask_questions_of_its_own():
    def login(request):
        token = yield Request("POST", "https://x/token")
        return (yield request.with_header("Authorization", str(token.status)))

    heard = []
    assert run(through(ask(), [login]), lambda request: heard.append(request) or Response(200)) == 200
    assert [request.url for request in heard] == ["https://x/token", "https://x/first"]


def test_a_layer_may_answer_without_asking():
    def cached(_):
        return Response(304)
        yield

    assert run(through(ask(), [cached]), lambda _: pytest.fail("asked")) == 304


def test_an_error_reaches_the_interaction_through_every_layer():
    def careful():
        try:
            yield FIRST
        except Unreachable:
            return "caught"

    def refuse(_):
        raise Unreachable("refused")

    assert run(through(careful(), [tagged("a"), tagged("b")]), refuse) == "caught"


def test_an_error_nobody_catches_goes_to_the_caller():
    def refuse(_):
        raise ServerError("x")

    with pytest.raises(ServerError, match="x"):
        run(through(ask(), [tagged("a")]), refuse)


def test_a_requests_repr_shows_no_query_header_or_body():
    request = Request("POST", "https://x?name=Smith", {"Authorization": "Smith"}, b"Smith")
    assert "Smith" not in repr(request) + repr(Response(200, {"x": "Smith"}, b"Smith"))
