"""What is less certain with a server that lacks something: looked for afterwards, and told."""

from fhircase.errors import Problem
from fhircase.exchange.people import found_by
from fhircase.ledger import RecordKey
from fhircase.worker.fetch import identified
from fhircase.worker.report import Standing
from fhircase.worker.settle import Tally
from fhircase.worker.station import Station


def doubles(station: Station, tally: Tally) -> list[Standing]:
    """Find what was created unguarded and is there more than once.

    Raises:
        ServerError: the server could not be asked.
    """
    wanted: dict[str, dict[str, RecordKey]] = {}
    for key, several in tally.unguarded.items():
        for kind, token in several:
            wanted.setdefault(kind, {})[token] = key
    found = []
    there = identified(station, wanted)
    for kind, keys in wanted.items():
        for token, references in found_by(there[kind]).items():
            if token in keys and len(references) > 1:
                named = ", ".join(sorted(references))
                what, hint = f"the server has it {len(references)} times: {named}", "remove all but one on the server"
                found.append(Standing(keys[token], "remark", "doubled", f"{what}; {hint}", (Problem(what, hint=hint),)))
    return found


def warnings(station: Station, tally: Tally) -> tuple[str, ...]:
    """Say what the server lacks, where this push depended on it."""
    told = []
    if tally.compared:
        told.append(
            f"{station.server} heeds no If-Match: each copy was compared before it was replaced, and what somebody "
            "writes in the moment between is overwritten"
        )
    if tally.unguarded:
        told.append(
            f"{station.server} has no conditional create for some of what was sent: it was looked for before and "
            "after, and what somebody creates in the moment between is there twice"
        )
    return tuple(told)
