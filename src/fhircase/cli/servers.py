"""`fhircase servers`: what is set and known of each server, and a probe that finds out what it does."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.screen import say, table
from fhircase.cli.site import opened_site, print_json

if TYPE_CHECKING:
    from fhircase.config import Config as Settings
    from fhircase.worker.probe import Probed

app = typer.Typer(name="servers", help="What is set and known of each server, and what it does.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME|URL", help="A server in the settings, or its URL.")]
LEARNED = ("probe", "limits", "circuit")
"""Facts that were found out and can be found out again."""
_MEANS = {
    "conditional": "creates only once by ifNoneExist",
    "conditional_in_transaction": "creates only once in a transaction, too",
    "by_identifier": "finds resources by identifier",
    "last_updated": "heeds _lastUpdated in a search",
    "etag": "gives an ETag with what it creates",
    "representation": "returns what it stored, as asked",
    "preconditions": "refuses an update with a stale If-Match",
    "history": "keeps a resource's history",
    "batch": "does batches",
    "transaction": "does transactions",
    "atomic": "undoes a transaction of which a part fails",
    "own_id": "lets us choose the id of what we create",
    "entries": "entries that it took in one bundle",
    "clock_seconds": "seconds its clock is ahead of ours",
}


@app.command("list")
@told
def list_(ledger: Ledger = None, as_json: AsJson = False, config: Config = None) -> None:
    """Show each configured server, and what is known of it; no server is asked."""
    from fhircase.config import load

    settings = load(config)
    known = _facts(settings, ledger)
    shown: dict[str, dict[str, Any]] = {
        name: {"url": server.url, "fhir": server.fhir, "parallel": server.parallel, "known": known.get(name, {})}
        for name, server in settings.servers.items()
    }
    if as_json:
        print_json({"servers": shown})
        return
    rows = (
        (name, str(one["url"]), str(one["fhir"]), str(one["parallel"]), "\n".join(_told(one["known"])))
        for name, one in shown.items()
    )
    table("servers", ("server", "url", "FHIR", "parallel", "known"), rows)


@app.command("probe")
@told
def probe(name: Name, ledger: Ledger = None, as_json: AsJson = False, config: Config = None) -> None:
    """Find out what a server does, on a few resources that are made and deleted for it; the exchange heeds it."""
    from fhircase.config import load
    from fhircase.worker.probe import Probed

    report = Probed()
    with opened_site(load(config), name, ledger) as site:
        try:
            site.probe(report)
        finally:
            _show(report, as_json=as_json)
    exits.leave([exits.OWED if report.left else exits.DONE])


@app.command("forget")
@told
def forget(name: Name, ledger: Ledger = None, config: Config = None) -> None:
    """Forget what was found out about a server: its probe, how large bundles may be, and that it failed."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger

    settings = load(config)
    server = settings.server(name).name
    with open_ledger(ledger or settings.ledger, create=False) as kept:
        for fact in LEARNED:
            kept.drop_fact(server, fact)
    say(f"{server}: what was found out is forgotten; what it is owed is not")


def _facts(settings: "Settings", ledger: Any) -> dict[str, dict[str, Any]]:
    from fhircase.errors import LedgerError
    from fhircase.fhir import jsontext
    from fhircase.ledger import open_ledger

    try:
        with open_ledger(ledger or settings.ledger, create=False) as kept:
            every = {name: kept.facts(name) for name in settings.servers}
    except LedgerError:
        return {}  # Nothing is known before the first push.
    return {
        name: {fact: jsontext.decode(text) for fact, text in facts.items() if fact in LEARNED}
        for name, facts in every.items()
    }


def _told(known: dict[str, Any]) -> list[str]:
    lines = []
    if found := known.get("probe"):
        lacks = [meaning for name, meaning in _MEANS.items() if found.get(name) is False]
        lines.append(f"probed {str(found.get('when', ''))[:16]}: does all that was tried" if not lacks else "")
        lines += [f"not: {meaning}" for meaning in lacks]
    if limits := known.get("limits"):
        lines.append(f"takes {limits['entries']} entries or {limits['bytes']} bytes in a bundle")
    if circuit := known.get("circuit"):
        lines.append(f"failed {circuit['failures']} times in a row: {circuit['why']}")
    return [line for line in lines if line] or ["-"]


def _show(report: "Probed", *, as_json: bool) -> None:
    if as_json:
        print_json({"found": report.found, "left": report.left})
    elif report.found:
        rows = ((meaning, _word(report.found[name])) for name, meaning in _MEANS.items() if name in report.found)
        table("probe", ("the server", ""), rows)
    for kind in report.found.get("unlisted", ()):
        say(f"the server does not say that a {kind} can be created; if it cannot, records that need one are refused")
    for reference in report.left:
        say(f"{reference} was made by the probe and could not be deleted; delete it by hand")


def _word(value: object) -> str:
    if value is None:
        return "not known"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
