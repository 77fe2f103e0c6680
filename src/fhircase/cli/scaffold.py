"""`fhircase mappings new`: a mapping file to start from, and how much of it is a guess."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fhircase.cli.files import STDIN, output
from fhircase.cli.own import here
from fhircase.cli.screen import amount, say
from fhircase.errors import ConfigError, Problem

_ASKED = "write `fhircase mappings new --model package.module:Class --resource CarePlan -o FILE.yaml`"


@dataclass(frozen=True)
class Wanted:
    """What was asked for."""

    model: str
    schema: Path | None
    resources: Sequence[str]
    namespace: str
    extensions: bool


def new(wanted: Wanted, file: Path | None, *, force: bool) -> None:
    """Write the file, and say how much is sure and what is to be decided.

    Raises:
        ConfigError: it is not said of what, or the file is there already.
        MappingFileError: there is no such class, schema or type of resource.
    """
    from fhircase.mapping.scaffold import scaffold

    if bool(wanted.model) == bool(wanted.schema):
        raise ConfigError(Problem("a mapping is for `--model` or for `--schema`, one of the two", hint=_ASKED))
    if not wanted.resources:
        raise ConfigError(Problem("it is not said what a record is in FHIR", hint=_ASKED))
    place = None if file is None or str(file) == STDIN else file
    if place and place.exists() and not force:
        hint = "give another name to `-o`, or `--force` to replace it"
        raise ConfigError(Problem("is there already", source=str(place), hint=hint))
    here()
    made = scaffold(
        wanted.model,
        wanted.schema,
        wanted.resources,
        namespace=wanted.namespace,
        extensions=wanted.extensions,
        beside=place.parent if place else None,
    )
    with output(place) as stream:
        stream.write(made.text.encode())
    guessed = ", ".join(f"{made.guessed[mark]} {mark}" for mark in ("sure", "likely", "unsure") if mark in made.guessed)
    say(f"guessed: {guessed or 'nothing'}; {amount(made.lacking, 'field')} without a rule; {made.asks} to decide")
    name = place or "the file"
    if made.problems:
        say(f"`fhircase mappings check {name}` names {amount(len(made.problems), 'problem')} until that is decided")
