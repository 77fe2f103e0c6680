"""The pilot: only records of certain clients go to a server; all others are kept, and go when the list grows."""

from collections.abc import Iterable
from hashlib import blake2b

from fhircase.exchange import whose
from fhircase.exchange.links import key_of
from fhircase.ledger import RecordKey, State, Verdict
from fhircase.model import Record
from fhircase.worker.station import Station
from fhircase.worker.texts import record_of

CODE = "pilot"
"""Why a record is held that was owed before its client was taken off the list; also the name of the fact."""
DEPTH = 4
"""How many links long the way from a record to its client may be."""


class Pilot:
    """Says which records may go to the server."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._clients = station.to.pilot
        self._known: dict[RecordKey, bool] = {}

    @property
    def everybody(self) -> bool:
        """Whether there is no list."""
        return self._clients is None

    def note(self, records: Iterable[Record]) -> None:
        """Remember the records of an input, for those that belong to one that comes later in it."""
        if self._clients is None:
            return
        for record in records:
            if named := self._named(record):
                self._known[key_of(record)] = not named & self._clients

    def outside(self, record: Record, depth: int = DEPTH) -> bool:
        """Whether a record is of nobody on the list."""
        if self._clients is None:
            return False
        if named := self._named(record):
            return not named & self._clients
        return not any(self._inside(key, depth - 1) for key in whose.owners(record))

    def _inside(self, key: RecordKey, depth: int) -> bool:
        if key in self._known:
            return not self._known[key]
        kept = self._station.ledger.records([key]).get(key) if depth else None
        return kept is not None and not self.outside(record_of(kept.current), depth)

    def _named(self, record: Record) -> frozenset[str]:
        """The client's identifiers, also those by which the server's reference is known."""
        known = self._station.ledger.named(self._station.server, whose.references(record))
        return whose.tokens(record) | {name.partition(" ")[2] for names in known.values() for name in names}

    def follow(self) -> None:
        """When the list has changed: owe what is on it now, and hold what is owed and no longer is."""
        station, server = self._station, self._station.server
        now = blake2b(repr(sorted(self._clients or ())).encode(), digest_size=8).hexdigest() if self._clients else "all"
        if station.ledger.facts(server).get(CODE, "all") == now:
            return
        for kept in station.ledger.scan():
            self._follow(kept.key, outside=self.outside(record_of(kept.current)))
        station.ledger.keep_fact(server, CODE, now, now=station.now())

    def _follow(self, key: RecordKey, *, outside: bool) -> None:
        ledger, server, now = self._station.ledger, self._station.server, self._station.now()
        delivery = ledger.deliveries(server, [key]).get(key)
        waits = delivery is not None and delivery.state is State.HELD and delivery.code == CODE
        if outside and delivery and delivery.state is State.OWED:
            ledger.park(server, key, Verdict.held("its client is no longer in the pilot", code=CODE), now=now)
        elif not outside:
            if waits:
                ledger.release(server, [key], now=now)
            ledger.wish(server, [key], now=now)
