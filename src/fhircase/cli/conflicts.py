"""`fhircase conflicts`: what both sides changed to different things, shown and settled."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.screen import amount, complain, say, table
from fhircase.cli.site import named, print_json

if TYPE_CHECKING:
    from fhircase.ledger import Conflict
    from fhircase.ledger import Ledger as Kept
    from fhircase.worker.decide import Settled

app = typer.Typer(help="What both sides changed to different things: see it, and settle it.", no_args_is_help=True)

Server = Annotated[str | None, typer.Option("--server", metavar="NAME", help="Only those with this server.")]
_SILENT = "(says nothing)"


@app.command("list")
@told
def list_(server: Server = None, ledger: Ledger = None, as_json: AsJson = False, config: Config = None) -> None:
    """List what is in conflict, oldest first: places only, no values."""
    with _opened(ledger, config) as kept:
        found = kept.conflicts(server)
    if as_json:
        print_json({"conflicts": [_head(each) for each in found]})
    elif found:
        rows = ((each.id, each.server, named(each.key), each.path, _moment(each.since)) for each in found)
        table("in conflict", ("id", "server", "record", "place", "since"), rows)
        say("`fhircase conflicts show ID` shows both sides")
    else:
        say("nothing is in conflict")
    exits.leave([exits.OWED if found else exits.DONE])


@app.command("show")
@told
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The conflict's id, or how it begins.")],
    ledger: Ledger = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show what we say, what they say, and what was last agreed on, side by side."""
    from fhircase.worker.decide import conflict

    with _opened(ledger, config) as kept:
        found = conflict(kept, id_)
    if as_json:
        print_json(
            {**_head(found), "ours": _said(found.ours), "theirs": _said(found.theirs), "base": _said(found.base)}
        )
        return
    say(f"{found.id}: {named(found.key)} at {found.path}, with {found.server}, found {_moment(found.since)}")
    if found.reference:
        say(f"theirs was written {_moment(found.said)}, in {found.reference}")
    if found.outcome is not None:
        say(f"ended {_moment(found.ended)}: {found.outcome}; the values are no longer kept")
        return
    table("", ("", "we say", "they say", "last agreed"), _side_by_side(found))
    say(f"theirs stands until it is settled: `fhircase conflicts settle {found.id} --ours | --theirs | --edit VALUE`")


@app.command("settle")
@told
def settle(  # noqa: PLR0913, PLR0917 - options are arguments
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="The conflicts' ids.")] = None,
    ours: Annotated[bool, typer.Option("--ours", help="What we say is right; the next push sends it.")] = False,
    theirs: Annotated[bool, typer.Option("--theirs", help="What they say is right, and stands.")] = False,
    edit: Annotated[
        str | None,
        typer.Option("--edit", metavar="JSON|-", help="Something else is right: a value as JSON, or - to read it."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are open with --server; needs --yes.")] = False,
    server: Server = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really all of them.")] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Settle conflicts for good, each by its id; one that has changed since it was shown is refused."""
    from fhircase.errors import InvalidInput
    from fhircase.ledger import Outcome
    from fhircase.worker import decide

    _one_way(ids, every=every, server=server, yes=yes, ways=[ours, theirs, edit is not None])
    if edit is not None and (every or len(ids or ()) != 1):
        raise typer.BadParameter("one conflict at a time", param_hint="--edit")
    outcome = Outcome.OURS if ours else Outcome.THEIRS if theirs else Outcome.EDITED
    value = None if edit is None else _given(edit)
    settled, refused = [], 0
    with _opened(ledger, config) as kept:
        for id_ in [each.id for each in kept.conflicts(server)] if every else ids or ():
            try:
                settled.append(decide.settle(kept, id_, outcome, value, now=datetime.now(UTC)))
            except InvalidInput as error:
                refused += complain(error.problems)
    if as_json:
        print_json({"settled": [_plain(each) for each in settled], "refused": refused})
    new = sum(not each.again for each in settled)
    say(f"{amount(new, 'conflict')} settled" + ("" if outcome is Outcome.THEIRS else "; the next push sends it"))
    exits.leave([exits.BAD_INPUT if refused else exits.DONE])


def _one_way(ids: list[str] | None, *, every: bool, server: str | None, yes: bool, ways: list[bool]) -> None:
    if sum(ways) != 1:
        raise typer.BadParameter("one of --ours, --theirs and --edit", param_hint="--ours")
    if every and (ids or not server or not yes):
        raise typer.BadParameter("give --server NAME and --yes with it, and no ids", param_hint="--all")
    if not every and not ids:
        raise typer.BadParameter("say which: `fhircase conflicts list` shows the ids", param_hint="ID")


def _given(edit: str) -> Any:
    from fhircase.errors import InvalidInput, Problem
    from fhircase.fhir import jsontext

    try:
        return jsontext.decode(sys.stdin.buffer.read() if edit == "-" else edit)
    except ValueError as error:
        hint = "a text stands in double quotes: --edit '\"on-hold\"'; null says nothing"
        raise InvalidInput([Problem(f"the value is not JSON: {error}", "--edit", hint=hint)]) from None


@contextmanager
def _opened(ledger: Ledger, config: Config) -> "Iterator[Kept]":
    from fhircase.config import load
    from fhircase.ledger import open_ledger

    with open_ledger(ledger or load(config).ledger, create=False) as kept:
        yield kept


def _head(found: "Conflict") -> dict[str, Any]:
    """What is known of a conflict, without what anybody says."""
    return {
        "id": found.id,
        "server": found.server,
        "key": found.key._asdict(),
        "path": found.path,
        "since": _iso(found.since),
        "said": _iso(found.said),
        "reference": found.reference,
        "outcome": found.outcome,
        "ended": _iso(found.ended),
    }


def _plain(settled: "Settled") -> dict[str, Any]:
    """A settled conflict as plain data."""
    return {**asdict(settled), "key": settled.key._asdict()}


def _side_by_side(found: "Conflict") -> Iterator[tuple[str, str, str, str]]:
    """A row for each field in which the sides differ; one row where the values have no fields."""
    sides = [_said(each) for each in (found.ours, found.theirs, found.base)]
    if not all(isinstance(each, dict) or each is None for each in sides):
        ours, theirs, base = map(_shown, sides)
        yield found.path, ours, theirs, base
        return
    fields = [each or {} for each in sides]
    for name in dict.fromkeys(name for each in fields for name in each):
        values = [each.get(name) for each in fields]
        if values[0] != values[1]:
            ours, theirs, base = map(_shown, values)
            yield name, ours, theirs, base


def _said(text: bytes | None) -> Any:
    from fhircase.fhir import jsontext

    return None if text is None else jsontext.decode(text)


def _shown(value: Any) -> str:
    from fhircase.fhir import jsontext

    if value is None:
        return _SILENT
    return value if isinstance(value, str) else jsontext.pretty(value).rstrip("\n")


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
