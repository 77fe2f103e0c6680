"""`fhircase release`: what the brake holds is shown, taken in, or let go of."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.screen import amount, say, table
from fhircase.cli.site import code_of, opened_site, print_json, progress, show_brake, show_push

if TYPE_CHECKING:
    from fhircase.ledger import Ledger as Kept

COLUMNS = ("kind", "records", "new", "fields that would change, and in how many", "for example")


@told
def release(
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="NAME|URL", help="Only what waits for this server; without, all of it."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Say what would change, and leave it waiting.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Let go of it: it is never sent.")] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say go to an input that would change or close many records, or was cut off: take it in and send it."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger
    from fhircase.worker import brake

    if show and discard:
        raise typer.BadParameter("one of --show and --discard", param_hint="--show")
    settings = load(config)
    with open_ledger(ledger or settings.ledger, create=False) as kept:
        names = [settings.server(server).name] if server else list(kept.count_put_by())
        if show:
            exits.leave([_show(kept, names, as_json=as_json)])
            return
        if discard:
            dropped = {name: brake.discard(kept, name) for name in names}
            print_json(dropped) if as_json else say(f"{amount(sum(dropped.values()), 'record')} let go of")
            return
    if not names:
        say("nothing waits")
    codes, reports = [], []
    for name in names:
        with opened_site(settings, name, ledger) as site, progress() as tell:
            report = site.push(release=True, progress=tell)
        codes.append(code_of(report))
        reports.append(report.as_json())
        if not as_json:
            show_push(report, dry_run=False)
    if as_json:
        print_json(reports)
    exits.leave(codes)


def _show(kept: "Kept", names: list[str], *, as_json: bool) -> int:
    from fhircase.worker import brake

    found = {name: (why, brake.shown(kept, name)) for name in names if (why := brake.waits(kept, name))}
    if as_json:
        print_json({name: {**asdict(why), "kinds": list(map(asdict, kinds))} for name, (why, kinds) in found.items()})
        return exits.OWED if found else exits.DONE
    for name, (why, kinds) in found.items():
        rows = (
            (
                each.kind,
                str(each.records),
                str(each.new),
                "\n".join(f"{field} {count}" for field, count in each.fields.items()),
                ", ".join(each.samples),
            )
            for each in kinds
        )
        table(f"waiting for {name}", COLUMNS, rows)
        show_brake(name, why)
    if not found:
        say("nothing waits")
    return exits.OWED if found else exits.DONE
