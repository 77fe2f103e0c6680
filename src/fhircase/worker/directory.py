"""Who is who on a server: clients, organisations and staff looked up by identifier, many at once, and remembered."""

from collections.abc import Iterable, Mapping

from fhircase.exchange.people import PARTIES, PATIENT, Held, Person, found_by, matched, person
from fhircase.exchange.people import reference_of as reference
from fhircase.exchange.push import Part
from fhircase.exchange.references import Json, targets
from fhircase.exchange.survivors import inherited
from fhircase.fhir.lenient import objects_at
from fhircase.ledger import RecordKey
from fhircase.worker.fetch import Found, identified, seen
from fhircase.worker.station import Station
from fhircase.worker.survivors import known_merges, notice

Names = dict[tuple[str, str], str]
"""References by type (empty where none is said) and `system|value`."""

PAYERS = ("Coverage", "ClaimResponse")
"""What a payer holds, found by its identifier."""

PATIENTS = 1000
"""Patients kept at hand."""

NEED_CLIENT = frozenset({"case", "care-plan", "referral", "need", "goal", "outcome", "consent"})
"""Kinds of records that are about a client; a work item or a team need not be."""


class Directory:
    """Looks people up, once a push."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self.patients: dict[str, Found] = {}
        """Those read in this push, by reference."""
        self._asked: dict[str, set[str]] = {}
        self._missing: set[tuple[str, str]] = set()

    def clients(self, parts: Mapping[RecordKey, Iterable[Part]]) -> tuple[Names, dict[RecordKey, Held], set[str]]:
        """Find the patients that records need.

        Returns:
            Names that are found, why records cannot be sent, and identifiers of patients that may be created.

        Raises:
            ServerError: the server could not be asked.
        """
        wanted = {key: self._clients(key, some) for key, some in parts.items()}
        self._ask({token for people in wanted.values() for who in people for token in who.tokens})
        names: Names = {}
        held: dict[RecordKey, Held] = {}
        absent: set[str] = set()
        with self._station.ledger.unit():
            for key, people in wanted.items():
                for who in people:
                    match = matched(who, self._asked)
                    if isinstance(match, str):
                        names |= {(PATIENT, token): match for token in who.tokens}
                        self._remember(who.tokens, match)
                    elif match.code == "no-patient" and self._station.to.create_patients:
                        absent.update(who.tokens)
                    else:
                        held[key] = match
        return names, held, absent

    def _clients(self, key: RecordKey, parts: Iterable[Part]) -> list[Person]:
        """The clients a record's resources mean by identifier: the case's own, and those its links name."""
        trusted = self._station.to.patient_identifiers
        people: dict[Person, None] = {}
        parts = list(parts)
        for part in parts:
            if part.linked and part.new and part.resource["resourceType"] == PATIENT:
                who = person(objects_at(part.resource, "identifier"), trusted)
                people[who] = None
                continue
            for kind, token in part.names:
                if kind == PATIENT:
                    system, _, value = token.partition("|")
                    people[person([{"system": system, "value": value}], trusted)] = None
        return list(people) or self._unnamed(key, list(parts))

    def _unnamed(self, key: RecordKey, parts: list[Part]) -> list[Person]:
        """Nobody, if the record is there already or refers to a patient of this server; else somebody unknown."""
        if key.kind not in NEED_CLIENT or not all(part.new for part in parts):
            return []
        named = {
            reference for part in parts for reference in targets(part.resource) if reference.startswith(f"{PATIENT}/")
        }
        ledger, server = self._station.ledger, self._station.server
        known = ledger.holders(server, named).keys() | ledger.named(server, named).keys()
        return [] if named and named <= known else [person((), ())]

    def _ask(self, tokens: set[str]) -> None:
        new = tokens - self._asked.keys()
        found = identified(self._station, {PATIENT: new})[PATIENT]
        notice(self._station, found)
        by_token = found_by(found)
        # Who was merged is the survivor, even if that one does not have all identifiers.
        for named, survivors in inherited(found, known_merges(self._station)).items():
            by_token.setdefault(named, set()).update(survivors)
        for token in new:
            self._asked[token] = by_token.get(token, set())
        self.patients |= {reference(resource): seen(resource) for resource in found}
        # Records come by their clients, so those asked for long ago are hardly needed again; then they are read anew.
        for name in list(self.patients)[:-PATIENTS]:
            del self.patients[name]

    def _remember(self, tokens: Iterable[str], match: str) -> None:
        for token in tokens:
            self._station.ledger.link(self._station.server, f"{PATIENT} {token}", match, now=self._station.now())

    def made(self, resource: Json) -> None:
        """Note a patient that was created."""
        self.patients[reference(resource)] = seen(resource)
        for token, found in found_by([resource]).items():
            self._asked.setdefault(token, set()).update(found)

    def parties(self, parts: Iterable[Part]) -> Names:
        """Find organisations and staff; who is not found, or is several, stays an identifier.

        Raises:
            ServerError: the server could not be asked.
        """
        wanted = {pair for part in parts for pair in part.names if pair[0] != PATIENT}
        keys = {_name(*pair): pair for pair in wanted}
        names = {keys[name]: found for name, found in self._station.ledger.links(self._station.server, keys).items()}
        rest = wanted - names.keys() - self._missing
        found = {kind: found_by(several) for kind, several in identified(self._station, _by_type(rest)).items()}
        for pair in rest:
            kinds = (pair[0],) if pair[0] else PARTIES
            matches = {match for kind in kinds for match in found.get(kind, {}).get(pair[1], ())}
            if len(matches) == 1:
                names[pair] = matches.pop()
                self._station.ledger.link(self._station.server, _name(*pair), names[pair], now=self._station.now())
            else:
                self._missing.add(pair)
        return names


def _by_type(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Which identifiers to ask for, by type; only types that can be parties are asked."""
    asked: dict[str, set[str]] = {}
    for kind, token in pairs:
        for each in (kind,) if kind else PARTIES:
            if each in (*PARTIES, *PAYERS):
                asked.setdefault(each, set()).add(token)
    return asked


def _name(kind: str, token: str) -> str:
    return f"{kind or 'party'} {token}"
