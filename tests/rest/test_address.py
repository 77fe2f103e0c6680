from itertools import combinations

import pytest

from fhircase.errors import ConfigError, InvalidInput
from fhircase.fhir.criteria import query
from fhircase.rest.address import Address, Origin, shown

HERE = Address("https://fhir.example.org/r4")


@pytest.mark.parametrize(
    "url",
    [
        "https://fhir.example.org/r4/Task",
        "HTTPS://FHIR.example.org:443/other",
        "https://fhir.example.org?p=1",
    ],
)
def test_a_url_of_the_same_scheme_host_and_port_is_ours(url):
    assert HERE.owns(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://fhir.example.org/r4",
        "https://fhir.example.org:8443/r4",
        "https://fhir.example.org.evil.example/r4",
        "https://fhir.example.org@evil.example/r4",
        "//evil.example/r4",
        "https://evil.example#fhir.example.org",
        "file:///etc/passwd",
        "urn:uuid:1",
        "https://[bad",
        "https://x:99999999/",
        "",
    ],
)
def test_everything_else_is_not(url):
    assert not HERE.owns(url)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("Task?page=2", "https://fhir.example.org/r4/Task?page=2"),
        ("?page=2", "https://fhir.example.org/r4/?page=2"),
        ("/r4?page=2", "https://fhir.example.org/r4?page=2"),
        ("//evil.example/x", "https://evil.example/x"),
        ("//[", "//["),
    ],
)
def test_a_relative_link_is_meant_from_the_base(link, url):
    assert HERE.resolve(link) == url


def test_an_origin_shows_its_port_only_where_it_is_not_the_usual():
    assert str(Origin.of("https://a.example:443/x")) == "https://a.example"
    assert str(Origin.of("http://a.example:8080/x")) == "http://a.example:8080"


def test_a_shown_url_names_its_parameters_and_hides_their_values():
    assert shown("https://x/Patient?family=Smith&family=S&given=") == "https://x/Patient?family&given"
    assert shown("https://x/Patient/1") == "https://x/Patient/1"


@pytest.mark.parametrize("segments", [("Task", ""), ("Task", ".."), ("", "1")])
def test_a_missing_id_is_not_a_search(segments):
    with pytest.raises(InvalidInput):
        HERE.url(*segments)


@pytest.mark.parametrize("url", ["https://u@x/fhir", "https://x/fhir#f", "https:///fhir", "x", "https://[bad"])
def test_a_bad_base_url_is_a_config_error(url):
    with pytest.raises(ConfigError):
        Address(url)


@pytest.mark.parametrize(
    ("criteria", "text"),
    [
        ({"identifier": "urn:a|1"}, "identifier=urn:a%7C1"),
        (
            {"_lastUpdated": ["ge2024-01-01T00:00:00+01:00", "lt2025"]},
            "_lastUpdated=ge2024-01-01T00:00:00%2B01:00&_lastUpdated=lt2025",
        ),
        ([("name", "Ånn & Bo"), ("_count", 5)], "name=%C3%85nn%20%26%20Bo&_count=5"),
        ({"active": True}, "active=true"),
        ("identifier=urn:a|1", "identifier=urn:a|1"),
        ("name=Ånn", "name=%C3%85nn"),
        ((), ""),
    ],
)
def test_criteria_become_a_query_that_fits_in_a_header(criteria, text):
    assert query(criteria) == text
    assert text.isascii()


def test_two_servers_are_never_taken_for_each_other():
    urls = ["http://a/", "https://a/", "http://a:81/", "http://b/"]
    assert not any(Address(one).owns(other) for one, other in combinations(urls, 2))
