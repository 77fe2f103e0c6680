"""The kinds of rule, one file each; the words and the maker of a kind stand at the foot of its file."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from fhircase.mapping.kinds.place import Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of rule, by the word that names it in a mapping file."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return {kind.name: kind for module in modules for kind in getattr(module, "KINDS", ())}
