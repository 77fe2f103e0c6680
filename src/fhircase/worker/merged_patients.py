"""The records of patients that a server has merged, and the news of it for the local system."""

from collections.abc import Iterable, Mapping

from fhircase.errors import Problem
from fhircase.exchange.people import PATIENT
from fhircase.exchange.pull import change_id
from fhircase.exchange.references import targets
from fhircase.fhir import jsontext
from fhircase.ledger import Change, RecordKey
from fhircase.worker.note import Run
from fhircase.worker.report import Standing
from fhircase.worker.station import Station
from fhircase.worker.survivors import TOLD


def concerned(station: Station, merges: Iterable[str]) -> dict[RecordKey, set[str]]:
    """The records that have to do with merged patients. All are looked at: merges are rare."""
    old = set(merges)
    found: dict[RecordKey, set[str]] = {}
    for record in station.ledger.scan() if old else ():
        for row in station.ledger.resources(station.server, [record.key]).get(record.key, ()):
            named = {row.reference, *(targets(jsontext.decode(row.agreed)) if row.agreed else ())} & old
            if named:
                found.setdefault(record.key, set()).update(named)
    return found


def tell(run: Run, records: Mapping[RecordKey, set[str]], merges: Mapping[str, str]) -> None:
    """Announce that these records' client is another patient now."""
    ledger, server, now = run.station.ledger, run.station.server, run.station.now()
    with ledger.unit():
        for key, record in ledger.records(records).items():
            for old in sorted(records[key]):
                who = {"resourceType": PATIENT, "id": old.partition("/")[2], "meta": {"versionId": merges[old]}}
                # The same merge has one id, whatever the record says when it is told.
                id_ = change_id(server, key, [who], b"", record.revision)
                ledger.announce(Change(id_, key, record.revision, now, server, ("client",), text=record.current))
                what = Problem(f"{old} was merged into {merges[old]}", "client", "who the client is")
                run.remarks.append(Standing(key, "remark", "merged", "the client's patient was merged", (what,)))
        for old, to in merges.items():
            ledger.keep_fact(server, TOLD + old, to, now=now)
