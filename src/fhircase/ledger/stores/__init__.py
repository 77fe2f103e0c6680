"""Where a ledger can be kept: one module a store, found by walking this package.

A store module offers `SCHEME` (the word before `:` in a location) and `open_store(location, *, create)`. A module
whose name starts with `_` is no store: stores share it.
"""

import pkgutil
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Protocol

from fhircase.ledger.port import Ledger


class Store(Protocol):
    """What a store module offers."""

    SCHEME: str

    def open_store(self, location: str, *, create: bool = True) -> Ledger:
        """Open the ledger there; with `create`, make one if there is none."""

    def restore_store(self, location: str, file: str, *, now: datetime) -> None:
        """Put a backup in the place of the ledger there, all of it in doubt."""


@cache
def stores() -> Mapping[str, Store]:
    """Every store there is, by its scheme."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    modules = (import_module(f"{__name__}.{name}") for name in names)
    return MappingProxyType({module.SCHEME: module for module in modules})
