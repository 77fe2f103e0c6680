"""`fhircase forget`: a person's data taken out of the ledger."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.screen import amount, say
from fhircase.cli.site import named, print_json


@told
def forget(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="One of the client's identifiers, system|value.")],
    allow: Annotated[bool, typer.Option("--allow", help="Take this client's records in again.")] = False,
    ledger: Ledger = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Remove every trace of a client from the ledger, and say what remains elsewhere."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger
    from fhircase.worker.forget import forget
    from fhircase.worker.forgotten import Forgotten

    if "|" not in client:
        raise typer.BadParameter("write it as system|value", param_hint="CLIENT")
    with open_ledger(ledger or load(config).ledger, create=False) as kept:
        if allow:
            was = Forgotten(kept).allow(client)
            say("the client's records are taken in again" if was else "the client was not forgotten")
            exits.leave([exits.DONE if was else exits.USAGE])
            return
        remains = forget(kept, client, now=datetime.now(UTC))
    if as_json:
        named_by = [named(key) for key in remains.named_by]
        print_json({"records": remains.records, "references": remains.references, "named_by": named_by})
        return
    say(f"{amount(remains.records, 'record')} forgotten; inputs with this client are not taken in until --allow")
    for server, references in remains.references.items():
        say(f"still on {server}, where others decide: {', '.join(references)}")
    for key in remains.named_by:
        say(f"still named by {named(key)}, which is another client's")
    say("backups and exports of the ledger that you made hold the client still: they are yours to destroy")
