"""`fhircase remap`: a changed mapping rolled out on servers, or taken back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhircase.cli import exits
from fhircase.cli.door import told
from fhircase.cli.options import AsJson, Config, Ledger
from fhircase.cli.screen import amount, say, table
from fhircase.cli.site import named, opened_site, print_json, progress, show_standings

if TYPE_CHECKING:
    from fhircase.config import Config as Settings
    from fhircase.worker.report import RemapReport


@told
def remap(  # noqa: PLR0913, PLR0917 - options are arguments
    server: Annotated[
        list[str] | None,
        typer.Option("--server", metavar="NAME|URL", help="A server in the settings, or its URL; all of them without."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what would be rewritten; this is what happens anyway.")
    ] = False,
    go: Annotated[bool, typer.Option("--go", help="Rewrite it, and keep how to take it back.")] = False,
    back: Annotated[
        bool, typer.Option("--back", help="Take back what was rewritten, where nobody changed it since.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="KEY", help="This record: its key's value, or kind/value. Repeatable."),
    ] = None,
    some: Annotated[
        int | None, typer.Option("--some", metavar="N", min=1, help="At most so many records, to try it.")
    ] = None,
    ledger: Ledger = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Predict what a changed mapping would rewrite on the servers, do it on a few or on all, or take it back."""
    from fhircase.config import load
    from fhircase.ledger import open_ledger

    if plan + go + back > 1:
        raise typer.BadParameter("one of --plan, --go and --back", param_hint="--plan")
    settings = load(config)
    names = server or list(settings.servers)
    if not names:
        raise typer.BadParameter("the settings name no server", param_hint="--server")
    open_ledger(ledger or settings.ledger, create=False).close()
    action = "go" if go else "back" if back else "plan"
    reports = [_one(settings, name, ledger, action, only or (), some) for name in names]
    if as_json:
        print_json([report.as_json() for report in reports])
    else:
        for report in reports:
            _show(report, action)
    exits.leave([exits.OWED if report.left or report.stopped else exits.DONE for report in reports])


def _one(
    settings: "Settings",
    name: str,
    ledger: Path | None,
    action: str,
    only: "list[str] | tuple[str, ...]",
    some: int | None,
) -> "RemapReport":
    with opened_site(settings, name, ledger) as site, progress() as tell:
        if action == "back":
            return site.remap_back(only=only, some=some, progress=tell)
        return site.remap(dry_run=action == "plan", only=only, some=some, progress=tell)


def _show(report: "RemapReport", action: str) -> None:
    if report.planned:
        rows = (
            (named(each.key), each.role, each.action, each.reference, "\n".join(each.pointers))
            for each in report.planned
        )
        titles = {"plan": "would be rewritten", "go": "rewritten", "back": "taken back"}
        title = f"{titles[action]} on {report.server}"
        table(title, ("record", "part", "action", "resource", "places"), rows)
    if report.reads:
        fields = ((named(key), "\n".join(paths)) for key, paths in report.reads)
        table("only reads otherwise, in the fields", ("record", "fields"), fields)
    show_standings(report.left, (), report.stopped)
    records = len({each.key for each in report.planned})
    verb = (
        f"{amount(records, 'record')} to rewrite" if action == "plan" else f"{amount(report.sent, 'record')} rewritten"
    )
    say(f"{report.server}: {verb}, {len(report.reads)} read otherwise, {report.same} the same, {len(report.left)} left")
