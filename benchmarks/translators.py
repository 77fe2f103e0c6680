"""The referral's mapping against the same by hand: on `fhir.resources` models, on plain dicts, and JSON alone."""

from collections.abc import Iterator

from benchmarks.by_hand import plain, typed
from benchmarks.pairs import Pair, measure
from fhircase.fhir import jsontext
from fhircase.mapping import from_fhir, to_fhir
from fhircase.model import Referral
from fhircase.records.sample import sample

MODELS = "by hand on fhir.resources models"
DICTS = "by hand on dicts"
JSON = "msgspec decode and encode alone"


class Referrals:
    """The referrals of a sample caseload, as records, as resources and as text."""

    def __init__(self, clients: int) -> None:
        self.records = [record for record in sample(clients, 1) if isinstance(record, Referral)]
        self.written = [to_fhir(record) for record in self.records]
        self.texts = [jsontext.encode(resources) for resources in self.written]
        # One text of each referral has changed since: an offer was seen, a note was added.
        self.changed = [_changed(record) for record in self.records]
        self.count = len(self.records)

    def write(self) -> None:
        """Records to JSON."""
        for record in self.records:
            jsontext.encode(to_fhir(record))

    def write_typed(self) -> None:
        """The same on `fhir.resources` models."""
        for record in self.records:
            jsontext.encode(typed.write(record))

    def write_plain(self) -> None:
        """The same on dicts."""
        for record in self.records:
            jsontext.encode(plain.write(record))

    def read(self) -> None:
        """JSON to records."""
        for text in self.texts:
            from_fhir(jsontext.decode(text))

    def read_typed(self) -> None:
        """The same on `fhir.resources` models."""
        for text in self.texts:
            typed.read(jsontext.decode(text))

    def read_plain(self) -> None:
        """The same on dicts."""
        for text in self.texts:
            plain.read(jsontext.decode(text))

    def report(self) -> None:
        """JSON to records, with the fate of each scalar."""
        for text in self.texts:
            _ = from_fhir(jsontext.decode(text), report=True).report

    def onto_same(self) -> None:
        """Records onto resources that say the same already."""
        for record, text in zip(self.records, self.texts, strict=True):
            jsontext.encode(to_fhir(record, onto=jsontext.decode(text)))

    def onto_changed(self) -> None:
        """Records in which something changed, onto what is there."""
        for record, text in zip(self.changed, self.texts, strict=True):
            jsontext.encode(to_fhir(record, onto=jsontext.decode(text)))

    def round_plain(self) -> None:
        """By hand: what is there is read, and all is written anew, over whatever others had put there."""
        for record, text in zip(self.changed, self.texts, strict=True):
            plain.read(jsontext.decode(text))
            jsontext.encode(plain.write(record))

    def json(self) -> None:
        """JSON decoded and encoded."""
        for text in self.texts:
            jsontext.encode(jsontext.decode(text))

    def both(self) -> None:
        """JSON to records and back to JSON."""
        for text in self.texts:
            jsontext.encode(to_fhir(from_fhir(jsontext.decode(text)).record))


def _changed(record: Referral) -> Referral:
    return record.model_copy(update={"status": "completed", "instructions": "Ask for the social worker."})


def rows(clients: int, rounds: int) -> Iterator[tuple[str, str, Pair, int]]:
    """What was done, the peer, the measurement, and how many referrals it was done to."""
    load = Referrals(clients)
    pairs = [
        ("record -> JSON", MODELS, load.write, load.write_typed),
        ("record -> JSON", DICTS, load.write, load.write_plain),
        ("JSON -> record", MODELS, load.read, load.read_typed),
        ("JSON -> record", DICTS, load.read, load.read_plain),
        ("JSON -> record, with report", DICTS, load.report, load.read_plain),
        ("record onto the same", DICTS + ": read, write anew", load.onto_same, load.round_plain),
        ("changed record onto what is there", DICTS + ": read, write anew", load.onto_changed, load.round_plain),
        ("changed record onto what is there", DICTS + ": write anew", load.onto_changed, load.write_plain),
        ("JSON -> record -> JSON", JSON, load.both, load.json),
    ]
    for what, peer, ours, theirs in pairs:
        yield what, peer, measure(ours, theirs, rounds), load.count
