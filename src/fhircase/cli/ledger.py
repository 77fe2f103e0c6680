"""`fhircase ledger`: the ledger itself, for those who keep it."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.ledger_export import export, import_
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.screen import amount, say, table
from fhircase.cli.site import opened_site, print_json, progress, show_standings

if TYPE_CHECKING:
    from fhircase.ledger import Ledger as Kept

app = typer.Typer(help="The ledger: inspect, export, import, verify, back up, restore.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def _opened(ledger: Path | None, config: Path | None) -> "Kept":
    from fhircase.config import load
    from fhircase.ledger import open_ledger

    return open_ledger(ledger or load(config).ledger, create=False)


@app.command()
@told
def inspect(
    record: Annotated[
        str | None, typer.Argument(metavar="[RECORD]", help="A key's value, kind/value or namespace|value.")
    ] = None,
    values: Annotated[bool, typer.Option("--values", help="Show the texts too: they are data about people.")] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say what is in the ledger, or all that is known of a record: states, resources, versions, who and when."""
    from fhircase.worker.inspect import overview, records

    with _opened(ledger, config) as kept:
        if record is None:
            found: Any = overview(kept)
            if not as_json:
                for title, rows in found.items():
                    table(title, ("", ""), ((str(name), str(value)) for name, value in rows.items()))
                return
        else:
            found = records(kept, record, values=values)
            if not found:
                say(f"the ledger holds no record named {record}")
                raise typer.Exit(exits.USAGE)
            if not as_json:
                for each in found:
                    _show(each)
                return
    print_json(found)


def _show(each: dict[str, Any]) -> None:
    head = f"{each['key']}, revision {each['revision']}"
    facts = [(f"{delivery['server']}: {delivery['state']}", delivery["said"]) for delivery in each["servers"]]
    table(head, ("server", ""), facts)
    rows = [
        (part["server"], part["role"], part["reference"], part["version"], "the server's" if part["linked"] else "ours")
        for part in each["resources"]
    ]
    table("", ("server", "part", "resource", "version", "written by"), rows)
    for name in ("current", "local"):
        if name in each:
            print_json({name: each[name]})


app.command("export")(export)
app.command("import")(import_)


@app.command()
@told
def verify(ledger: Ledger = None, as_json: AsJson = False, config: Config = None) -> None:
    """Check the file, every text in it, and that all of it fits together."""
    from fhircase.worker.verify import verify

    with _opened(ledger, config) as kept:
        wrong = list(verify(kept))
    if as_json:
        print_json({"problems": wrong})
    for each in wrong:
        say(each)
    say(f"{amount(len(wrong), 'problem')}; restore a backup that is well" if wrong else "all is well")
    exits.leave([exits.OWED if wrong else exits.DONE])


@app.command()
@told
def compact(ledger: Ledger = None, config: Config = None) -> None:
    """Let go of what `retention` says is no longer needed, and give the room back."""
    from fhircase.config import load
    from fhircase.worker.retention import compact

    with _opened(ledger, config) as kept:
        count = compact(kept, load(config).retention, now=datetime.now(UTC))
    say(f"{amount(count, 'entry', 'entries')} let go of")


@app.command()
@told
def backup(file: File, ledger: Ledger = None, config: Config = None) -> None:
    """Copy the ledger to a file, whole and of one moment, while others go on writing to it."""
    with _opened(ledger, config) as kept:
        kept.backup(str(file))
    say(f"{file} holds the ledger as it is now; keep it as private as the ledger")


@app.command()
@told
def restore(file: File, ledger: Ledger = None, config: Config = None) -> None:
    """Put a backup in the ledger's place; what happened since is looked up on the servers before anything is sent."""
    from fhircase.config import load
    from fhircase.ledger import restore_ledger

    place = ledger or load(config).ledger
    restore_ledger(place, file, now=datetime.now(UTC))
    say(f"{place} is as {file} was; the next exchange with each server pulls first, and looks before it sends")


@app.command()
@told
def rebuild(
    server: Annotated[str, typer.Argument(metavar="SERVER", help="A server in the settings, or its URL.")],
    ledger: Ledger = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a lost ledger again from what a server holds under our namespace; nothing is written there."""
    from fhircase.config import load

    settings = load(config)
    with opened_site(settings, server, ledger) as site, progress() as tell:
        found = site.rebuild([settings.our_namespace()], progress=tell)
    if as_json:
        print_json(asdict(found))
    else:
        say(
            f"{amount(found.records, 'record')} made from {found.server}, {found.known} known already, "
            f"{len(found.left)} left, {amount(found.requests, 'request')}"
        )
        show_standings(found.left, (), found.stopped)
    exits.leave([exits.OWED if found.left or found.stopped else exits.DONE])
