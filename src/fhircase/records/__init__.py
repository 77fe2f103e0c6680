"""How records are kept in files and streams: JSON with `record` and `schema`, one record a line or all in a list."""

from fhircase.records.aside import Aside
from fhircase.records.pieces import Cut, cuts
from fhircase.records.reading import Line, read_record, read_records, read_rows
from fhircase.records.resources import Found, places, read_resource, read_resources
from fhircase.records.writing import SCHEMA, as_data, as_line, write_records

__all__ = [
    "SCHEMA",
    "Aside",
    "Cut",
    "Found",
    "Line",
    "as_data",
    "as_line",
    "cuts",
    "places",
    "read_record",
    "read_records",
    "read_resource",
    "read_resources",
    "read_rows",
    "write_records",
]
