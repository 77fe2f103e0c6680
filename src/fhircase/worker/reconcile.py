"""Both sides compared completely: what we hold with what is there, and what is there with what we hold."""

from collections.abc import Collection

from fhircase.errors import ServerError
from fhircase.worker.comparing import Comparing, Reconciled
from fhircase.worker.note import Run
from fhircase.worker.reconcile_ours import Ours
from fhircase.worker.reconcile_theirs import Theirs
from fhircase.worker.station import Progress, Station, silent


def reconcile(
    station: Station, namespaces: Collection[str], *, repair: bool = False, progress: Progress = silent
) -> Reconciled:
    """Compare both sides, and put right what can be put right safely.

    Args:
        station: where.
        namespaces: what our identifiers start with; records under others are compared as far as the ledger knows them.
        repair: whether to pull what is newer or only there, and to owe the server what is newer or only here.
        progress: told how far it is.
    """
    before, result = station.counter.requests, Reconciled(station.server)
    both = Comparing(station, Run(station), repair, result)
    try:
        Ours(both).compare(progress)
        Theirs(both).compare(namespaces, progress)
    except ServerError as error:
        result.stopped = str(error)
    result.requests = station.counter.requests - before
    return result
