"""`fhircase reconcile`: both sides compared completely, and put right where that is safe."""

from dataclasses import asdict
from typing import Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.screen import say, table
from fhircase.cli.site import named, opened_site, print_json, progress


@told
def reconcile(
    server: Annotated[str, typer.Argument(metavar="NAME|URL", help="A server in the settings, or its URL.")],
    repair: Annotated[
        bool, typer.Option("--repair", help="Pull what is newer there, owe what is newer here; delete nothing.")
    ] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Compare all our records with what a server holds: same, newer on one side, missing on one side, or doubled."""
    from fhircase.config import load

    settings = load(config)
    namespaces = [settings.namespace] if settings.namespace else []
    with opened_site(settings, server, ledger) as site, progress() as tell:
        found = site.reconcile(namespaces, repair=repair, progress=tell)
    if as_json:
        print_json({**asdict(found), "open": found.open})
    else:
        table(f"reconciled with {found.server}", ("", ""), ((name, str(count)) for name, count in found.counts.items()))
        rows = (
            (
                named(each.key),
                str(each.stands),
                " ".join(each.references),
                " ".join(dict.fromkeys((*each.ours, *each.theirs))),
                each.hint,
            )
            for each in found.findings
        )
        if found.findings:
            table("not the same", ("record", "stands", "resources", "fields", "what was done, or to do"), rows)
    if found.stopped:
        say(f"stopped: {found.stopped}")
    exits.leave([exits.OWED if found.open or found.stopped else exits.DONE])
