import pytest

from fhircase.ledger.stores import _queries as queries


def test_each_name_starts_a_query_that_lasts_until_the_next() -> None:
    text = "-- about\n-- name: one\nSELECT 1;\n\n-- name: two\nSELECT\n  2;\n"
    assert queries.parse(text) == {"one": "SELECT 1;", "two": "SELECT\n  2;"}


def test_a_name_given_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="named twice: a"):
        queries.parse("-- name: a\n1;\n-- name: a\n2;\n")


def test_a_script_splits_into_its_statements() -> None:
    assert list(queries.statements("CREATE TABLE a (\n x);\nINSERT INTO a VALUES (';');\n")) == [
        "CREATE TABLE a (\n x);",
        "INSERT INTO a VALUES (';');",
    ]


def test_an_unfinished_statement_is_an_error() -> None:
    with pytest.raises(ValueError, match="unfinished"):
        list(queries.statements("SELECT 1;\nSELECT"))
