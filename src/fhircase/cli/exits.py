"""What the exit code of a command says. Where several apply, the lowest wins."""

from collections.abc import Iterable

import typer

from fhircase import errors

DONE = 0
"""All done."""
BUG = 1
"""Something that fhircase did not see coming."""
USAGE = 2
"""The command line, the settings or a mapping file is wrong; nothing was done."""
BAD_INPUT = 3
"""Some records or resources had problems; the good ones were processed all the same."""
OWED = 4
"""Something is still owed, in conflict, held or refused, or the server could not be reached."""


def of_error(error: errors.FhircaseError) -> int:
    """The exit code of an error that ended a command."""
    if isinstance(error, errors.InvalidInput):
        return BAD_INPUT
    if isinstance(error, errors.ServerError):
        return OWED
    return USAGE


def leave(codes: Iterable[int]) -> None:
    """End the command with the code that tells most.

    Raises:
        typer.Exit: unless all was done.
    """
    if code := min((each for each in codes if each), default=DONE):
        raise typer.Exit(code)
