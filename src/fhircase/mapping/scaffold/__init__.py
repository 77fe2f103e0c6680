"""A starting mapping file for somebody's own model: all that can be guessed, each guess marked, the rest asked."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fhircase.errors import MappingFileError, Problem
from fhircase.mapping import files
from fhircase.mapping.compiled import compiled_document
from fhircase.mapping.grammar import SpecError
from fhircase.mapping.models.model import of_code, of_schema
from fhircase.mapping.scaffold.draft import Draft
from fhircase.mapping.scaffold.homes import VERSIONS
from fhircase.mapping.scaffold.record import drafted
from fhircase.mapping.scaffold.text import every, written

NAMESPACE = "https://example.org/fhir"


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A starting mapping file."""

    text: str
    """What goes into the file."""
    problems: tuple[Problem, ...]
    """What `fhircase mappings check` says of it, until it is decided."""
    guessed: dict[str, int]
    """How many rules are sure, likely, unsure, or needed by FHIR alone."""
    lacking: int
    """How many fields have no rule."""
    asks: int
    """How many things a person has to decide."""


def scaffold(
    model: str = "",
    schema: Path | None = None,
    resources: Sequence[str] = (),
    *,
    namespace: str = "",
    extensions: bool = False,
    beside: Path | None = None,
) -> Scaffold:
    """A starting mapping from a model of somebody's own to resources, for R4 and R5.

    Args:
        model: a class, `package.module:Class`; or else
        schema: a file with a JSON Schema.
        resources: the types of resource that a record is: its own first, then others that it refers to.
        namespace: the beginning of the URIs of their identifiers and extensions.
        extensions: give a field that looks like no element an extension, instead of leaving it out.
        beside: the folder that the mapping file will be in.

    Raises:
        MappingFileError: there is no such class, schema or type of resource.
    """
    folder = beside or Path()
    bound = ("schema", Path(os.path.relpath(schema, folder)).as_posix()) if schema else ("model", model)
    try:
        described = (of_schema(schema) if schema else of_code(model)).described
        draft, problems = _sound(
            lambda homeless: drafted(
                described, bound, resources, namespace or NAMESPACE, keep=extensions, homeless=homeless
            ),
            folder,
        )
    except SpecError as error:
        raise MappingFileError(Problem(str(error), source=error.source)) from None
    if not namespace:
        draft.asks.insert(0, f"which URIs do your identifiers and extensions have? {NAMESPACE} stands for yours")
    page = written(draft, [str(each) for each in problems if not _asked(each, draft)])
    marks = Counter(rule.mark for _, rule in every(draft.rules))
    return Scaffold(page.text, problems, dict(marks), len(draft.lacks), len(page.asks))


def _sound(draw: Callable[[frozenset[str]], Draft], folder: Path) -> tuple[Draft, tuple[Problem, ...]]:
    """A draft in which the check finds only what is asked: a guess of which it finds more was wrong, and goes."""
    homeless = frozenset[str]()
    while True:
        draft = draw(homeless)
        problems = _checked(written(draft).text, folder)
        wrong = frozenset(each.rule for each in problems if each.rule and not _asked(each, draft))
        if wrong <= homeless:
            return draft, problems
        homeless |= wrong


def _checked(text: str, folder: Path) -> tuple[Problem, ...]:
    """What is wrong with the file as it is, in either version."""
    found: dict[Problem, None] = {}
    for version in VERSIONS:
        try:
            compiled_document(files.parsed(text, "new.yaml", str(folder))[0], version)
        except MappingFileError as error:
            found |= dict.fromkeys(error.problems)
    return tuple(found)


def _asked(problem: Problem, draft: Draft) -> bool:
    """Whether a question in the file is about a problem."""
    unsaid = {value for table in draft.tables.values() for each in table.both for value in each.unsaid}
    asked = [
        "the record has no key",
        *(f"the table has no row for `{value}`" for value in unsaid),
        *(f"field `{name.rpartition('.')[2]}` of " for name in draft.lacks),
    ]
    return problem.what.startswith(tuple(asked))
