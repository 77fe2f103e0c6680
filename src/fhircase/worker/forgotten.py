"""Whom we have forgotten: known by keyed hashes only, so that nobody is taken in again by chance."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from secrets import token_hex

from fhircase.exchange import whose
from fhircase.exchange.links import key_of
from fhircase.ledger import Ledger, RecordKey
from fhircase.model import Record

FACT = "hash key"
"""Under which the ledger keeps the key of the hashes."""


class Forgotten:
    """Says of clients and records whether they were forgotten."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._digests = ledger.forgotten()
        self._key = ledger.facts("").get(FACT, "")

    @property
    def anybody(self) -> bool:
        """Whether anybody was forgotten at all."""
        return bool(self._digests)

    def has(self, record: Record) -> bool:
        """Whether a record is of somebody who was forgotten."""
        if not self.anybody:
            return False
        keys = [key_of(record), *whose.owners(record)]
        return any(map(self.knows, [*whose.tokens(record), *map(_name, keys)]))

    def knows(self, name: str) -> bool:
        """Whether this identifier is of somebody who was forgotten."""
        return self.anybody and self.digest(name) in self._digests

    def digest(self, name: str) -> str:
        """What is kept of an identifier or a key."""
        return blake2b(name.encode(), key=self._key.encode(), digest_size=16).hexdigest()

    def add(self, tokens: Iterable[str], keys: Iterable[RecordKey], *, now: datetime) -> None:
        """Note who was forgotten."""
        if not self._key:
            self._key = token_hex(32)
            self._ledger.keep_fact("", FACT, self._key, now=now)
        self._ledger.keep_forgotten([self.digest(name) for name in [*tokens, *map(_name, keys)]], now=now)
        self._digests = self._ledger.forgotten()

    def allow(self, token: str) -> bool:
        """Let somebody be taken in again; False if they were not forgotten."""
        return self._ledger.drop_forgotten(self.digest(token)) > 0


def _name(key: RecordKey) -> str:
    return f"{key.kind} {key.namespace}|{key.value}"
