"""Whatever a server answers, an interaction ends with a value or one of our errors."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from fhircase.errors import ServerError
from fhircase.fhir import bundle
from fhircase.rest import read, search, write
from fhircase.rest.address import Address
from fhircase.rest.capabilities import capabilities
from fhircase.rest.layer import through
from fhircase.rest.message import Response
from fhircase.rest.origin import guard
from fhircase.rest.transaction import failure, submit
from fhircase.transport.drive import run

HERE = Address("https://fhir.example.org/r4")
TASK = {"resourceType": "Task", "id": "1"}
NAMES = [
    "total",
    "resourceType",
    "entry",
    "link",
    "meta",
    "issue",
    "response",
    "request",
    "resource",
    "search",
    "id",
    "url",
    "relation",
    "versionId",
    "lastUpdated",
    "lastModified",
    "status",
    "etag",
    "location",
    "mode",
    "text",
    "outcome",
    "severity",
    "code",
    "diagnostics",
    "details",
    "coding",
    "expression",
]
WORDS = st.sampled_from(["Bundle", "Task", "OperationOutcome", "next", "outcome", "200 OK", "Task/1", "//[", "error"])
LEAF = st.none() | st.booleans() | st.integers(-9, 999) | WORDS | st.text(max_size=5)
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
RESOURCE = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8).flatmap(
    lambda fields: WORDS.map(lambda name: fields | {"resourceType": name})
)
PARTS = dict.fromkeys(("response", "request", "resource", "search"), JSON)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        **PARTS,
        "response": st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("status", "etag", "location", "lastModified", "outcome"), JSON)
        ),
        "resource": RESOURCE | JSON,
    },
)
LINK = JSON | st.fixed_dictionaries({"relation": st.just("next"), "url": JSON})
BUNDLE = st.fixed_dictionaries(
    {"resourceType": st.just("Bundle")},
    optional={"entry": st.lists(ENTRY | JSON, max_size=2) | JSON, "link": st.lists(LINK, max_size=2) | JSON},
)
OWN = st.fixed_dictionaries(
    {"resourceType": st.sampled_from(["Task", "OperationOutcome"])},
    optional={"id": JSON, "meta": JSON, "issue": st.lists(JSON, max_size=2) | JSON},
)
VALUES = JSON | RESOURCE | BUNDLE | OWN
BODY = VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20)
STATUS = st.sampled_from([200, 200, 200, 201, 204, 302, 307, 400, 401, 404, 409, 412, 429, 503, 504, 999])
HEADERS = st.dictionaries(
    st.sampled_from(["location", "etag", "last-modified", "retry-after", "content-type"]),
    st.text(max_size=8) | st.sampled_from(["Task/2", "//["]),
)
ANSWERS = st.builds(Response, STATUS, HEADERS, BODY)
ASKED = [bundle.create({"resourceType": "Task"})]


def results_with_their_errors():
    results = yield from submit(HERE, bundle.transaction(ASKED))
    return [failure(result) for result in results]


def all_versions():
    page = yield from search.history_page(HERE, "Task", "1")
    return list(read.versions(page.entries, "Task", "1"))


def all_resources():
    walk = search.Walk(HERE, search.search_page(HERE, "Task", ()))
    page = yield from walk.step()
    return list(walk.fresh(page))


@settings(max_examples=300, deadline=None)
@given(
    ANSWERS,
    st.sampled_from(
        [
            lambda: read.read(HERE, "Task", "1"),
            lambda: write.create(HERE, TASK),
            lambda: write.update(HERE, TASK),
            lambda: write.delete(HERE, "Task", "1"),
            lambda: capabilities(HERE),
            results_with_their_errors,
            all_versions,
            all_resources,
        ]
    ),
)
def test_an_interaction_ends_with_a_value_or_one_of_our_errors(answer, interaction):
    with suppress(ServerError):
        run(through(interaction(), [guard(HERE)]), lambda _: answer)
