"""Whatever a model looks like, its starting mapping is a mapping, and what is wrong with it is asked in it."""

import re
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from hypothesis import given, reject
from hypothesis import strategies as st
from pydantic import BaseModel, create_model
from tests.mapping.scaffold import theirs
from tests.often import often

from fhircase.errors import MappingFileError
from fhircase.fhir import jsontext
from fhircase.fhir.elements import elements
from fhircase.mapping.scaffold import Scaffold, scaffold
from fhircase.mapping.scaffold.known import meanings, synonyms

NAMES = sorted(
    {"_".join(phrase) for table in ("names", "items") for each in meanings(table) for phrase in each.phrases}
)
CODES = sorted({" ".join(phrase) for phrases in synonyms().values() for phrase in phrases})
names = st.sampled_from(NAMES) | st.from_regex(r"[a-z][a-zA-Z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not hasattr(BaseModel, name) and not name.startswith("model_")
)
words = st.lists(st.sampled_from(CODES) | st.text(min_size=1, max_size=5), min_size=1, max_size=5, unique=True)
bare = st.sampled_from([str, int, bool, float, Decimal, date, datetime, time, UUID, Any, dict, int | str])
values = words.map(lambda found: Literal[tuple(found)]) | words.map(
    lambda found: Enum("Words", {f"M{at}": word for at, word in enumerate(found)})
)


def models(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(names, st.tuples(inner, st.sampled_from([..., None])), max_size=6)
    return st.builds(lambda name, made: create_model(name.title(), **made), names, fields.filter(valid))


def valid(fields: dict[str, Any]) -> bool:
    return all(name.isidentifier() and not hasattr(BaseModel, name) for name in fields)


types = st.recursive(
    bare | values,
    lambda inner: inner.map(lambda each: list[each]) | inner.map(lambda each: each | None) | models(inner),
    max_leaves=12,
)


kinds = st.sampled_from([kind for kind in elements("R4").resources() if kind != "Provenance"])
ROW = re.compile(r"the table has no row for `(.*)`", re.DOTALL)
LOST = re.compile(r"field `(.*)` of .* is required and not carried: none can be read")


def asked(what: str, text: str) -> bool:
    """Whether the file asks about a problem of the check."""
    if what == "the record has no key":
        return "which field is the record's number?" in text
    if row := ROW.fullmatch(what):
        return "which codes say" in text and f"`{row[1]}`" in re.sub(r"\n# +", " ", text)
    lost = LOST.fullmatch(what)
    return bool(lost) and re.search(rf"^  (\S+\.)?{lost[1]}: to be decided$", text, re.MULTILINE) is not None


def started(model: str, schema: Path | None, kind: str, *, extensions: bool = False) -> Scaffold:
    found = None
    # There is nothing to begin with where no field can be carried, and FHIR requires nothing.
    with suppress(MappingFileError):
        found = scaffold(model, schema, [kind], extensions=extensions, beside=schema.parent if schema else None)
    return found or reject()


@often(25)
@given(models(types), kinds, st.booleans())
def test_whatever_the_check_finds_in_it_is_asked_in_it(model: type, kind: str, extensions: bool) -> None:
    theirs.Drawn = model
    found = started(f"{theirs.__name__}:Drawn", None, kind, extensions=extensions)
    assert [problem.what for problem in found.problems if not asked(problem.what, found.text)] == []
    assert started(f"{theirs.__name__}:Drawn", None, kind, extensions=extensions) == found


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(names | st.text(min_size=1, max_size=4).filter(str.strip), inner, max_size=5)
    return named.flatmap(
        lambda properties: st.sets(st.sampled_from(sorted(properties)) if properties else st.nothing()).map(
            lambda needed: {"type": "object", "properties": properties, "required": sorted(needed)}
        )
    )


schemas = st.recursive(
    st.sampled_from(
        [
            {},
            {"type": "string"},
            {"type": "string", "format": "date"},
            {"type": ["integer", "null"]},
            {"type": "number"},
            {"type": "boolean"},
            {"enum": ["open", "closed", 3]},
            {"const": "x"},
            {"$ref": "#"},
        ]
    ),
    lambda inner: inner.map(lambda each: {"type": "array", "items": each}) | objects(inner),
    max_leaves=8,
)


@often(25)
@given(objects(schemas), kinds)
def test_whatever_a_schema_says_the_file_is_a_mapping(tmp_path_factory: Any, schema: Any, kind: str) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "drawn.schema.json"
    file.write_bytes(jsontext.encode(schema))
    found = started("", file, kind)
    told = [problem.what for problem in found.problems]
    expected = (ROW, LOST, re.compile("the record has no key"))
    assert [what for what in told if not any(each.fullmatch(what) for each in expected)] == []
