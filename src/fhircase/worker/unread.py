"""What cannot be read because a code table lacks a row: kept in the ledger, as it was found, until it can be."""

from collections import Counter
from collections.abc import Iterable, Iterator

from fhircase.errors import NoRow, Problem
from fhircase.exchange.people import PATIENT
from fhircase.exchange.references import nodes, targets, token
from fhircase.fhir import jsontext
from fhircase.fhir.lenient import objects_at
from fhircase.ledger import Delivery, RecordKey, State, UnknownCode, Unread, Verdict
from fhircase.worker.fetch import Found, fetch
from fhircase.worker.forgotten import Forgotten
from fhircase.worker.report import Standing
from fhircase.worker.station import Station

CODE = "unknown-code"
"""Why a record is held: some table lacks a row."""
RESOURCE = "resource"
"""The kind of key of what no record is known for."""


def keep(station: Station, key: RecordKey, found: Iterable[Found], problems: Iterable[Problem]) -> bool:
    """Keep what could not be read, if a row would help; say whether nothing but rows are lacking.

    What is of a client who was forgotten is not kept.

    Raises:
        ServerError: somebody was forgotten, and the server could not be asked whom the resources are about.
    """
    every, found = list(problems), list(found)
    counts = Counter((each.table, each.code, each.path) for each in every if isinstance(each, NoRow))
    if counts and not _forgotten(station, found):
        codes = tuple(UnknownCode(*which, times) for which, times in counts.items())
        text = jsontext.encode([{"etag": each.etag, "resource": each.resource} for each in found])
        unread = Unread(station.server, key, station.mapping, text, codes)
        station.ledger.keep_unread(unread, now=station.now())
    return lacks_rows(every)


def _forgotten(station: Station, found: Iterable[Found]) -> bool:
    """Whether any of these is about somebody who was forgotten, by an identifier or by the patient it refers to."""
    forgotten = Forgotten(station.ledger)
    if not forgotten.anybody:
        return False
    resources = [each.resource for each in found]
    patients = {name for each in resources for name in targets(each) if name.startswith(f"{PATIENT}/")}
    resources += [each.resource for each in fetch(station, patients)[0].values()]
    own = (identifier for each in resources for identifier in objects_at(each, "identifier"))
    named = (node.get("identifier") for each in resources for node in nodes(each))
    return any(map(forgotten.knows, filter(None, map(token, (*own, *named)))))


def lacks_rows(problems: Iterable[Problem]) -> bool:
    """Whether it is for rows of code tables only that something is not read."""
    return all(isinstance(each, NoRow) for each in problems)


def hold(problems: tuple[Problem, ...]) -> Verdict:
    """The verdict on a record that waits for rows."""
    return Verdict.held(str(problems[0]), code=CODE, problems=problems)


def waits(delivery: Delivery | None) -> bool:
    """Whether a record is held for a row."""
    return delivery is not None and delivery.state is State.HELD and delivery.code == CODE


def changed(station: Station) -> Iterator[tuple[RecordKey, list[Found]]]:
    """What was kept under other mapping files than those in force, as it was found."""
    for unread in station.ledger.unread(station.server):
        if unread.mapping != station.mapping:
            yield unread.key, [Found(each["resource"], each["etag"]) for each in jsontext.decode(unread.text)]


def standings(station: Station) -> tuple[Standing, ...]:
    """Everything at the server that waits for a row."""
    return tuple(
        Standing(unread.key, str(State.HELD), CODE, str(problems[0]), problems)
        for unread in station.ledger.unread(station.server)
        if (problems := tuple(_problem(code) for code in unread.codes))
    )


def _problem(code: UnknownCode) -> Problem:
    return Problem(f"unknown code `{code.code}`", code.place, "", f"add a row to the table `{code.table}`")


def around(anchor: Found, every: Iterable[Found]) -> list[Found]:
    """The resources that a record around this one can be read from: what it names, what names it, and what those name.

    A client's other records are not among them.
    """
    by_reference = {each.reference: each for each in every if not each.reference.startswith(f"{PATIENT}/")}
    todo = [anchor, *(each for each in by_reference.values() if anchor.reference in targets(each.resource))]
    found: dict[str, Found] = {}
    while todo:
        each = todo.pop(0)
        if each.reference not in found:
            found[each.reference] = each
            todo += [by_reference[name] for name in sorted(targets(each.resource)) if name in by_reference]
    return list(found.values())
