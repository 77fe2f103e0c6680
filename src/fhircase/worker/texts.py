"""Records as the ledger keeps them, and digests that tell what need not be looked at."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from fhircase.fhir import jsontext
from fhircase.mapping import files
from fhircase.model import RECORDS, Record
from fhircase.records import as_line


def text_of(record: Record) -> bytes:
    """Write a record."""
    return as_line(record).rstrip(b"\n")


def record_of(text: bytes) -> Record:
    """Read a record that was written here."""
    data = jsontext.decode(text)
    model = RECORDS[data.pop("record")]
    del data["schema"]
    return model.model_validate(data)


def digest(text: bytes, mapping: str) -> str:
    """Equal for equal text under equal mappings."""
    return blake2b(text, key=mapping.encode(), digest_size=16).hexdigest()


@cache
def mapping_digest(fhir: str, overlays: tuple[str, ...]) -> str:
    """Changes whenever a mapping file does."""
    state = blake2b(fhir.encode(), digest_size=8)
    own = [Path(name) for name in overlays if Path(name).suffix in (".yaml", ".yml")]
    for place in [*sorted(files.folder().rglob("*.yaml")), *own]:
        state.update(place.name.encode() + b"\0" + place.read_bytes())
    for name in overlays:
        state.update(name.encode() + b"\0")
    return state.hexdigest()
