"""Records as the ledger keeps them, and digests that tell what need not be looked at."""

import json
from functools import cache, lru_cache
from hashlib import blake2b

from pydantic import ValidationError

from fhircase.errors import Problem, RecordInvalid
from fhircase.exchange.links import named_by
from fhircase.fhir import jsontext
from fhircase.fhir.jsontext import Json
from fhircase.ledger import RecordKey
from fhircase.mapping import files
from fhircase.model import RECORDS, Record
from fhircase.records import as_line


def text_of(record: Record) -> bytes:
    """Write a record."""
    return as_line(record).rstrip(b"\n")


def data_of(record: Record) -> Json:
    """A record as plain data, as it is written."""
    data: Json = jsontext.decode(text_of(record))
    return data


@lru_cache(maxsize=512)  # More than a push has in hand at a time; each takes some 40 kB.
def record_of(text: bytes) -> Record:
    """Read a record that was written here; records never change, so those read last are kept.

    Raises:
        RecordInvalid: an older version of this program wrote it, and it does not validate any more.
    """
    data = jsontext.decode(text)
    model = RECORDS[data.pop("record")]
    del data["schema"]
    try:
        return model.model_validate(data)
    except ValidationError as error:
        hint = "push the record again from its source"
        raise RecordInvalid(
            [
                Problem(str(each["msg"]), ".".join(map(str, each["loc"])), "as kept in the ledger", hint)
                for each in error.errors(include_input=False, include_url=False)
            ]
        ) from None


@lru_cache(maxsize=512)
def links_of(text: bytes) -> frozenset[RecordKey]:
    """The records that a record names.

    Raises:
        RecordInvalid: as `record_of`.
    """
    return named_by(record_of(text))


def digest(text: bytes, mapping: str) -> str:
    """Equal for equal text under equal mappings."""
    return blake2b(text, key=mapping.encode(), digest_size=16).hexdigest()


@cache
def mapping_digest(fhir: str, overlays: tuple[str, ...]) -> str:
    """Changes whenever what a mapping says does: its rules with the overlays laid over them, and its tables.

    Tables that stand in files of their own (CSV, ConceptMaps) are in the documents as they are read.
    """
    state = blake2b(fhir.encode(), digest_size=8)
    for document in (files.vocabulary(), *(files.flattened(name, overlays, fhir) for name in files.names())):
        state.update(json.dumps(document, default=str).encode() + b"\0")
    return state.hexdigest()
