"""What the exit code of a command says. Where several apply, the lowest wins."""

from collections.abc import Iterable

import typer

from fhircase import errors

DONE = 0
"""All done."""
PROBLEMS = 1
"""Some records or resources had problems, or are still owed, in conflict, held or refused; the rest went on."""
BUG = 1
"""Something that fhircase did not see coming."""
USAGE = 2
"""The command line, the settings or a mapping file is wrong; nothing was done."""
UNREACHABLE = 3
"""The server could not be reached, or did not answer in full."""


def of_error(error: errors.FhircaseError) -> int:
    """The exit code of an error that ended a command."""
    if isinstance(error, errors.InvalidInput):
        return PROBLEMS
    if isinstance(error, errors.ServerError):
        return UNREACHABLE
    return USAGE


def leave(codes: Iterable[int]) -> None:
    """End the command with the code that tells most.

    Raises:
        typer.Exit: unless all was done.
    """
    if code := min((each for each in codes if each), default=DONE):
        raise typer.Exit(code)
