"""The last place an error can come to: each becomes one clear message on stderr and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from fhircase.cli import exits
from fhircase.cli.screen import say
from fhircase.errors import FhircaseError

P = ParamSpec("P")

# Older typers take click's errors, newer ones have their own of the same names.
_OF_TYPER: tuple[type[BaseException], ...] = (
    *(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"),
    typer.Exit,
    typer.Abort,
)


def told(run: Callable[P, None]) -> Callable[P, None]:
    """Make a command tell its errors to people instead of raising them."""

    @wraps(run)
    def safely(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            run(*args, **kwargs)
            sys.stdout.flush()
        except _OF_TYPER:
            raise
        except FhircaseError as error:
            say(str(error))
            raise typer.Exit(exits.of_error(error)) from None
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python would complain once more when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(exits.DONE) from None
        except KeyboardInterrupt:
            say("stopped")
            raise typer.Exit(130) from None
        except OSError as error:
            say(f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}")
            raise typer.Exit(exits.USAGE) from None
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            say(_bug(error))
            raise typer.Exit(exits.BUG) from None

    return safely


def _bug(error: Exception) -> str:
    """Where it happened, without the error's own words: they may hold a person's data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"  # noqa: PTH119 - a name for people
    return f"a bug in fhircase: {type(error).__name__} at {place}; please report it (python -X dev shows all of it)"
