"""The feed for the local system: what others changed, offered until it is acknowledged."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fhircase.errors import InvalidInput, Problem
from fhircase.exchange.places import put, value_at
from fhircase.fhir import jsontext
from fhircase.ledger import Change, Ledger, Local, RecordKey
from fhircase.model import Record
from fhircase.worker.texts import record_of, text_of

ACKNOWLEDGED = "changes acknowledged"
"""The cursor, about no server, that says how much of the feed the local system has."""
PAGE = 500
"""Changes in memory at a time."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A change with the whole record as of it."""

    change: Change
    text: bytes = field(repr=False)

    @property
    def cursor(self) -> str:
        """What to acknowledge, or to read on from."""
        return f"{self.change.position}.{self.change.id[:8]}"

    @property
    def record(self) -> Record:
        """The record, as a value."""
        return record_of(self.text)

    def line(self) -> bytes:
        """The change as a line of NDJSON; the record in it is what a push takes."""
        change = self.change
        head = {
            "cursor": self.cursor,
            "id": change.id,
            "key": change.key._asdict(),
            "source": change.source,
            "when": change.when.isoformat(),
            "fields": list(change.fields),
        }
        return jsontext.encode(head)[:-1] + b',"record":' + self.text + b"}\n"


class Feed:
    """What a ledger has for the local system.

    Args:
        ledger: where it is kept.
        now: the time; another clock is for tests.
    """

    def __init__(self, ledger: Ledger, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._ledger = ledger
        self._now = now

    def changes(
        self, after: str | None = None, *, limit: int | None = None, wait: Callable[[], bool] | None = None
    ) -> Iterator[Offer]:
        """Offer changes in order, a page in memory at a time.

        Args:
            after: the cursor to read on from; without, what was not acknowledged yet.
            limit: at most so many.
            wait: called at the end of the feed; it waits a little and says whether to look again.

        Raises:
            InvalidInput: the cursor is not one of this feed.
        """
        position = self._acknowledged() if after is None else self._position(after)
        left = limit
        while left is None or left > 0:
            page = self._ledger.changes(position, limit=PAGE if left is None else min(PAGE, left))
            if not page:
                if wait is None or not wait():
                    return
                continue
            yield from self._offers(page)
            position = page[-1].position
            left = None if left is None else left - len(page)

    def ack(self, cursor: str) -> int:
        """Note that the local system has everything up to a cursor; returns how many changes were news to it.

        What it has of a record is from now on what its next input is compared with. Acknowledging again does nothing.

        Raises:
            InvalidInput: the cursor is not one of this feed.
        """
        position, count = self._position(cursor), 0
        while (start := self._acknowledged()) < position:
            with self._ledger.unit():
                page = [each for each in self._ledger.changes(start, limit=PAGE) if each.position <= position]
                if not page:
                    break
                self._received(page)
                self._ledger.move_cursor("", ACKNOWLEDGED, str(page[-1].position), now=self._now())
                count += len(page)
        return count

    def _offers(self, page: list[Change]) -> Iterator[Offer]:
        without = [change.key for change in page if change.text is None]
        records = self._ledger.records(without) if without else {}
        for change in page:
            # What was received already and let go of since is offered as it is now: newer, and never less.
            yield Offer(change, records[change.key].current if change.text is None else change.text)

    def _received(self, page: Iterable[Change]) -> None:
        """Take what was received as what the local system holds; what it gave last stays known by its digest.

        Where both sides are in dispute, what the local system said stands until somebody decides: a machine that
        acknowledges decides nothing. Elsewhere in such a record it has what it received, as everywhere.
        """
        last = {change.key: change.text for change in page if change.text is not None}
        disputed: dict[RecordKey, list[str]] = {}
        for conflict in self._ledger.conflicts():
            disputed.setdefault(conflict.key, []).append(conflict.path)
        for key, known in self._ledger.records(last).items():
            text = _but_for(disputed.get(key, []), last[key], known.local)
            local = Local(text, known.local.digest if known.local else "")
            self._ledger.keep(key, known.current, now=self._now(), local=local)

    def _acknowledged(self) -> int:
        return int(self._ledger.cursor("", ACKNOWLEDGED) or 0)

    def _position(self, cursor: str) -> int:
        """Where a cursor stands, if what stands there is what it was made of."""
        number, _, id_ = cursor.partition(".")
        if number.isdecimal() and id_:
            for change in self._ledger.changes(int(number) - 1, limit=1):
                if change.position == int(number) and change.id.startswith(id_):
                    return change.position
        hint = "start without --after: what was not acknowledged is offered again, and its ids tell what you have"
        raise InvalidInput(Problem("not a cursor of this ledger's feed", "cursor", "as `changes` printed it", hint))


def _but_for(disputed: Iterable[str], received: bytes, local: Local | None) -> bytes:
    """What was received, with what the local system said last where there is a dispute."""
    paths = list(disputed)
    if local is None or not paths:
        return received
    said, data = jsontext.decode(local.text), jsontext.decode(received)
    try:
        for path in paths:
            data = put(data, path, value_at(said, path))
        return text_of(record_of(jsontext.encode(data)))
    except InvalidInput:
        return local.text  # The place is not there any more: all of it stands as the local system said it.
