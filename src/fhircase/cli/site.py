"""A server and our ledger of it, opened as the options say; progress and reports for people and programs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from fhircase.cli import exits
from fhircase.cli.screen import Meter, amount, complain, say, table

if TYPE_CHECKING:
    from fhircase.cli.intake import Intake
    from fhircase.config import Config
    from fhircase.ledger import RecordKey
    from fhircase.model import Record
    from fhircase.wiring import Site
    from fhircase.worker.report import Brake, PullReport, PushReport, Standing

Input = tuple[bytes, "Callable[[], Record | None]"]


@contextmanager
def opened_site(
    settings: "Config", server: str, ledger: Path | None, fhir: str | None = None, *, create_patients: bool = False
) -> "Iterator[Site]":
    """The server by its name or URL, with the ledger of the option or the settings."""
    from fhircase.cli import logs
    from fhircase.wiring import Site

    logs.start(settings)
    known = settings.server(server, fhir=fhir)  # type: ignore[arg-type]
    if create_patients:
        known = replace(known, create_patients=True)
    with Site(known, ledger or settings.ledger) as site:
        yield site


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """What tells people how far the exchange is, when they sit at a terminal."""
    meters: dict[str, Meter] = {}

    def tell(stage: str, done: int, total: int) -> None:
        for name in [name for name in meters if name != stage]:
            meters.pop(name).close()
        meters.setdefault(stage, Meter(stage))(done, total)

    try:
        yield tell
    finally:
        for meter in meters.values():
            meter.close()


def inputs(intake: "Intake") -> "Iterator[Input]":
    """The texts of records, as a push takes them: what it knows already is not read."""
    for cut in intake.cuts():
        intake.count += 1
        yield cut.text, partial(intake.record, cut)


def print_json(data: Any) -> None:
    """Print something for programs."""
    from fhircase.fhir import jsontext

    typer.echo(jsontext.pretty(data), nl=False)


def show_push(report: "PushReport", *, dry_run: bool) -> None:
    """Show people what a push did, or would do."""
    verb = "would be " if dry_run else ""
    counts = {
        "records given": report.given,
        "unchanged since last time": report.unchanged,
        **({"not in the pilot": report.outside} if report.outside else {}),
        f"records {verb}sent": report.sent,
        f"resources {verb}created": report.created,
        f"resources {verb}updated": report.updated,
        "requests": report.requests,
    }
    table(f"push to {report.server}", ("", ""), ((name, str(count)) for name, count in counts.items()))
    if report.planned:
        rows = (
            (named(each.key), each.role, each.action, each.reference, "\n".join(each.pointers))
            for each in report.planned
        )
        table("planned", ("record", "part", "action", "resource", "places"), rows)
    show_standings([*report.held, *report.refused, *report.conflicts, *report.owed], report.remarks, report.stopped)
    for warning in report.warnings:
        say(f"warning: {warning}")
    if report.braked:
        show_brake(report.server, report.braked)


def show_brake(server: str, brake: "Brake") -> None:
    """Tell people what waits for their go, and why."""
    for reason in brake.reasons:
        say(f"not taken in: {reason}")
    if brake.records:
        say(
            f"{amount(brake.records, 'record')} for {server} wait until you say go: `fhircase release --show` says "
            "what would change, `fhircase release` takes them in, `fhircase release --discard` lets go of them"
        )


def show_pull(report: "PullReport") -> None:
    """Tell people what a pull found; on stderr, as the records themselves go to stdout."""
    say(
        f"pull from {report.server}: {report.looked_at} resources looked at, {report.echoes} as agreed, "
        f"{amount(len(report.changes), 'record')} with news, {amount(report.requests, 'request')}"
    )
    if not report.requests and not report.stopped:
        say("nothing to ask for: none of our records is there yet, and no `organization` says what is addressed to us")
    show_standings([*report.held, *report.refused, *report.conflicts], report.remarks, report.stopped)


def named(key: "RecordKey") -> str:
    """A record's key for people; ids only, never a person's data."""
    return f"{key.kind} {key.namespace}|{key.value}"


def show_standings(waiting: "Iterable[Standing]", remarks: "Iterable[Standing]", stopped: str) -> None:
    """Tell people which records are not where they should be, and why."""
    for each in _told_one_by_one(waiting, stopped):
        say(f"{named(each.key)}: {each.state}{f' ({each.code})' if each.code else ''}: {each.reason}".rstrip(": "))
        complain(problem for problem in each.problems if str(problem) != each.reason)
    for each in remarks:
        say(f"{named(each.key)}: noticed: {each.reason or each.code}")
        complain(each.problems)
    if stopped:
        say(f"stopped: {stopped}")


def _told_one_by_one(waiting: "Iterable[Standing]", stopped: str) -> "Iterator[Standing]":
    """Those with a reason of their own; what waits only because the server stopped us is counted."""
    same = 0
    for each in waiting:
        if stopped and each.reason == stopped:
            same += 1
        else:
            yield each
    if same:
        say(f"{amount(same, 'record')} still owed; push again once this is put right")


def code_of(report: "PushReport | PullReport") -> int:
    """The exit code that a report asks for."""
    if report.stopped or getattr(report, "braked", None):
        return exits.OWED
    waiting = [report.refused, report.conflicts, getattr(report, "held", ()), getattr(report, "owed", ())]
    return exits.OWED if any(waiting) else exits.DONE


def bad_input(intake: "Intake", report: "PushReport") -> int:
    """The exit code for what was wrong with an input; of one that was not taken in, nothing went on."""
    return exits.BAD_INPUT if intake.bad and not report.braked else exits.DONE
