"""Which records are closed: the values that say so are data, in `closing.toml`."""

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Any


def closed(kind: str, record: Mapping[str, Any], more: Collection[str] = ()) -> bool:
    """Whether nothing more is done on a record.

    Args:
        kind: of the record.
        record: as plain data.
        more: values of a site's own that close a record, too.
    """
    return any(
        record.get(field) in values or record.get(field) in more for field, values in _closing().get(kind, {}).items()
    )


@cache
def _closing() -> Mapping[str, Mapping[str, frozenset[str]]]:
    table = tomllib.loads(files(__package__).joinpath("closing.toml").read_text(encoding="utf-8"))
    return {kind: {field: frozenset(values) for field, values in fields.items()} for kind, fields in table.items()}
